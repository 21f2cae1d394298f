"""The command line: a server, and a client of it. Commands are listed by ``segsvc --help``."""

from segsvc.cli.app import app

__all__ = ["app"]
