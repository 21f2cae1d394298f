"""Text and key tests: equality, any of, and the three places a needle can stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from segsvc.condition.quoting import quote, quote_all
from segsvc.condition.view import Problem
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.predicate import Contains, OneOf, Place, Predicate, Present
from segsvc.domain.schema import ValueType

MAX_VALUES = 10_000


class TextOperator(StrEnum):
    """What is asked of a text. The negations are complements: a missing text satisfies them."""

    IS = "is"
    IS_NOT = "is not"
    ANY_OF = "any of"
    NONE_OF = "none of"
    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    STARTS_WITH = "starts with"
    NOT_STARTS_WITH = "not starts with"
    ENDS_WITH = "ends with"
    NOT_ENDS_WITH = "not ends with"
    SET = "is set"
    NOT_SET = "is not set"


_NEGATED = {
    TextOperator.IS_NOT: TextOperator.IS,
    TextOperator.NONE_OF: TextOperator.ANY_OF,
    TextOperator.NOT_CONTAINS: TextOperator.CONTAINS,
    TextOperator.NOT_STARTS_WITH: TextOperator.STARTS_WITH,
    TextOperator.NOT_ENDS_WITH: TextOperator.ENDS_WITH,
    TextOperator.NOT_SET: TextOperator.SET,
}
_PLACES = {
    TextOperator.CONTAINS: Place.ANYWHERE,
    TextOperator.STARTS_WITH: Place.START,
    TextOperator.ENDS_WITH: Place.END,
}
_MANY = {TextOperator.ANY_OF, TextOperator.NONE_OF}
_NONE = {TextOperator.SET, TextOperator.NOT_SET}


@dataclass(frozen=True, slots=True)
class TextTest:
    """A question to a text, a key, or some element of a list of them."""

    operator: TextOperator
    values: tuple[str, ...] = ()

    types = frozenset({ValueType.TEXT, ValueType.KEY, ValueType.TEXT_LIST, ValueType.KEY_LIST})

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate and whether to complement it."""
        positive = _NEGATED.get(self.operator, self.operator)
        negated = positive is not self.operator
        if positive is TextOperator.SET:
            return Present(), negated
        if positive in _PLACES:
            return Contains(self.values[0], _PLACES[positive]), negated
        return OneOf(self.values), negated

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Time alone never changes a text."""
        return None

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        if self.operator in _NONE:
            return f"{subject} {self.operator}"
        if self.operator in _MANY:
            return f"{subject} {self.operator} {quote_all(self.values)}"
        return f"{subject} {self.operator} {quote(self.values[0])}"

    def check(self) -> Iterator[Problem]:
        """Report what is wrong with the operands."""
        count = len(self.values)
        if self.operator in _NONE:
            if count:
                yield Problem("values", f"must be empty for '{self.operator}'", "OPERATOR_WRONG")
        elif self.operator in _MANY:
            yield from check_values(self.values)
        elif count != 1:
            described = f"'{self.operator}' takes exactly one value, has {count}"
            yield Problem("values", described, "OPERATOR_WRONG")
        elif not self.values[0]:
            yield Problem("values[0]", "must not be empty; ask for 'is not set' instead")


def check_values(values: tuple[str, ...]) -> Iterator[Problem]:
    """Report what is wrong with the values of an any-of."""
    if not 1 <= len(values) <= MAX_VALUES:
        reason = "LIMIT_EXCEEDED" if values else "MISSING"
        described = f"must hold 1..{MAX_VALUES:,} values, has {len(values):,}"
        yield Problem("values", described, reason)
        return
    for place, value in enumerate(values):
        if not value:
            yield Problem(f"values[{place}]", "must not be empty; ask for 'is not set' instead")
