"""The suites in the order they run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Iterator

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

FIRST = ("import", "restart", "memory")
"""These run before anything else."""

NAMES = (*ASKED, *ALONE)


def run(
    bench: Bench, names: Collection[str], after: Callable[[], None] = lambda: None
) -> list[str]:
    """Run the suites *names*, calling *after* behind each; return what failed.

    A suite that fails does not end a run of hours: it is said, kept in ``skipped``, and the next
    one runs.
    """
    failed = []
    for title, suite in _chosen(names):
        bench.say(title)
        try:
            suite(bench)
        except Exception as wrong:
            failed.append(title)
            bench.skipped[title] = f"failed: {type(wrong).__name__}: {wrong}".splitlines()[0]
            bench.say(traceback.format_exc())
        after()
    return failed


def _chosen(names: Collection[str]) -> Iterator[tuple[str, Callable[[Bench], None]]]:
    asked = [name for name in ASKED if name in names]
    yield from ((name, ALONE[name]) for name in FIRST if name in names)
    if asked:
        yield ", ".join(asked), lambda bench: _ask(bench, asked)
    yield from ((name, suite) for name, suite in ALONE.items() if name in set(names) - {*FIRST})


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
