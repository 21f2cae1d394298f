"""segsvc as a child process over a database file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from segsvc.client import Client, Store
from segsvc.server.child import Child, child_server


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and a client of it."""

    child: Child
    client: Client
    store: Store


@contextmanager
def served(database: Path, at: int, store_id: str) -> Iterator[Served]:
    """Serve *database* on a replay clock that stands at *at* (UTC seconds)."""
    start = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    settings = ("--database", f"sqlite:///{database}", "--clock", "replay", "--replay-start", start)
    with (
        child_server(*settings) as child,
        Client(child.target, timeout=1_800) as client,
    ):
        yield Served(child, client, client.store(store_id))
