"""How long does a snapshot take, for how long does it hold writes, and how long is a restart?

From starting the process to its first answered count, from a snapshot alone.
"""

from __future__ import annotations

import time

from benchmarks.harness.measure import Samples
from benchmarks.stores.serving import served
from benchmarks.stores.size import STORE
from benchmarks.suites.bench import Bench
from segsvc.client import text


def run(bench: Bench) -> None:
    """Record the base's snapshot, and restarts from it."""
    base, size = bench.base, bench.size
    bench.record(
        "restart", "snapshot after the import", Samples.once(base.snapshot_seconds), unit="s"
    )
    bench.record("restart", "snapshot holds writes", Samples.once(base.held_ms))
    bench.record(
        "restart", "snapshot, all chunks", Samples.once(base.snapshot_bytes / 1e6), unit="MB"
    )
    took, recovered = [], []
    for _ in range(size.passes):
        begun = time.perf_counter()
        with served(base.database, size.at, STORE) as server:
            server.store.count(text("country").is_("DE"))
            took.append(time.perf_counter() - begun)
            recovered += [held.seconds for held in server.client.server_info().recoveries]
    bench.record("restart", "start to first answer", Samples.of(took), unit="s")
    bench.record("restart", "recovery alone", Samples.of(recovered), unit="s")
