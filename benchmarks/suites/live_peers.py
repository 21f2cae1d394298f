"""What does keeping 100 segments right cost per batch of 1,000 changes, here and elsewhere?

Ours is the whole of it: from the decoded request over the journal's fsync to the acknowledgement,
deltas kept for watchers. The peer's is in memory: the batch applied, the touched re-evaluated, the
differences found and kept. Which contacts entered and left is compared before anything is timed.
"""

from __future__ import annotations

import time
from itertools import count

import numpy as np

from benchmarks.harness.measure import Samples
from benchmarks.peers.child import RemotePeer, in_child
from benchmarks.peers.peer import missing
from benchmarks.questions.segments import affected
from benchmarks.stores.loading import Loaded, opened, save_segments, write
from benchmarks.stores.size import STORE
from benchmarks.stores.writes import drawn, order_request, orders
from benchmarks.suites.asked import Disagreement
from benchmarks.suites.bench import Bench, Facts

SEGMENTS = 100
_CHANGES = 1_000
_MOST_CONTACTS = 1_000_000

_LIVE = (("duckdb", "benchmarks.peers.live_duckdb:LiveDuckDB", ("duckdb",)),)


def run(bench: Bench) -> None:
    """Put the same batches to segsvc and to every live peer."""
    if bench.size.contacts > _MOST_CONTACTS:
        bench.skipped["live_peers"] = f"not run with more than {_MOST_CONTACTS:,} contacts"
        return
    segments = affected(min(SEGMENTS, bench.size.contacts // 10))
    database = bench.copy("live")
    wanted = {entry.name for entry in bench.wanted}
    with opened(database, bench.size.at) as loaded:
        save_segments(loaded, segments)
        for name, load, modules in _LIVE:
            if name not in wanted or missing(*modules):
                continue
            with in_child(load, bench.files, bench.size.at, segments) as peer:
                _compare(bench, loaded, peer, name, len(segments))
    database.unlink()


def _compare(bench: Bench, loaded: Loaded, peer: RemotePeer, name: str, segments: int) -> None:
    seeds = count(77)
    for _ in range(2):
        _, mine, _, theirs = _both(bench, loaded, peer, next(seeds))
        if mine != theirs:
            raise Disagreement(f"{name} finds other changes: {mine} and {theirs}")
    pairs = []
    for _ in range(5 * bench.size.passes):
        took, mine, their_took, theirs = _both(bench, loaded, peer, next(seeds))
        if mine != theirs:
            raise Disagreement(f"{name} finds other changes: {mine} and {theirs}")
        pairs.append((took, their_took))
    ours = Samples.of([took for took, _ in pairs])
    facts: Facts = {"segments": segments, "touched": _changes(bench)}
    bench.record("live_peers", "one batch", ours, facts)
    theirs_ = Samples.of([took for _, took in pairs])
    bench.record("live_peers", "one batch", theirs_, facts, peer=name, ours=ours)


def _changes(bench: Bench) -> int:
    return min(_CHANGES, bench.size.contacts // 10)


def _both(
    bench: Bench, loaded: Loaded, peer: RemotePeer, seed: int
) -> tuple[float, dict[str, tuple[int, int]], float, dict[str, tuple[int, int]]]:
    """Put one batch to both; return the milliseconds and the changes of each."""
    numbers = drawn(_changes(bench), bench.size.contacts, seed)
    batch = orders(numbers, bench.size.at, seed)
    request = order_request(STORE, batch)
    before = loaded.state.revision
    begun = time.perf_counter_ns()
    write(loaded, request)
    took = (time.perf_counter_ns() - begun) / 1e6
    cents = np.round(batch.column("value").to_numpy() * 100).astype(np.int64)
    their_took, theirs = peer.call("batch", numbers, bench.size.at, cents)
    return took, _changed(loaded, before), their_took, theirs


def _changed(loaded: Loaded, before: int) -> dict[str, tuple[int, int]]:
    changes = loaded.runner.run(loaded.engine.changes_since(loaded.state, before))
    return {
        delta.segment_id: (len(delta.entered), len(delta.left))
        for revision in changes
        for delta in revision.deltas
        if delta.segment_id.startswith("a")
    }
