"""Whether one value - an attribute, or a property of one event - can pass several tests."""

from __future__ import annotations

from collections.abc import Sequence

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeTest
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.possible import moments, ranges, texts
from segsvc.condition.possible.moments import Clock
from segsvc.condition.presence import Presence
from segsvc.condition.text import TextTest
from segsvc.condition.text_set import TextSetTest
from segsvc.domain.decimals import Interval
from segsvc.domain.schema import AttributeDefinition, PropertyDefinition, ValueType

Asked = tuple[AttributeTest, bool]
"""A test, and whether its complement is meant."""


def value_is_possible(
    definition: AttributeDefinition | PropertyDefinition, asked: Sequence[Asked], clock: Clock
) -> bool:
    """Whether a value of *definition*, or its absence, passes everything *asked*."""
    match definition.type:
        case ValueType.NUMBER:
            return _number_is_possible(asked, definition.scale)
        case ValueType.BOOLEAN:
            return _boolean_is_possible(asked)
        case ValueType.INSTANT:
            return _instant_is_possible(asked, clock)
        case ValueType.DATE:
            return _date_is_possible(asked, clock)
        case ValueType.TEXT_SET:
            return texts.set_is_possible(_lowered(asked, clock))
        case ValueType.TEXT | ValueType.KEY:
            allowed = definition.values if isinstance(definition, AttributeDefinition) else ()
            folds = definition.type.folds
            return texts.text_is_possible(_lowered(asked, clock), allowed, folds=folds)
        case _:
            return texts.list_is_possible(_lowered(asked, clock), folds=definition.type.folds)


def _lowered(asked: Sequence[Asked], clock: Clock) -> list[texts.Asked]:
    found = []
    for test, complemented in asked:
        assert isinstance(test, TextTest | TextSetTest)
        predicate, negated = test.lower(clock.at, clock.calendar, 0)
        found.append((predicate, negated != complemented))
    return found


def interval_of(test: NumberTest, complemented: bool) -> ranges.Asked:
    """Return what *test* asks of a number that is there."""
    presence = test.operator in {NumberOperator.SET, NumberOperator.NOT_SET}
    return Interval() if presence else test.interval(), test.negated != complemented


def _number_is_possible(asked: Sequence[Asked], scale: int) -> bool:
    intervals = [
        interval_of(test, complemented)
        for test, complemented in asked
        if isinstance(test, NumberTest)
    ]
    if all(negated for _, negated in intervals):
        return True
    return bool(ranges.whole(ranges.STORED, intervals, scale))


def _boolean_is_possible(asked: Sequence[Asked]) -> bool:
    left: set[bool | None] = {None, True, False}
    for test, complemented in asked:
        assert isinstance(test, BooleanTest)
        passing = _PASSING[test.operator]
        left = left - passing if complemented else left & passing
    return bool(left)


_PASSING: dict[BooleanOperator, set[bool | None]] = {
    BooleanOperator.TRUE: {True},
    BooleanOperator.FALSE: {False},
    BooleanOperator.SET: {True, False},
    BooleanOperator.NOT_SET: {None},
}


def _instant_is_possible(asked: Sequence[Asked], clock: Clock) -> bool:
    boxes, missing = moments.INSTANTS, True
    for test, complemented in asked:
        assert isinstance(test, InstantTest)
        if isinstance(test.test, Presence):
            if (test.test is Presence.NOT_SET) != complemented:
                boxes = ()
            else:
                missing = False
            continue
        missing = missing and complemented
        boxes = moments.narrowed(boxes, test.test, clock, negated=complemented)
    return missing or bool(boxes)


def _date_is_possible(asked: Sequence[Asked], clock: Clock) -> bool:
    boxes, months = moments.DATES, set(range(1, 13))
    missing = yearless = present = True
    for test, complemented in asked:
        if isinstance(test, AnniversaryTest):
            missing = missing and complemented
            if test.kind is AnniversaryKind.IN_MONTH:
                held = {test.amount}
                months = months - held if complemented else months & held
            continue
        assert isinstance(test, DateTest)
        if not isinstance(test.test, Presence):
            missing, yearless = missing and complemented, yearless and complemented
            boxes = moments.narrowed(boxes, test.test, clock, negated=complemented, days=True)
        elif (test.test is Presence.NOT_SET) != complemented:
            present = False
        else:
            missing = False
    return missing or (present and bool(months) and (yearless or bool(boxes)))
