"""Negative operators as a flag: equal answers are kept once, and complements are never made."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any, cast

from segsvc.condition.attribute import AttributeLeaf, AttributeTest
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.measure import Measure
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.text_set import TextSetOperator, TextSetTest
from segsvc.condition.tree import AnyLeaf

_OPPOSITES: dict[type, dict[str, StrEnum]] = {
    TextOperator: {
        TextOperator.IS_NOT: TextOperator.IS,
        TextOperator.NONE_OF: TextOperator.ANY_OF,
        TextOperator.NOT_CONTAINS: TextOperator.CONTAINS,
        TextOperator.NOT_STARTS_WITH: TextOperator.STARTS_WITH,
        TextOperator.NOT_ENDS_WITH: TextOperator.ENDS_WITH,
        TextOperator.NOT_SET: TextOperator.SET,
    },
    NumberOperator: {
        NumberOperator.NOT_EQUAL: NumberOperator.EQUAL,
        NumberOperator.NOT_SET: NumberOperator.SET,
    },
    BooleanOperator: {BooleanOperator.NOT_SET: BooleanOperator.SET},
    TextSetOperator: {
        TextSetOperator.NONE_OF: TextSetOperator.ANY_OF,
        TextSetOperator.NOT_SET: TextSetOperator.SET,
    },
}
"""By kind of operator, because operators of different kinds that read alike are equal texts."""


def positive(leaf: AnyLeaf) -> tuple[AnyLeaf, bool]:
    """Return the leaf without its negation, and whether *leaf* is the complement of that.

    ``country is not "DE"`` gives ``country is "DE"`` and true.
    """
    match leaf:
        case AttributeLeaf(attribute, test):
            other = _opposite(test)
            return (leaf, False) if other is None else (AttributeLeaf(attribute, other), True)
        case BehaviorLeaf(measure=measure):
            turned = None if measure is None else _compared(measure)
            if turned is not None:
                return replace(leaf, measure=turned, has_not=False), not leaf.has_not
            return (replace(leaf, has_not=False), True) if leaf.has_not else (leaf, False)
        case NetSpendLeaf(test, window):
            compared = _opposite_number(test)
            return (leaf, False) if compared is None else (NetSpendLeaf(compared, window), True)
        case SegmentLeaf(segment_id, not_in):
            return (SegmentLeaf(segment_id), True) if not_in else (leaf, False)
        case _:
            return leaf, False


def _compared(measure: Measure) -> Measure | None:
    other = None if measure.test is None else _opposite_number(measure.test)
    return None if other is None else replace(measure, test=other)


def _opposite_number(test: NumberTest) -> NumberTest | None:
    other = _opposite(test)
    assert other is None or isinstance(other, NumberTest)
    return other


def _opposite(test: AttributeTest) -> AttributeTest | None:
    """Return the test that *test* negates; None: it negates none."""
    match test:
        case InstantTest(Presence.NOT_SET) | DateTest(Presence.NOT_SET):
            return replace(test, test=Presence.SET)
        case TextTest() | NumberTest() | BooleanTest() | TextSetTest():
            operator = _OPPOSITES[type(test.operator)].get(test.operator)
            return None if operator is None else _with(test, operator)
        case _:
            return None


def _with(test: AttributeTest, operator: StrEnum) -> AttributeTest:
    changed: AttributeTest = replace(cast("Any", test), operator=operator)
    return changed
