"""Boolean tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from segsvc.condition.view import Problem
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.predicate import Is, Predicate, Present
from segsvc.domain.schema import ValueType


class BooleanOperator(StrEnum):
    """What is asked of a boolean. FALSE is no negation: a missing boolean is neither."""

    TRUE = "is true"
    FALSE = "is false"
    SET = "is set"
    NOT_SET = "is not set"


@dataclass(frozen=True, slots=True)
class BooleanTest:
    """A question to a boolean."""

    operator: BooleanOperator

    types = frozenset({ValueType.BOOLEAN})

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate and whether to complement it."""
        if self.operator in {BooleanOperator.SET, BooleanOperator.NOT_SET}:
            return Present(), self.operator is BooleanOperator.NOT_SET
        return Is(self.operator is BooleanOperator.TRUE), False

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Time alone never changes a boolean."""
        return None

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        return f"{subject} {self.operator}"

    def check(self) -> Iterator[Problem]:
        """There are no operands that could be wrong."""
        return iter(())
