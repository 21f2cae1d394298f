"""How a client reaches a server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc import aio

RETRIES: dict[str, list[dict[str, Any]]] = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        },
        {
            "name": [
                {"service": "segsvc.v1.AutomationService", "method": "StreamEntries"},
                {"service": "segsvc.v1.WatchService", "method": "Watch"},
            ]
        },
    ]
}
"""Every call may be repeated when no server answered: reads change nothing, and writes carry a
request id, under which the server does them once. Streams without an end are not repeated by gRPC,
which hangs where nothing came yet when the server went: the client resumes them."""

_OPTIONS = (
    ("grpc.service_config", json.dumps(RETRIES)),
    ("grpc.max_receive_message_length", -1),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_metadata_size", 16 * 1024),
)


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files of an encrypted connection; without an authority, those of the system."""

    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """Read the files."""
        read = [
            None if path is None else path.read_bytes()
            for path in (self.authority, self.key, self.certificate)
        ]
        return grpc.ssl_channel_credentials(*read)


def open_channel(target: str, tls: Tls | None) -> grpc.Channel:
    """Return a channel for blocking calls."""
    if tls is None:
        return grpc.insecure_channel(target, _OPTIONS)
    return grpc.secure_channel(target, tls.credentials(), _OPTIONS)


def open_async_channel(target: str, tls: Tls | None) -> aio.Channel:
    """Return a channel for calls that are awaited."""
    if tls is None:
        return aio.insecure_channel(target, _OPTIONS)
    return aio.secure_channel(target, tls.credentials(), _OPTIONS)
