"""Text set tests, such as tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from segsvc.condition.quoting import quote_all
from segsvc.condition.text import check_values
from segsvc.condition.view import Problem
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.predicate import AllOfValues, OneOf, Predicate, Present
from segsvc.domain.schema import ValueType


class TextSetOperator(StrEnum):
    """What is asked of a text set. NONE_OF is the complement of ANY_OF."""

    ANY_OF = "any of"
    ALL_OF = "all of"
    NONE_OF = "none of"
    SET = "is set"
    NOT_SET = "is not set"


_PRESENCE = {TextSetOperator.SET, TextSetOperator.NOT_SET}


@dataclass(frozen=True, slots=True)
class TextSetTest:
    """A question to a text set."""

    operator: TextSetOperator
    values: tuple[str, ...] = ()

    types = frozenset({ValueType.TEXT_SET})

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate and whether to complement it."""
        if self.operator in _PRESENCE:
            return Present(), self.operator is TextSetOperator.NOT_SET
        if self.operator is TextSetOperator.ALL_OF:
            return AllOfValues(self.values), False
        return OneOf(self.values), self.operator is TextSetOperator.NONE_OF

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Time alone never changes a set."""
        return None

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        if self.operator in _PRESENCE:
            return f"{subject} {self.operator}"
        return f"{subject} {self.operator} {quote_all(self.values)}"

    def check(self) -> Iterator[Problem]:
        """Report what is wrong with the values."""
        if self.operator not in _PRESENCE:
            yield from check_values(self.values)
        elif self.values:
            yield Problem("values", f"must be empty for '{self.operator}'", "OPERATOR_WRONG")
