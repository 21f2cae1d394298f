"""Measures of a behavior leaf: selected events become one number or instant, and are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.view import Actual, Event, Problem
from segsvc.condition.windows import check_window, describe_window
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import Reduction
from segsvc.domain.schema import BehaviorDefinition, ValueType
from segsvc.domain.window import InTheNext, Window, bounds


class MeasureKind(StrEnum):
    """What is measured."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    FIRST_TIME = "first time"
    LAST_TIME = "last time"

    @property
    def reduction(self) -> Reduction:
        """The reduction of the same name."""
        return Reduction(self.value)

    @property
    def is_time(self) -> bool:
        """Whether it yields an instant, compared with a window."""
        return self in {MeasureKind.FIRST_TIME, MeasureKind.LAST_TIME}


@dataclass(frozen=True, slots=True)
class Measure:
    """A reduction of the selected events and what it must be.

    *test* is for numbers (*of* a property for all but COUNT), *window* for the two times.
    """

    kind: MeasureKind
    test: NumberTest | None = None
    of: str = ""
    window: Window | None = None

    @property
    def is_zero_of_nothing(self) -> bool:
        """Whether no event at all compares as 0."""
        return self.kind in {MeasureKind.COUNT, MeasureKind.SUM}

    @property
    def negated(self) -> bool:
        """Whether the answer is the complement of `interval`'s (``!=``)."""
        return self.test is not None and self.test.negated

    def interval(self, at: int, calendar: LocalCalendar) -> Interval:
        """Return what the reduction must lie in, before `negated`; instants as seconds."""
        if self.window is not None:
            first, last = bounds(self.window, at, calendar)
            return Interval(Decimal(first), Decimal(last))
        assert self.test is not None, "checked before"
        return self.test.interval()

    def actual(self, selected: Sequence[Event]) -> Actual:
        """Return the measured number of one contact's selected events."""
        numbers = [
            value
            for event in selected
            if isinstance(value := event.properties.get(self.of), Decimal)
        ]
        name = f"{self.kind} of {self.of}"
        if self.kind is MeasureKind.SUM:
            return Actual(name, sum(numbers, Decimal(0)))
        if not numbers:
            return Actual(name, None)
        if self.kind is MeasureKind.AVERAGE:
            exact = sum(map(Fraction, numbers), Fraction(0)) / len(numbers)
            return Actual(name, Decimal(exact.numerator) / Decimal(exact.denominator))
        return Actual(name, min(numbers) if self.kind is MeasureKind.MINIMUM else max(numbers))

    def describe(self) -> str:
        """Say it in the text form."""
        if self.window is not None:
            return f"{self.kind} {describe_window(self.window)}"
        assert self.test is not None
        subject = f"{self.kind} of {self.of}" if self.of else str(self.kind)
        return self.test.describe(subject)

    def check(self, behavior: BehaviorDefinition) -> Iterator[Problem]:
        """Report what is wrong with it."""
        field = self.kind.replace(" ", "_")
        if self.kind.is_time:
            yield from self._check_window(field)
            return
        if self.test is None:
            yield Problem(field, "needs a comparison with a number", "MISSING")
            return
        path = field if self.kind is MeasureKind.COUNT else f"{field}.test"
        if self.test.operator in {NumberOperator.SET, NumberOperator.NOT_SET}:
            described = "a measure is compared with a number"
            yield Problem(f"{path}.operator", described, "OPERATOR_WRONG")
        for problem in self.test.check():
            yield problem.under(path)
        if self.kind is not MeasureKind.COUNT:
            definition = behavior.property(self.of)
            if definition is None:
                wrong = f"{behavior.name} has no property {self.of!r}"
                yield Problem(f"{field}.property", wrong, "PROPERTY_UNKNOWN")
            elif definition.type is not ValueType.NUMBER:
                wrong = f"{self.of!r} is a {definition.type} property, not a number"
                yield Problem(f"{field}.property", wrong, "TYPE_WRONG")

    def _check_window(self, field: str) -> Iterator[Problem]:
        if self.window is None:
            yield Problem(field, "needs a window", "MISSING")
        elif isinstance(self.window, InTheNext):
            described = "events never lie in the future"
            yield Problem(f"{field}.in_the_next", described, "WINDOW_WRONG")
        else:
            for problem in check_window(self.window):
                yield replace(problem, path=problem.path.replace("window", field, 1))
