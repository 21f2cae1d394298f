"""What does combining leaves cost: trees of 2 to 50 leaves, dense, sparse and mixed?

Trees are never repeated; their leaves come from a pool of 200 that were asked twice before, so what
is left is planning and combining. The peers that combine get our leaves' own bitmaps; column stores
get five-leaf trees over the data. "never seen": all five leaves are new, windows and bounds too.
"""

from __future__ import annotations

import random
from itertools import count, islice
from pathlib import Path

from benchmarks.harness.measure import Samples
from benchmarks.peers.bitmaps import write_bitmaps
from benchmarks.peers.child import in_child
from benchmarks.peers.peer import missing
from benchmarks.questions.pool import Density, fresh_leaves, pool, tree, trees
from benchmarks.questions.question import Ask
from benchmarks.stores.loading import Loaded
from benchmarks.suites.asked import Case, Ours, ask_peer
from benchmarks.suites.bench import Bench
from segsvc.bitmap import to_bytes

LEAVES = (2, 5, 10, 20, 50)
DENSITIES: tuple[Density, ...] = ("dense", "sparse", "mixed")
_DATA_PEERS = frozenset({"duckdb", "polars", "chdb", "postgresql"})
_BITMAP_PEERS = (
    ("pyroaring bitmaps", "benchmarks.peers.bitmaps:PyRoaring", ("pyroaring",)),
    ("groupBitmap", "benchmarks.peers.bitmaps:GroupBitmap", ("chdb",)),
)
_TREES = 60
_DATA_TREES = 6


def data_cases(loaded: Loaded) -> list[Case]:
    """Return five-leaf trees for the peers that hold the data."""
    shares = leaf_shares(loaded)
    cases = [
        Case(
            "tree",
            "over the data",
            _asks(shares, 5, density, _DATA_TREES, seed=1),
            {"leaves": 5, "density": density},
            _DATA_PEERS,
        )
        for density in DENSITIES
    ]
    fresh = [Ask("fresh", tree(fresh_leaves(i), random.Random(i))) for i in range(_DATA_TREES)]
    return [*cases, Case("tree", "never seen, over the data", fresh, {"leaves": 5}, _DATA_PEERS)]


def run(bench: Bench, loaded: Loaded) -> None:
    """Measure trees on segsvc, and on the peers that combine the same bitmaps."""
    shares = leaf_shares(loaded)
    cases = []
    for density in DENSITIES:
        for leaves in LEAVES:
            asks = _asks(shares, leaves, density, _TREES, seed=2)
            cases.append(Case("tree", "combining", asks, {"leaves": leaves, "density": density}))
    ours = Ours(loaded)
    for case in cases:
        took = [ours.milliseconds(ask) for ask in case.asks]
        case.answers = [ours.answer(ask) for ask in case.asks]
        case.fresh = Samples.of(took)
        bench.record(case.suite, case.name, case.fresh, case.facts(asked="fresh"))
    _never_seen(bench, loaded)  # behind the others, whose answers it drives out
    path = bench.work / "leaves.pickle"
    _write(loaded, path)
    for name, load, modules in _BITMAP_PEERS if bench.wanted else ():
        why = missing(*modules)
        if why:
            bench.skipped[name] = why
            continue
        with in_child(load, path) as peer:
            ask_peer(bench, ours, peer, name, cases)
    path.unlink()


def leaf_shares(loaded: Loaded) -> dict[str, float]:
    """Return every leaf of the pool and the share of contacts it matches.

    All are asked twice: what is kept of an answer gets its final form when it is used again. Upkeep
    makes what they were found to lack, as it does in the pauses of a server.
    """
    total = loaded.state.index.contacts.count
    shares = {}
    for _ in range(2):
        for text in pool():
            shares[text] = loaded.count(loaded.condition(text)) / total
    loaded.upkeep()
    return shares


def _asks(
    shares: dict[str, float], leaves: int, density: Density, number: int, seed: int
) -> list[Ask]:
    rng = random.Random(seed)
    drawn = islice(trees(shares, leaves, density, seed), number)
    return [Ask("tree", tree(held, rng)) for held in drawn]


def _never_seen(bench: Bench, loaded: Loaded) -> None:
    ours, numbers = Ours(loaded), count(1_000)

    def once() -> float:
        number = next(numbers)
        return ours.milliseconds(Ask("", tree(fresh_leaves(number), random.Random(number))))

    once()
    loaded.upkeep()
    samples = bench.measure({0: once})[0]
    bench.record("tree", "never seen", samples, {"leaves": 5, "asked": "fresh"})


def _write(loaded: Loaded, path: Path) -> None:
    images = {text: to_bytes(loaded.members(loaded.condition(text))) for text in pool()}
    write_bitmaps(path, images, to_bytes(loaded.state.index.contacts.universe))
