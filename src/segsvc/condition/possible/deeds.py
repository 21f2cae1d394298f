"""Whether one contact's events of one behavior can satisfy several behavior leaves at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from segsvc.condition.behavior import BehaviorLeaf, Where
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.possible import moments, ranges
from segsvc.condition.possible.moments import Clock
from segsvc.condition.possible.values import interval_of, value_is_possible
from segsvc.domain.schema import BehaviorDefinition
from segsvc.domain.window import Window

Asked = tuple[BehaviorLeaf, bool]
"""A leaf, and whether its complement is meant."""

_MOST_SELECTIONS = 40


@dataclass(slots=True)
class _Selection:
    """What is asked of the events that the same clauses and window select."""

    where: frozenset[Where]
    window: Window | None
    counts: ranges.Ranges = ranges.NATURAL
    numbers: dict[tuple[MeasureKind, str], list[ranges.Asked]] = field(default_factory=dict)
    times: dict[MeasureKind, list[tuple[Window, bool]]] = field(default_factory=dict)

    def add(self, measure: Measure | None, complemented: bool) -> None:
        """Ask for one more *measure*, or for its complement."""
        if measure is None:
            low, high = (0, 0) if complemented else (1, ranges.NATURAL[0][1])
            self.counts = ranges.inside(self.counts, low, high)
        elif measure.window is not None:
            self.times.setdefault(measure.kind, []).append((measure.window, complemented))
        else:
            assert measure.test is not None, "checked before"
            asked = interval_of(measure.test, complemented)
            if measure.kind is MeasureKind.COUNT:
                self.counts = ranges.whole(self.counts, [asked], 0)
            else:
                self.numbers.setdefault((measure.kind, measure.of), []).append(asked)

    def narrow_counts(self, behavior: BehaviorDefinition, clock: Clock) -> None:
        """Let the window, the clauses and the other measures bound the count."""
        if not selects(behavior, self.where, self.window, clock):
            self.counts = ranges.inside(self.counts, 0, 0)
        if any(True for _ in self._needs_an_event()):
            self.counts = ranges.outside(self.counts, 0, 0)

    def _needs_an_event(self) -> Iterator[None]:
        for (kind, _), asked in self.numbers.items():
            if kind is MeasureKind.SUM:
                if not _holds_zero(asked):
                    yield
            elif not all(negated for _, negated in asked):
                yield
        for windows in self.times.values():
            if not all(negated for _, negated in windows):
                yield

    def is_possible(self, behavior: BehaviorDefinition, clock: Clock) -> bool:
        """Whether some events, or none, give all measures."""
        return (
            bool(self.counts)
            and all(
                self._number_is_possible(kind, of, asked, behavior)
                for (kind, of), asked in self.numbers.items()
            )
            and all(self._time_is_possible(windows, clock) for windows in self.times.values())
        )

    def _number_is_possible(
        self, kind: MeasureKind, of: str, asked: list[ranges.Asked], behavior: BehaviorDefinition
    ) -> bool:
        if kind is not MeasureKind.SUM and all(negated for _, negated in asked):
            return True
        if kind is MeasureKind.AVERAGE:
            return ranges.has_real(asked)
        definition = behavior.property(of)
        assert definition is not None, "checked before"
        universe = ranges.UNBOUNDED if kind is MeasureKind.SUM else ranges.STORED
        return bool(ranges.whole(universe, asked, definition.scale))

    def _time_is_possible(self, windows: list[tuple[Window, bool]], clock: Clock) -> bool:
        if all(negated for _, negated in windows):
            return True
        boxes = moments.EVENTS
        if self.window is not None:
            boxes = moments.narrowed(boxes, self.window, clock, negated=False)
        for window, negated in windows:
            boxes = moments.narrowed(boxes, window, clock, negated=negated)
        return bool(boxes)


def selects(
    behavior: BehaviorDefinition, where: Iterable[Where], window: Window | None, clock: Clock
) -> bool:
    """Whether some event can lie in *window* and satisfy all of *where*."""
    if window is not None and moments.is_empty(window, clock, moments.EVENTS):
        return False
    clauses: dict[str, list[Where]] = {}
    for clause in where:
        clauses.setdefault(clause.property, []).append(clause)
    for name, held in clauses.items():
        definition = behavior.property(name)
        assert definition is not None, "checked before"
        asked = [(clause.test, False) for clause in held]
        if not value_is_possible(definition, asked, clock):
            return False
    return True


def deeds_are_possible(behavior: BehaviorDefinition, asked: Sequence[Asked], clock: Clock) -> bool:
    """Whether one contact's events of *behavior* can satisfy everything *asked*."""
    selections: dict[tuple[frozenset[Where], Window | None], _Selection] = {}
    for leaf, complemented in asked:
        key = (frozenset(leaf.where), leaf.window)
        selection = selections.setdefault(key, _Selection(*key))
        selection.add(leaf.measure, leaf.has_not != complemented)
    for selection in selections.values():
        selection.narrow_counts(behavior, clock)
        if not selection.is_possible(behavior, clock):
            return False
    return len(selections) > _MOST_SELECTIONS or not any(
        _has_fewer(wide, narrow, clock) for wide, narrow in permutations(selections.values(), 2)
    )


def _has_fewer(wide: _Selection, narrow: _Selection, clock: Clock) -> bool:
    """Whether *wide* must select fewer events than *narrow*, all of which it selects."""
    return (
        wide.counts[-1][1] < narrow.counts[0][0]
        and wide.where <= narrow.where
        and moments.includes(wide.window, narrow.window, clock)
    )


def _holds_zero(asked: Iterable[ranges.Asked]) -> bool:
    return all(interval.holds(0) != negated for interval, negated in asked)
