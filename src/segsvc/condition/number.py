"""Number tests: comparisons with exact decimals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from segsvc.condition.view import Problem
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.decimals import Interval, plain
from segsvc.domain.predicate import In, Predicate, Present
from segsvc.domain.schema import ValueType


class NumberOperator(StrEnum):
    """How a number compares. ``!=`` is the complement of ``=``: a missing number satisfies it."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="
    BETWEEN = "between"
    SET = "is set"
    NOT_SET = "is not set"


_PRESENCE = {NumberOperator.SET, NumberOperator.NOT_SET}


@dataclass(frozen=True, slots=True)
class NumberTest:
    """A question to a number; *upper* is only for BETWEEN, which includes both bounds."""

    operator: NumberOperator
    value: Decimal | None = None
    upper: Decimal | None = None

    types = frozenset({ValueType.NUMBER})

    @property
    def negated(self) -> bool:
        """Whether the answer is the complement of `interval`'s (or of presence)."""
        return self.operator in {NumberOperator.NOT_EQUAL, NumberOperator.NOT_SET}

    def interval(self) -> Interval:
        """Return the numbers that satisfy it, before `negated`. Not for SET and NOT_SET."""
        match self.operator:
            case NumberOperator.EQUAL | NumberOperator.NOT_EQUAL:
                return Interval(self.value, self.value)
            case NumberOperator.LESS:
                return Interval(upper=self.value, upper_inclusive=False)
            case NumberOperator.LESS_OR_EQUAL:
                return Interval(upper=self.value)
            case NumberOperator.GREATER:
                return Interval(lower=self.value, lower_inclusive=False)
            case NumberOperator.GREATER_OR_EQUAL:
                return Interval(lower=self.value)
            case _:
                return Interval(self.value, self.upper)

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate and whether to complement it."""
        if self.operator in _PRESENCE:
            return Present(), self.negated
        return In(*self.interval().unscaled(scale)), self.negated

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Time alone never changes a number."""
        return None

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        if self.operator in _PRESENCE:
            return f"{subject} {self.operator}"
        assert self.value is not None
        words = f"{subject} {self.operator} {plain(self.value)}"
        return words if self.upper is None else f"{words} and {plain(self.upper)}"

    def check(self) -> Iterator[Problem]:
        """Report what is wrong with the operands."""
        if self.operator in _PRESENCE:
            if self.value is not None or self.upper is not None:
                yield Problem("value", f"must be unset for '{self.operator}'", "OPERATOR_WRONG")
            return
        if self.value is None:
            yield Problem("value", f"'{self.operator}' needs a number", "MISSING")
        if self.operator is not NumberOperator.BETWEEN:
            if self.upper is not None:
                yield Problem("upper", "is only for 'between'", "OPERATOR_WRONG")
        elif self.upper is None:
            yield Problem("upper", "'between' needs an upper bound", "MISSING")
        elif self.value is not None and self.value > self.upper:
            yield Problem("upper", "must not be below the lower bound", "BOUNDS_REVERSED")
