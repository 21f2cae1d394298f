"""From what was asked to a test of the field's type.

One wording fits several types (``is set`` fits them all), so a wording is read into one *candidate*
test per kind, and the type of the attribute or property chooses among them.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from segsvc.condition.attribute import AttributeTest
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.text_set import TextSetOperator, TextSetTest
from segsvc.domain.schema import Schema, ValueType
from segsvc.domain.window import Window

Candidates = tuple[AttributeTest, ...]

IS_SET: Candidates = (
    TextTest(TextOperator.SET),
    NumberTest(NumberOperator.SET),
    InstantTest(Presence.SET),
    DateTest(Presence.SET),
    BooleanTest(BooleanOperator.SET),
    TextSetTest(TextSetOperator.SET),
)
IS_NOT_SET: Candidates = (
    TextTest(TextOperator.NOT_SET),
    NumberTest(NumberOperator.NOT_SET),
    InstantTest(Presence.NOT_SET),
    DateTest(Presence.NOT_SET),
    BooleanTest(BooleanOperator.NOT_SET),
    TextSetTest(TextSetOperator.NOT_SET),
)

_TEXT = (
    "is, is not, any of, none of, contains, not contains, starts with, not starts with,"
    " ends with, not ends with"
)
_WINDOWS = (
    "in the last, in the next, more than ... ago, between, before, after, on, today, yesterday,"
    " this or last week, month or year"
)
_OPERATORS = {
    ValueType.TEXT: _TEXT,
    ValueType.KEY: _TEXT,
    ValueType.TEXT_LIST: _TEXT,
    ValueType.KEY_LIST: _TEXT,
    ValueType.NUMBER: "=, !=, <, <=, >, >=, between",
    ValueType.BOOLEAN: "is true, is false",
    ValueType.INSTANT: _WINDOWS,
    ValueType.DATE: f"{_WINDOWS}, anniversary",
    ValueType.TEXT_SET: "any of, all of, none of",
}


def timed(window: Window) -> Candidates:
    """Return the tests that a window can be."""
    return (InstantTest(window), DateTest(window))


def choose(candidates: Candidates, wanted: ValueType) -> AttributeTest | None:
    """Return the candidate for a field of the type *wanted*, if there is one."""
    for candidate in candidates:
        if wanted in candidate.types:
            return candidate
    return None


def operators(wanted: ValueType) -> str:
    """Name the operators for a field of the type *wanted*."""
    return f"{_OPERATORS[wanted]}, is set, is not set"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'country' or 'city'?``, or nothing when no name comes close."""
    close = get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    if not close:
        return ""
    *others, last = map(repr, close)
    return f"; did you mean {', '.join(others)} or {last}?" if others else f"; did you mean {last}?"


def behaviors_with(name: str, schema: Schema) -> list[str]:
    """Return the behaviors that have a property called *name*."""
    return [held.name for held in schema.behaviors.values() if held.property(name) is not None]
