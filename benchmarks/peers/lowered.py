"""Conditions brought down to what every peer can say: predicates on columns and on events."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor

from benchmarks.peers.peer import Unsupported
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.language import parse
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not
from segsvc.domain.calendar import LocalCalendar, Weekday
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import In, Predicate, PropertyPredicate, Reduction
from segsvc.domain.schema import AttributeDefinition, FilterType, Schema, ValueType
from segsvc.domain.standard_schema import STANDARD_SCHEMA
from segsvc.domain.window import bounds

POINTS = AttributeDefinition("points", ValueType.NUMBER, filter_type=FilterType.OTHERS)
SCHEMA = Schema.of(
    (*STANDARD_SCHEMA.attributes.values(), POINTS), STANDARD_SCHEMA.behaviors.values()
)
CALENDAR = LocalCalendar("UTC", Weekday.MONDAY)
FOREVER = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Attribute:
    """A predicate on a column of contacts."""

    name: str
    predicate: Predicate
    negated: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A whole number kept per contact lies from *low* to *high*."""

    name: str
    low: int
    high: int
    negated: bool


@dataclass(frozen=True, slots=True)
class Events:
    """Contacts with events of *behavior* at *first* to *last*, whose *reduction* lies so.

    *low* and *high* are whole: events, cents or seconds. Never satisfied by no event at all.
    """

    behavior: str
    where: tuple[PropertyPredicate, ...]
    first: int
    last: int
    reduction: Reduction
    low: int
    high: int
    negated: bool

    @property
    def is_any(self) -> bool:
        """Whether one event is enough."""
        return self.reduction is Reduction.COUNT and self.low <= 1 and self.high >= FOREVER


@dataclass(frozen=True, slots=True)
class Flag:
    """A saved segment, kept as a column."""

    segment_id: str
    negated: bool


Leaf = Attribute | Column | Events | Flag


def read(text: str) -> Condition:
    """Read the text form against the schema of the benchmark store."""
    return parse(text, SCHEMA)


def lower(leaf: AnyLeaf, at: int) -> Leaf:
    """Bring one leaf down at the instant *at*.

    Raises:
        Unsupported: peers have no counterpart.
    """
    match leaf:
        case AttributeLeaf(name, test):
            predicate, negated = test.lower(at, CALENDAR, SCHEMA.attributes[name].scale)
            if isinstance(predicate, In):
                scale = 10_000 if name == "points" else 1
                return Column(name, *_whole(predicate, scale), negated)
            return Attribute(name, predicate, negated)
        case SegmentLeaf(segment_id, not_in):
            return Flag(segment_id, not_in)
        case BehaviorLeaf():
            return _behavior(leaf, at)
        case _:
            raise Unsupported(type(leaf).__name__)


def _whole(held: In, scale: int) -> tuple[int, int]:
    return max(ceil(held.low / scale), -(2**31)), min(floor(held.high / scale), FOREVER)


def _behavior(leaf: BehaviorLeaf, at: int) -> Leaf:
    first, last = (0, FOREVER) if leaf.window is None else bounds(leaf.window, at, CALENDAR)
    definition = SCHEMA.behaviors[leaf.behavior]
    where = tuple(clause.lower(definition, at, CALENDAR) for clause in leaf.where)
    if leaf.measure is None:
        kind, interval, negated = Reduction.COUNT, Interval(Decimal(1)), leaf.has_not
    else:
        kind = leaf.measure.kind.reduction
        interval = leaf.measure.interval(at, CALENDAR)
        negated = leaf.has_not ^ leaf.measure.negated
    if kind in {Reduction.COUNT, Reduction.SUM} and interval.holds(0):
        raise Unsupported("a measure that nothing satisfies")
    low, high = interval.unscaled(2 if kind is Reduction.SUM else 0)
    low, high = max(low, 0), min(high, FOREVER)
    ever = (first, last) == (0, FOREVER) and not where
    if ever and kind is Reduction.COUNT:
        return Column(f"n_{leaf.behavior}", low, high, negated)
    if ever and kind is Reduction.LAST_TIME:
        return Column(f"last_{leaf.behavior}", max(low, 1), high, negated)
    if ever and kind is Reduction.SUM and leaf.behavior == "order_placed":
        return Column("spend", low, high, negated)
    return Events(leaf.behavior, where, max(first, 0), min(last, FOREVER), kind, low, high, negated)


__all__ = ["AllOf", "AnyOf", "Attribute", "Column", "Condition", "Events", "Flag", "Not"]
