"""What does the store hold in memory, by structure, and do the parts add up to the process?

The server's resident memory after the import, after a restart, and when the upkeep is through that
a start brings; the sum of what its stats name against it: the parts of the store, what was there
before any store, what the allocator keeps.
Peers' processes are recorded where they load, in `asked`.
"""

from __future__ import annotations

from benchmarks.harness.machine import resident_mb, until_idle
from benchmarks.harness.measure import Samples
from benchmarks.stores.serving import served
from benchmarks.stores.size import STORE
from benchmarks.suites.bench import Bench

_LARGEST = 8


def run(bench: Bench) -> None:
    """Record the memory of a server that has just started."""
    base, size = bench.base, bench.size
    _record(bench, "after the import", base.resident_mb)
    with served(base.database, size.at, STORE) as server:
        _record(bench, "after a restart", resident_mb(server.child.pid))
        until_idle(server.child.pid)
        _record(bench, "after upkeep", resident_mb(server.child.pid))
        stats = server.store.stats()
        parts = stats.memory
        for part in sorted(parts, key=lambda part: -part.bytes)[:_LARGEST]:
            size_mb = Samples.once(part.bytes / 1e6)
            bench.record("memory", "part", size_mb, {"part": part.part}, unit="MB")
        total = sum(held.bytes for held in parts) / 1e6
        _record(bench, "sum of parts", total)
        held = stats.process
        named = held.baseline_bytes + held.stores_bytes + held.waiting_bytes + held.unused_bytes
        share = Samples.once(named / held.resident_bytes)
    bench.record("memory", "named share of the process", share, unit="x")
    per_contact = Samples.once(total * 1e6 / size.contacts)
    bench.record("memory", "index per contact with its events", per_contact, unit="bytes")


def _record(bench: Bench, name: str, megabytes: float) -> None:
    bench.record("memory", name, Samples.once(megabytes), unit="MB")
