"""How fast do Parquet files become a durable store that answers, and what do peers take to load?

Over gRPC, client and server on one machine, every chunk on disk before it is acknowledged. Peers
load the same files into memory, and are not durable: DuckDB plainly (`CREATE TABLE AS SELECT`), and
every peer into the typed, sorted and pre-aggregated tables that it is asked later ("load into
memory" in the same suite).
"""

from __future__ import annotations

import time

from benchmarks.harness.measure import Samples
from benchmarks.peers.peer import missing
from benchmarks.suites.bench import Bench, Facts


def run(bench: Bench) -> None:
    """Record what the base store's import took."""
    held = bench.base.imported
    contacts = Samples.once(held.contacts / held.contact_seconds)
    events = Samples.once(held.events / held.event_seconds)
    whole = Samples.once(held.contact_seconds + held.event_seconds)
    bench.record("import", "contacts", contacts, {"columns": 17}, unit="rows/s")
    facts: Facts = {"events": held.events}
    bench.record("import", "events", events, facts, unit="rows/s")
    bench.record("import", "whole store", whole, facts, unit="s")
    if not missing("duckdb"):
        plain = Samples.once(_plainly(bench))
        bench.record("import", "whole store", plain, facts, unit="s", peer="duckdb", ours=whole)


def _plainly(bench: Bench) -> float:
    import duckdb

    begun = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE contacts AS FROM '{bench.files.contacts}'")
        for name in bench.files.behaviors:
            connection.execute(f"CREATE TABLE {name} AS FROM '{bench.files.events(name)}'")
    return time.perf_counter() - begun
