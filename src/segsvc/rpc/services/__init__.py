"""One servicer per service of the contract. `register` adds them all to a server."""

from segsvc.rpc.services.register import SERVICE_NAMES, register, servicers

__all__ = ["SERVICE_NAMES", "register", "servicers"]
