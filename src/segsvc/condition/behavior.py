"""The behavior leaf: has done / has not, where, in a window, with a measure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.boolean import BooleanTest
from segsvc.condition.flips import Moving, next_window_flip, window_flips
from segsvc.condition.hashed import hashed_once
from segsvc.condition.instant import InstantTest, next_of
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.number import NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.satisfies import event_satisfies
from segsvc.condition.text import TextTest
from segsvc.condition.view import Actual, Event, Problem, Reads, View, complement
from segsvc.condition.windows import check_window, describe_window
from segsvc.domain.calendar import DISTANT_FUTURE, DISTANT_PAST, LocalCalendar
from segsvc.domain.crossing import moves
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import EventQuery, PropertyPredicate
from segsvc.domain.schema import BehaviorDefinition, Schema
from segsvc.domain.window import InTheNext, Window, bounds, stay

PropertyTest: TypeAlias = TextTest | NumberTest | InstantTest | BooleanTest

EVER = (DISTANT_PAST, DISTANT_FUTURE)
_ANY = Interval(lower=Decimal(1))


@dataclass(frozen=True, slots=True)
class Where:
    """A clause on one property of an event; all clauses must hold on the same event."""

    property: str
    test: PropertyTest

    def lower(
        self, behavior: BehaviorDefinition, at: int, calendar: LocalCalendar
    ) -> PropertyPredicate:
        """Return the clause as a predicate at *at*."""
        definition = behavior.property(self.property)
        assert definition is not None, "checked before"
        return PropertyPredicate(self.property, *self.test.lower(at, calendar, definition.scale))

    def check(self, behavior: BehaviorDefinition) -> Iterator[Problem]:
        """Report what is wrong with it."""
        definition = behavior.property(self.property)
        if definition is None:
            described = f"{behavior.name} has no property {self.property!r}"
            yield Problem("property", described, "PROPERTY_UNKNOWN")
        elif definition.type not in self.test.types:
            described = f"{self.property!r} is a {definition.type} property"
            yield Problem("property", described, "TYPE_WRONG")
        else:
            kind = type(self.test).__name__.removesuffix("Test").lower()
            for problem in self.test.check():
                yield problem.under(kind)


@hashed_once
@dataclass(frozen=True, slots=True)
class BehaviorLeaf:
    """Contacts who did (*has_not*: did not do) something, so often, so much, at such a time."""

    behavior: str
    where: tuple[Where, ...] = ()
    window: Window | None = None
    measure: Measure | None = None
    has_not: bool = False
    _hash: int = field(init=False, repr=False, compare=False)

    def matches(self, view: View, at: int, within: Bitmap | None) -> Bitmap:
        """See `Leaf.matches`."""
        if within is None:
            return self.holders(view, at).bitmap
        intervals, negated = self._intervals(view, at)
        matched = Bitmap()
        for interval in intervals:
            matched |= view.behavior(self._query(view, at, interval), within)
        return complement(view, matched, within) if negated else matched

    def holders(self, view: View, at: int) -> Faces:
        """See `Leaf.holders`."""
        intervals, negated = self._intervals(view, at)
        found = [view.behavior_holders(self._query(view, at, held)) for held in intervals]
        if len(found) == 1 and not negated:
            return found[0]
        matched = Bitmap.union(Bitmap(), *(held.bitmap for held in found))
        return Faces(complement(view, matched, None) if negated else matched, view.limit)

    def _intervals(self, view: View, at: int) -> tuple[tuple[Interval, ...], bool]:
        """Return where the measure lies of those who match, or of all others (true).

        Of nothing, count and sum are 0 and the rest is missing.
        """
        if self.measure is None:
            return (_ANY,), self.has_not
        interval = self.measure.interval(at, view.calendar)
        negated = self.measure.negated ^ self.has_not
        if self.measure.is_zero_of_nothing and interval.holds(0):
            return tuple(interval.outside()), not negated
        return (interval,), negated

    def _query(self, view: View, at: int, interval: Interval) -> EventQuery:
        definition = view.schema.behaviors[self.behavior]
        first, last = EVER if self.window is None else bounds(self.window, at, view.calendar)
        where = tuple(clause.lower(definition, at, view.calendar) for clause in self.where)
        if self.measure is None:
            return EventQuery(self.behavior, where, first, last, interval=interval)
        kind, name = self.measure.kind.reduction, self.measure.of
        return EventQuery(self.behavior, where, first, last, kind, name, interval)

    def reads(self) -> Reads:
        """See `Leaf.reads`."""
        return Reads(behaviors=frozenset({self.behavior}))

    def cost(self, view: View, at: int) -> float:
        """See `Leaf.cost`."""
        interval = _ANY if self.measure is None else self.measure.interval(at, view.calendar)
        return view.behavior_cost(self._query(view, at, interval))

    def prepare(self, view: View, at: int) -> Iterator[None]:
        """See `Leaf.prepare`."""
        interval = _ANY if self.measure is None else self.measure.interval(at, view.calendar)
        return view.prepare_behavior(self._query(view, at, interval))

    def next_edge(self, view: View, ordinal: int, after: int) -> int | None:
        """See `Leaf.next_edge`: some event enters or leaves some window, or a property does."""
        edges: list[int] = []
        for event in view.events(self.behavior, ordinal):
            edges.extend(self._edges(event, after, view.calendar))
        return min(edges, default=None)

    def _edges(self, event: Event, after: int, calendar: LocalCalendar) -> Iterator[int]:
        measured = self.measure.window if self.measure is not None else None
        found = [
            next_of(stay(window, event.time, calendar), after)
            for window in (self.window, measured)
            if window is not None
        ]
        found += [
            clause.test.next_edge(event.properties.get(clause.property), after, calendar)
            for clause in self.where
        ]
        return (edge for edge in found if edge is not None)

    def flips(self, view: View, since: int, until: int) -> Bitmap:
        """See `Leaf.flips`."""
        return window_flips(self._moving(view), since, until, view.calendar)

    def next_flip(self, view: View, at: int) -> int | None:
        """See `Leaf.next_flip`."""
        return next_window_flip(self._moving(view), at, view.calendar)

    def prepare_flips(self, view: View) -> Iterator[None]:
        """See `Leaf.prepare_flips`."""
        for _, name in self._windows():
            yield from view.prepare_event_times(self.behavior, name)

    def _moving(self, view: View) -> list[Moving]:
        return [(window, view.event_times(self.behavior, name)) for window, name in self._windows()]

    def _windows(self) -> Iterator[tuple[Window, str]]:
        """Yield windows that time moves, with the instant property they are over, or ""."""
        measured = self.measure.window if self.measure is not None else None
        for window in (self.window, measured):
            if window is not None and moves(window):
                yield window, ""
        for clause in self.where:
            test = clause.test.test if isinstance(clause.test, InstantTest) else None
            if test is not None and not isinstance(test, Presence) and moves(test):
                yield test, clause.property

    def actuals(self, view: View, ordinal: int, at: int) -> tuple[Actual, ...]:
        """See `Leaf.actuals`: count and latest time of the selected events, and the measure."""
        query = self._query(view, at, _ANY)
        definition = view.schema.behaviors[self.behavior]
        selected = [
            event
            for event in view.events(self.behavior, ordinal)
            if query.first <= event.time <= query.last
            and event_satisfies(event, query.where, definition)
        ]
        times = [event.time for event in selected]
        facts = [
            Actual("count", Decimal(len(times))),
            Actual("first time", min(times, default=None)),
            Actual("last time", max(times, default=None)),
        ]
        if self.measure is not None and self.measure.of:
            facts.append(self.measure.actual(selected))
        return tuple(facts)

    def describe(self) -> str:
        """See `Leaf.describe`."""
        words = f"has {'not ' if self.has_not else ''}done {self.behavior}"
        if self.where:
            clauses = " and ".join(clause.test.describe(clause.property) for clause in self.where)
            words += f" where ({clauses})"
        if self.window is not None:
            words += f" {describe_window(self.window)}"
        return words if self.measure is None else f"{words} with {self.measure.describe()}"

    def check(self, schema: Schema) -> Iterator[Problem]:
        """See `Leaf.check`."""
        definition = schema.behaviors.get(self.behavior)
        if definition is None:
            described = f"the store has no behavior {self.behavior!r}"
            yield Problem("behavior", described, "BEHAVIOR_UNKNOWN")
            return
        for place, clause in enumerate(self.where):
            for problem in clause.check(definition):
                yield problem.under(f"where[{place}]")
        if isinstance(self.window, InTheNext):
            yield Problem("window.in_the_next", "events never lie in the future", "WINDOW_WRONG")
        elif self.window is not None:
            yield from check_window(self.window)
        if self.measure is not None:
            for problem in self.measure.check(definition):
                yield problem.under("measure")


__all__ = ["BehaviorLeaf", "Measure", "MeasureKind", "PropertyTest", "Where"]
