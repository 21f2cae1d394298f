"""The numbers that were to be reached, each beside what a run measured; misses show as such.

Each counts at the size it was set for: answers over those of peers at ten million contacts, what
writes and deliveries take at one million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.harness.result import Result, Scalar

COLUMN_STORES = ("duckdb", "polars", "chdb")
_TEN_MILLION = 10_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and what became of it; *measured* is None where the run did not say."""

    what: str
    target: str
    measured: float | None
    met: bool


class Rows:
    """The rows of one run, found by what they are about."""

    def __init__(self, rows: Sequence[Result]) -> None:
        self._rows = rows

    @property
    def contacts(self) -> int:
        """Contacts of the store."""
        return int(max(held.parameters["contacts"] for held in self._rows))

    def find(self, suite: str, name: str, peer: str | None = None, **facts: Scalar) -> list[Result]:
        """Return the rows that agree."""
        return [
            held
            for held in self._rows
            if (held.suite, held.name, held.peer) == (suite, name, peer)
            and all(held.parameters.get(key) == value for key, value in facts.items())
        ]

    def p50(self, suite: str, name: str, **facts: Scalar) -> float | None:
        """Return the median of one of our rows."""
        return next((held.p50 for held in self.find(suite, name, None, **facts)), None)

    def p99(self, suite: str, name: str, **facts: Scalar) -> float | None:
        """Return the 99th percentile of one of our rows."""
        return next((held.p99 for held in self.find(suite, name, None, **facts)), None)

    def ratio(self, suite: str, name: str, peers: Iterable[str], **facts: Scalar) -> float | None:
        """Return how many times better than the best of *peers* segsvc is."""
        held = [
            row.ratio
            for peer in peers
            for row in self.find(suite, name, peer, **facts)
            if row.ratio is not None
        ]
        return min(held, default=None)

    def names(self, suite: str) -> list[str]:
        """Return the cases of a suite."""
        return list(dict.fromkeys(held.name for held in self._rows if held.suite == suite))


def verdicts(results: Sequence[Result]) -> Iterator[Verdict]:
    """Yield every target that applies to the run's size."""
    rows = Rows(results)
    large = rows.contacts >= _TEN_MILLION
    yield from _counting(rows, large)
    if large:
        yield from _audience(rows)
    else:
        yield from _writing(rows)
    yield from _recipients(rows, large)
    share = rows.p50("memory", "named share of the process")
    yield _at_least("memory that the stats name", 0.85, "of the process", share)
    if large:
        yield from _whole_store(rows)
    yield from _stalls(rows)


def _at_most(what: str, limit: float, unit: str, measured: float | None) -> Verdict:
    met = measured is not None and measured <= limit
    return Verdict(what, f"<= {limit:g} {unit}", measured, met)


def _at_least(what: str, limit: float, unit: str, measured: float | None) -> Verdict:
    met = measured is not None and measured >= limit
    return Verdict(what, f">= {limit:,g} {unit}", measured, met)


def _counting(rows: Rows, large: bool) -> Iterator[Verdict]:
    dense: dict[str, Scalar] = {"leaves": 5, "density": "dense"}
    if large:
        pooled = rows.p50("tree", "combining", asked="fresh", **dense)
        yield _at_most("five dense leaves, a fresh tree", 0.5, "ms", pooled)
        seen = rows.p50("tree", "never seen", leaves=5, asked="fresh")
        yield _at_most("five leaves never seen", 5, "ms", seen)
        data = rows.ratio("tree", "over the data", COLUMN_STORES, asked="fresh", **dense)
        yield _at_least("five dense leaves, over the best column store", 20, "x", data)
        for peer in ("pyroaring bitmaps", "groupBitmap"):
            held = rows.ratio("tree", "combining", [peer], asked="fresh", **dense)
            yield _at_least(f"five dense leaves, over {peer}", 2, "x", held)
    limit = 1.9 if large else 1.3
    for name, most in (("pool", limit), ("saved segment", 1.2)):
        over = rows.p50("count_rpc", f"{name} over no-op")
        yield _at_most(f"Count over a no-op, {name}", most, "x", over)


_AIMS = {"sum": 2.0, "email": 1.0}


def _audience(rows: Rows) -> Iterator[Verdict]:
    for name in rows.names("audience"):
        best = rows.ratio("audience", name, COLUMN_STORES, asked="fresh")
        best = best if best is not None else rows.ratio("audience", name, COLUMN_STORES)
        yield _at_least(f"{name}, over the best column store", _AIMS.get(name, 10.0), "x", best)
        theirs = rows.find("audience", name, "pyroaring")
        if theirs and theirs[0].p50 > 0.1:
            over = rows.ratio("audience", name, ["pyroaring"])
            yield _at_least(f"{name}, over pyroaring by hand", 2, "x", over)


def _writing(rows: Rows) -> Iterator[Verdict]:
    events = rows.p50("ingest", "events", segments=100)
    yield _at_least("durable events, 100 live segments", 200_000, "a second", events)
    updates = rows.p50("ingest", "attributes", segments=100)
    yield _at_least("durable attribute updates, 100 live segments", 1e6, "a second", updates)
    for told in ("acknowledged to subscriber", "sent to subscriber"):
        late = rows.p99("watch", told, watchers=10, events="shop traffic")
        yield _at_most(f"{told} at 10,000 events/s, p99", 20, "ms", late)
    live = rows.ratio("live_peers", "one batch", ["duckdb", "pathway"])
    yield _at_least("a batch of 1,000 changes over the best live peer", 10, "x", live)


def _recipients(rows: Rows, large: bool) -> Iterator[Verdict]:
    if large:
        yield _at_most("recipients as Roaring", 50, "ms", rows.p50("resolve", "roaring"))
    ids = rows.p50("resolve", "contact ids rate")
    yield _at_least("recipients as contact ids", 3e6, "a second", ids)


def _whole_store(rows: Rows) -> Iterator[Verdict]:
    for when in ("after the import", "after upkeep"):
        yield _at_most(f"memory {when}", 6_000, "MB", rows.p50("memory", when))
    started = rows.p50("restart", "start to first answer")
    yield _at_most("start to first answer", 30, "s", started)
    yield _at_most("import, durable", 240, "s", rows.p50("import", "whole store"))


def _stalls(rows: Rows) -> Iterator[Verdict]:
    idle = rows.p99("stalls", "count", meanwhile="idle")
    for held in rows.find("stalls", "count"):
        meanwhile = str(held.parameters["meanwhile"])
        if meanwhile != "idle" and idle is not None:
            limit = round(3 * idle + 10, 1)
            yield _at_most(f"other calls while {meanwhile}, p99", limit, "ms", held.p99)


def table(results: Sequence[Result], number: Callable[[float], str]) -> str:
    """Return the Markdown table of all targets."""
    lines = ["| what | target | measured | |", "|---|--:|--:|---|"]
    for held in verdicts(results):
        measured = "" if held.measured is None else number(held.measured)
        said = "met" if held.met else "not measured" if held.measured is None else "**missed**"
        lines.append(f"| {held.what} | {held.target} | {measured} | {said} |")
    return "\n".join(lines)
