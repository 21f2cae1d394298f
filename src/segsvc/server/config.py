"""Settings of the server: flags win over the environment, the environment over a file."""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_LISTEN = "127.0.0.1:50051"
DEFAULT_DATABASE = "sqlite:///segsvc.db"


class ConfigInvalid(Exception):
    """The settings do not make a server."""


class ServerConfig(BaseSettings):
    """What a server is started with. Environment variables are called ``SEGSVC_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="SEGSVC_", extra="forbid", frozen=True)

    listen: str = DEFAULT_LISTEN
    """host:port; port 0 takes a free one."""
    database: str = DEFAULT_DATABASE
    """SQLAlchemy URL: ``sqlite:///path`` or ``postgresql://host/name``."""
    clock: Literal["system", "replay"] = "system"
    """Where time comes from; a replay clock moves only with AdvanceTime."""
    replay_start: datetime | None = None
    """Where a replay clock starts; required with it, UTC when it says no zone."""
    tls_certificate: Path | None = None
    """PEM certificate chain; with `tls_key` the server speaks TLS."""
    tls_key: Path | None = None
    """PEM private key."""
    tls_client_ca: Path | None = None
    """PEM of the authorities of client certificates; then clients need one."""
    insecure: bool = False
    """Allow a bind beyond loopback without TLS."""
    metrics_port: int = Field(0, ge=0, le=65_535)
    """Port of Prometheus metrics on the loopback interface; 0: none."""
    max_message_bytes: int = Field(4 * 2**20, ge=2**16, le=64 * 2**20)
    """Of a received message."""
    snapshot_journal_bytes: int = Field(256 * 2**20, ge=2**20)
    """Journal bytes of a store after which a snapshot is taken by itself."""
    leaf_cache_bytes: int = Field(256 * 2**20, ge=0)
    """Memory for answers of conditions' leaves, shared by all stores; 0 keeps none."""
    keep_changes_hours: int = Field(168, ge=1)
    """How long membership changes stay readable for watchers that resume."""
    empty_unapplied: bool = False
    """When the last revision of a store cannot be applied at start: empty it, as if it had never
    been written, instead of refusing to start."""
    watch_bookmark_seconds: float = Field(5.0, gt=0)
    """How often a watcher for whom nothing changes is told how far the store has come."""
    stop_grace: float = Field(10.0, ge=0)
    """Seconds that running calls get when the server stops."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: console on a terminal, else json."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("replay_start")
    @classmethod
    def _in_utc(cls, start: datetime | None) -> datetime | None:
        if start is None:
            return None
        return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)

    @model_validator(mode="after")
    def _fits_together(self) -> ServerConfig:
        host, _, port = self.listen.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65_535:
            raise ValueError("listen must be host:port, like 127.0.0.1:50051")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        if self.tls_client_ca is not None and self.tls_certificate is None:
            raise ValueError("tls_client_ca needs tls_certificate and tls_key")
        if self.clock == "replay" and self.replay_start is None:
            raise ValueError("a replay clock needs replay_start")
        if self.clock == "system" and self.replay_start is not None:
            raise ValueError("replay_start is only for a replay clock")
        if not (self.uses_tls or self.insecure or _is_loopback(host)):
            raise ValueError(
                f"refusing to listen on {host} without TLS: give tls_certificate and tls_key, "
                "or --insecure when something in front of the server encrypts"
            )
        return self

    @property
    def uses_tls(self) -> bool:
        """Whether the server speaks TLS."""
        return self.tls_certificate is not None


def _is_loopback(host: str) -> bool:
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ip_address(bare).is_loopback
    except ValueError:
        return False


def load_config(file: Path | None = None, **flags: Any) -> ServerConfig:
    """Return the settings of a server.

    Args:
        file: TOML with the fields of `ServerConfig`; also taken from ``SEGSVC_CONFIG``.
        flags: fields given on the command line; None: not given.

    Raises:
        ConfigInvalid: with one line per problem.
    """
    path = file or (Path(os.environ["SEGSVC_CONFIG"]) if "SEGSVC_CONFIG" in os.environ else None)
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        from_file = {} if path is None else tomllib.loads(path.read_text())
        named = {name.upper() for name in from_file}
        in_environment = {
            name.removeprefix("SEGSVC_").lower()
            for name in os.environ
            if name.startswith("SEGSVC_") and name.removeprefix("SEGSVC_") in named
        }
        kept = {name: value for name, value in from_file.items() if name not in in_environment}
        return ServerConfig(**{**kept, **given})
    except ValidationError as wrong:
        lines = (
            ": ".join(filter(None, (".".join(map(str, held["loc"])), _said(held["msg"]))))
            for held in wrong.errors()
        )
        raise ConfigInvalid("\n".join(lines)) from None
    except (OSError, tomllib.TOMLDecodeError) as wrong:
        raise ConfigInvalid(f"{path}: {wrong}") from None


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")
