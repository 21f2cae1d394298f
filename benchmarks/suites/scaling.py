"""How do count, batch and memory grow with the store?

Stores of several sizes with the same ten events per contact, each in this process: a five-leaf tree
whose leaves were asked before, one whose leaves never were, "at least 3 in 30 days", one batch of
1,000 orders with 100 live segments, and the bytes of the index.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from benchmarks.harness.measure import Call, Samples, measure
from benchmarks.harness.result import Unit
from benchmarks.questions.pool import DENSE, fresh_leaves, tree
from benchmarks.questions.question import Ask
from benchmarks.questions.segments import affected
from benchmarks.stores.files import files_of
from benchmarks.stores.loading import Loaded, opened, save_segments, write
from benchmarks.stores.size import STORE, Size
from benchmarks.stores.writes import drawn, order_request, orders
from benchmarks.suites.asked import Ours
from benchmarks.suites.bench import Bench, import_base
from benchmarks.suites.tree import leaf_shares

_SEGMENTS = 100
_TOUCHED = 1_000


def run(bench: Bench) -> None:
    """Measure every size of the curve."""
    for contacts in bench.size.curve:
        size = replace(bench.size, contacts=contacts)
        if contacts == bench.size.contacts:
            database = bench.copy("scaling")
        else:
            database = bench.work / "scaling.db"
            import_base(files_of(size, bench.cache), database, size)
        with opened(database, size.at) as loaded:
            _measure(bench, loaded, size)
        for held in database.parent.glob(f"{database.name}*"):
            held.unlink()


def _measure(bench: Bench, loaded: Loaded, size: Size) -> None:
    def record(name: str, samples: Samples, unit: Unit = "ms") -> None:
        bench.record("scaling", name, samples, {"contacts": size.contacts}, unit=unit)

    counting = measure(_counts(loaded), passes=size.passes, seconds=size.seconds, least=3, most=100)
    for name, samples in counting.items():
        record(name, samples)
    index = sum(loaded.state.index.stats().bytes.values()) / 1e6
    record("index", Samples.once(index), unit="MB")
    save_segments(loaded, affected(min(_SEGMENTS, size.contacts // 10), nested=True))
    batch = _batch(loaded, size)
    batch()
    record("one batch", measure({0: batch}, seconds=0.3, least=3, most=20)[0])


def _counts(loaded: Loaded) -> dict[str, Call]:
    ours, numbers, rng = Ours(loaded), count(10), random.Random(9)
    dense = [leaf for leaf, share in leaf_shares(loaded).items() if share >= DENSE]

    def pooled() -> float:
        return ours.milliseconds(Ask("", tree(rng.sample(dense, 5), rng)))

    def fresh() -> float:
        number = next(numbers)
        return ours.milliseconds(Ask("", tree(fresh_leaves(number), random.Random(number))))

    def often() -> float:
        text = f"has done email_opened in the last {700 + next(numbers)} hours with count >= 3"
        return ours.milliseconds(Ask("", text))

    calls: dict[str, Call] = {
        "five leaves asked before": pooled,
        "five leaves never seen": fresh,
        "at least 3 in 30 days": often,
    }
    for call in calls.values():
        call()
    return calls


def _batch(loaded: Loaded, size: Size) -> Callable[[], float]:
    numbers = count()
    touched = min(_TOUCHED, size.contacts // 10)

    def once() -> float:
        seed = next(numbers)
        request = order_request(STORE, orders(drawn(touched, size.contacts, seed), size.at, seed))
        begun = time.perf_counter_ns()
        write(loaded, request)
        return (time.perf_counter_ns() - begun) / 1e6

    return once
