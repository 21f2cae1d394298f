"""Predicates on one Python value: slow and plain, for explaining one contact."""

from __future__ import annotations

from decimal import Decimal

from segsvc.condition.view import Event, Value
from segsvc.domain.decimals import unscaled
from segsvc.domain.predicate import (
    AllOfValues,
    Contains,
    In,
    Is,
    MonthDays,
    OneOf,
    Place,
    Predicate,
    Present,
    PropertyPredicate,
)
from segsvc.domain.schema import BehaviorDefinition, PropertyDefinition
from segsvc.domain.text import fold


def event_satisfies(
    event: Event, where: tuple[PropertyPredicate, ...], behavior: BehaviorDefinition
) -> bool:
    """Whether all clauses of *where* hold on *event*."""
    for clause in where:
        definition = behavior.property(clause.property)
        assert definition is not None, "checked before"
        value = event.properties.get(clause.property)
        held = value is not None and _satisfies(value, clause.predicate, definition)
        if held == clause.negated:
            return False
    return True


def _satisfies(value: Value, predicate: Predicate, definition: PropertyDefinition) -> bool:
    match predicate:
        case Present():
            return value != ()
        case In(low, high):
            number = unscaled(value, definition.scale) if isinstance(value, Decimal) else value
            return isinstance(number, int) and low <= number <= high
        case Is(wanted):
            return value is wanted
        case MonthDays(month_days):
            return isinstance(value, int) and value % 10_000 in month_days
    folded = fold if definition.type.folds else str
    texts = [folded(text) for text in (value if isinstance(value, tuple) else (str(value),))]
    match predicate:
        case OneOf(values):
            return not {folded(wanted) for wanted in values}.isdisjoint(texts)
        case AllOfValues(values):
            return {folded(wanted) for wanted in values} <= set(texts)
        case Contains(needle, place):
            return any(_has(text, folded(needle), place) for text in texts)


def _has(text: str, needle: str, place: Place) -> bool:
    if place is Place.START:
        return text.startswith(needle)
    return text.endswith(needle) if place is Place.END else needle in text
