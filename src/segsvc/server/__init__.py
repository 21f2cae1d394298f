"""The server: its settings, how it is put together, how it runs and stops."""

from segsvc.server.config import ConfigInvalid, ServerConfig, load_config
from segsvc.server.serve import serve
from segsvc.server.server import Server

__all__ = ["ConfigInvalid", "Server", "ServerConfig", "load_config", "serve"]
