"""The suites in the order they run."""

from __future__ import annotations

from collections.abc import Callable, Collection

from benchmarks.stores.loading import opened
from benchmarks.suites import (
    audience,
    count_rpc,
    importing,
    ingest,
    leaf,
    live_peers,
    maintain,
    memory,
    resolve,
    restart,
    scaling,
    stalls,
    tree,
    watch,
)
from benchmarks.suites.asked import Case, ask_everybody
from benchmarks.suites.bench import Bench

ASKED = ("audience", "leaf", "tree")
"""These run together: each peer loads the store once for all of them."""

ALONE: dict[str, Callable[[Bench], None]] = {
    "import": importing.run,
    "restart": restart.run,
    "memory": memory.run,
    "count_rpc": count_rpc.run,
    "resolve": resolve.run,
    "ingest": ingest.run,
    "maintain": maintain.run,
    "watch": watch.run,
    "stalls": stalls.run,
    "live_peers": live_peers.run,
    "scaling": scaling.run,
}

NAMES = (*ASKED, *ALONE)


def run(bench: Bench, names: Collection[str]) -> None:
    """Run the suites *names*."""
    asked = [name for name in ASKED if name in names]
    for name in ("import", "restart", "memory"):
        if name in names:
            bench.say(name)
            ALONE[name](bench)
    if asked:
        bench.say(", ".join(asked))
        _ask(bench, asked)
    for name, suite in ALONE.items():
        if name in names and name not in ("import", "restart", "memory"):
            bench.say(name)
            suite(bench)


def _ask(bench: Bench, names: Collection[str]) -> None:
    with opened(bench.base.database, bench.size.at) as loaded:
        cases: list[Case] = []
        if "audience" in names:
            cases += audience.cases()
        if "leaf" in names:
            cases += leaf.kind_cases()
            cases += leaf.selectivity_cases(bench.files, bench.size.at)
        if "tree" in names:
            tree.run(bench, loaded)
            cases += tree.data_cases(loaded)
        ask_everybody(bench, loaded, cases)
