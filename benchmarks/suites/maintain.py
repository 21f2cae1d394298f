"""What does one batch cost, as segments, unaffected segments and touched contacts grow?

In one process: from the decoded request to its acknowledgement, one batch at a time, so every batch
pays for its own fsync; "0 segments" is the price of the batch itself. Also: what an idle hour costs
a server of 1,000 stores.
"""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path

from benchmarks.harness.measure import Samples, measure
from benchmarks.questions.segments import affected, unaffected
from benchmarks.stores.loading import Loaded, opened, save_segments, write
from benchmarks.stores.size import STORE
from benchmarks.stores.writes import drawn, order_request, orders
from benchmarks.suites.bench import Bench, Facts
from benchmarks.suites.idle import idle_hour

_TOUCHED = (10, 100, 1_000, 10_000)
_SEGMENTS = (10, 100, 1_000)


def run(bench: Bench) -> None:
    """Measure the three growths, each in a store of its own."""
    _grow(bench, "no segments", {})
    for number in _SEGMENTS:
        if number <= bench.size.contacts // 10:
            _grow(bench, "affected", affected(number, nested=True))
    most = min(_SEGMENTS[-1], bench.size.contacts // 10)
    _grow(bench, "unaffected", unaffected(most))
    idle_hour(bench)


def _grow(bench: Bench, name: str, segments: dict[str, str]) -> None:
    database = bench.copy("maintain")
    with opened(database, bench.size.at) as loaded:
        begun = time.perf_counter()
        save_segments(loaded, segments)
        if segments:
            each = (time.perf_counter() - begun) * 1e3 / len(segments)
            facts: Facts = {"kind": name, "segments": len(segments)}
            bench.record("maintain", "create a segment", Samples.once(each), facts)
        for touched in _TOUCHED:
            if touched <= bench.size.contacts // 10:
                _batches(bench, loaded, name, len(segments), touched)
    _remove(database)


def _batches(bench: Bench, loaded: Loaded, name: str, segments: int, touched: int) -> None:
    numbers = count()

    def once() -> float:
        seed = next(numbers)
        batch = orders(drawn(touched, bench.size.contacts, seed), bench.size.at, seed)
        request = order_request(STORE, batch)
        begun = time.perf_counter_ns()
        write(loaded, request)
        return (time.perf_counter_ns() - begun) / 1e6

    once()
    samples = measure({0: once}, passes=bench.size.passes, seconds=0.3, least=3, most=30)[0]
    facts: Facts = {"kind": name, "segments": segments, "touched": touched}
    bench.record("maintain", "one batch", samples, facts)


def _remove(database: Path) -> None:
    for held in database.parent.glob(f"{database.name}*"):
        held.unlink()
