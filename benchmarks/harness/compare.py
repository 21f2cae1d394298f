"""Two result files side by side; a change counts when it is larger than the noise.

The noise of a case is how far its own passes, and further runs of the same code, lie apart. A
change is marked when the two ranges do not touch and the medians differ by more than `FLOOR`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.harness.result import RATES, Result, ResultFile

FLOOR = 0.05
"""Smaller changes are never marked."""

Verdict = Literal["better", "worse", "same", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Change:
    """One case before and after."""

    before: Result | None
    after: Result | None
    verdict: Verdict
    noise: float
    """Width of the wider range, relative to its median."""

    @property
    def case(self) -> str:
        """What it is about."""
        held = self.after or self.before
        assert held is not None
        return held.case

    @property
    def factor(self) -> float | None:
        """p50 after / before."""
        if self.before is None or self.after is None or not self.before.p50:
            return None
        return self.after.p50 / self.before.p50


def compare(
    before: ResultFile, after: ResultFile, repeats: Sequence[ResultFile] = ()
) -> list[Change]:
    """Return what became of every case, in the order of *after*.

    Args:
        before: a run.
        after: a later one.
        repeats: further runs of the code of *before*, which widen what counts as noise.
    """
    old = {held.case: held for held in before.results}
    again: dict[str, list[Result]] = {}
    for file in repeats:
        for held in file.results:
            again.setdefault(held.case, []).append(held)
    changes = []
    for held in after.results:
        first = old.pop(held.case, None)
        if first is None:
            changes.append(Change(None, held, "new", _spread([held])))
        else:
            changes.append(_judged([first, *again.get(held.case, [])], held))
    return [*changes, *(Change(held, None, "gone", _spread([held])) for held in old.values())]


def _judged(runs: list[Result], after: Result) -> Change:
    before = runs[0]
    low, high = _range(runs)
    after_low, after_high = _range([after])
    factor = after.p50 / before.p50 if before.p50 else 1.0
    verdict: Verdict = "same"
    if abs(factor - 1) > FLOOR and (after_low > high or after_high < low):
        rose = after.p50 > before.p50
        verdict = "better" if rose == (after.unit in RATES) else "worse"
    return Change(before, after, verdict, max(_spread(runs), _spread([after])))


def _range(runs: Sequence[Result]) -> tuple[float, float]:
    held = [value for run in runs for value in (*run.rounds, run.p50)]
    return min(held), max(held)


def _spread(runs: Sequence[Result]) -> float:
    low, high = _range(runs)
    return (high - low) / runs[0].p50 if runs[0].p50 else 0.0


_MARKS = {"better": "+", "worse": "-", "same": " ", "new": "N", "gone": "G"}


def lines(changes: Sequence[Change], *, everything: bool = False) -> Iterator[str]:
    """Yield a table for people: what changed, or *everything*."""
    yield f"{'':2}{'before':>12} {'after':>12} {'factor':>8} {'noise':>7}  case"
    for held in changes:
        if held.verdict == "same" and not everything:
            continue
        before = f"{held.before.p50:,.4g}" if held.before else "-"
        after = f"{held.after.p50:,.4g}" if held.after else "-"
        factor = f"{held.factor:.2f}" if held.factor else "-"
        unit = (held.after or held.before).unit  # type: ignore[union-attr]
        yield (
            f"{_MARKS[held.verdict]:2}{before:>12} {after:>12} {factor:>8} {held.noise:>7.0%}"
            f"  {held.case} [{unit}]"
        )
    counts = {mark: sum(held.verdict == mark for held in changes) for mark in _MARKS}
    yield ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
