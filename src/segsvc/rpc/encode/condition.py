"""The condition tree -> conditions of the wire. Undoes `rpc.decode.condition`."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf, AttributeTest
from segsvc.condition.behavior import BehaviorLeaf, PropertyTest, Where
from segsvc.condition.boolean import BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.text import TextTest
from segsvc.condition.text_set import TextSetTest
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not
from segsvc.domain.dates import unpack
from segsvc.domain.decimals import plain
from segsvc.domain.window import (
    After,
    AfterDate,
    Before,
    BeforeDate,
    Between,
    BetweenAgo,
    BetweenDates,
    During,
    InTheLast,
    InTheNext,
    MoreThanAgo,
    OnDate,
    Span,
    Window,
)
from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import value_pb2, window_pb2


def condition(tree: Condition) -> pb.Condition:
    """Encode a condition."""
    match tree:
        case AllOf(children):
            return pb.Condition(all_of=pb.AllOf(children=map(condition, children)))
        case AnyOf(children):
            return pb.Condition(any_of=pb.AnyOf(children=map(condition, children)))
        case Not(child):
            negation: dict[str, Any] = {"not": pb.Not(child=condition(child))}
            return pb.Condition(**negation)
        case AttributeLeaf(attribute, test):
            return _attribute(attribute, test)
        case BehaviorLeaf():
            return pb.Condition(behavior=_behavior(tree))
        case NetSpendLeaf(test, window):
            spend = pb.NetSpendCondition(test=number_test(test))
            if window is not None:
                spend.window.CopyFrom(window_of(window))
            return pb.Condition(net_spend=spend)
        case SegmentLeaf(segment_id, not_in):
            return pb.Condition(segment=pb.SegmentCondition(segment_id=segment_id, not_in=not_in))
        case SampleLeaf(salt, percent):
            return pb.Condition(sample=pb.SampleCondition(salt=salt, percent=number(percent)))


def _attribute(attribute: str, test: AttributeTest) -> pb.Condition:
    match test:
        case TextTest():
            return pb.Condition(text=pb.TextCondition(attribute=attribute, test=text_test(test)))
        case NumberTest():
            held = pb.NumberCondition(attribute=attribute, test=number_test(test))
            return pb.Condition(number=held)
        case InstantTest():
            instant_leaf = pb.InstantCondition(attribute=attribute, test=_instant_test(test))
            return pb.Condition(instant=instant_leaf)
        case DateTest(inner):
            wire = pb.DateTest()
            _put_window_or_presence(wire, inner)
            return pb.Condition(date=pb.DateCondition(attribute=attribute, test=wire))
        case AnniversaryTest():
            leaf = pb.AnniversaryCondition(attribute=attribute, test=_anniversary_test(test))
            return pb.Condition(anniversary=leaf)
        case BooleanTest():
            boolean = pb.BooleanCondition(attribute=attribute, test=_boolean_test(test))
            return pb.Condition(boolean=boolean)
        case TextSetTest(operator, values):
            number_of = enum_number(operator, pb.TextSetOperator, "TEXT_SET_OPERATOR_")
            set_test = pb.TextSetTest(operator=number_of, values=values)
            return pb.Condition(text_set=pb.TextSetCondition(attribute=attribute, test=set_test))


def enum_number(member: StrEnum, wrapper: EnumTypeWrapper, prefix: str) -> Any:
    """Return the wire's number of the domain enum member of the same name."""
    return wrapper.Value(prefix + member.name)


def text_test(test: TextTest) -> pb.TextTest:
    """Encode a text test."""
    operator = enum_number(test.operator, pb.TextOperator, "TEXT_OPERATOR_")
    return pb.TextTest(operator=operator, values=test.values)


def number(value: Decimal) -> value_pb2.Number:
    """Encode an exact decimal."""
    return value_pb2.Number(decimal=plain(value))


def number_test(test: NumberTest) -> pb.NumberTest:
    """Encode a number test."""
    wire = pb.NumberTest(operator=enum_number(test.operator, pb.NumberOperator, "NUMBER_OPERATOR_"))
    if test.value is not None:
        wire.value.CopyFrom(number(test.value))
    if test.upper is not None:
        wire.upper.CopyFrom(number(test.upper))
    return wire


def _instant_test(test: InstantTest) -> pb.InstantTest:
    wire = pb.InstantTest()
    _put_window_or_presence(wire, test.test)
    return wire


def _put_window_or_presence(wire: pb.InstantTest | pb.DateTest, test: Window | Presence) -> None:
    if isinstance(test, Presence):
        wire.presence = enum_number(test, pb.Presence, "PRESENCE_")
    else:
        wire.window.CopyFrom(window_of(test))


def _boolean_test(test: BooleanTest) -> pb.BooleanTest:
    return pb.BooleanTest(
        operator=enum_number(test.operator, pb.BooleanOperator, "BOOLEAN_OPERATOR_")
    )


def _anniversary_test(test: AnniversaryTest) -> pb.AnniversaryTest:
    match test.kind:
        case AnniversaryKind.TODAY:
            return pb.AnniversaryTest(today=True)
        case AnniversaryKind.THIS_MONTH:
            return pb.AnniversaryTest(this_month=True)
        case AnniversaryKind.IN_THE_NEXT_DAYS:
            return pb.AnniversaryTest(in_the_next_days=test.amount)
        case AnniversaryKind.IN_THE_LAST_DAYS:
            return pb.AnniversaryTest(in_the_last_days=test.amount)
        case _:
            return pb.AnniversaryTest(month=test.amount)


def _behavior(leaf: BehaviorLeaf) -> pb.BehaviorCondition:
    wire = pb.BehaviorCondition(
        behavior=leaf.behavior, has_not=leaf.has_not, where=map(_where, leaf.where)
    )
    if leaf.window is not None:
        wire.window.CopyFrom(window_of(leaf.window))
    if leaf.measure is not None:
        wire.measure.CopyFrom(_measure(leaf.measure))
    return wire


def _where(clause: Where) -> pb.Where:
    test: PropertyTest = clause.test
    match test:
        case TextTest():
            return pb.Where(property=clause.property, text=text_test(test))
        case NumberTest():
            return pb.Where(property=clause.property, number=number_test(test))
        case InstantTest():
            return pb.Where(property=clause.property, instant=_instant_test(test))
        case BooleanTest():
            return pb.Where(property=clause.property, boolean=_boolean_test(test))


def _measure(measure: Measure) -> pb.Measure:
    if measure.window is not None:
        window = window_of(measure.window)
        if measure.kind is MeasureKind.FIRST_TIME:
            return pb.Measure(first_time=window)
        return pb.Measure(last_time=window)
    assert measure.test is not None
    test = number_test(measure.test)
    if measure.kind is MeasureKind.COUNT:
        return pb.Measure(count=test)
    held: dict[str, Any] = {measure.kind.value: pb.PropertyMeasure(property=measure.of, test=test)}
    return pb.Measure(**held)


def window_of(window: Window) -> window_pb2.Window:
    """Encode a window."""
    match window:
        case InTheLast(span):
            return window_pb2.Window(in_the_last=_span(span))
        case MoreThanAgo(span):
            return window_pb2.Window(more_than_ago=_span(span))
        case InTheNext(span):
            return window_pb2.Window(in_the_next=_span(span))
        case BetweenAgo(newer, older):
            spans = window_pb2.SpanRange(**{"from": _span(newer), "to": _span(older)})
            return window_pb2.Window(between_ago=spans)
        case During(period):
            held = enum_number(period, window_pb2.CalendarPeriod, "CALENDAR_PERIOD_")
            return window_pb2.Window(calendar=held)
        case Before(instant):
            return window_pb2.Window(before=timestamp(instant))
        case After(instant):
            return window_pb2.Window(after=timestamp(instant))
        case Between(start, end):
            instants = window_pb2.InstantRange(start=timestamp(start), end=timestamp(end))
            return window_pb2.Window(between=instants)
        case OnDate(day):
            return window_pb2.Window(on_date=date(day))
        case BeforeDate(day):
            return window_pb2.Window(before_date=date(day))
        case AfterDate(day):
            return window_pb2.Window(after_date=date(day))
        case BetweenDates(first, last):
            dates = window_pb2.DateRange(start=date(first), end=date(last))
            return window_pb2.Window(between_dates=dates)


def _span(span: Span) -> window_pb2.Span:
    return window_pb2.Span(
        amount=span.amount, unit=enum_number(span.unit, window_pb2.TimeUnit, "TIME_UNIT_")
    )


def timestamp(instant: int) -> Timestamp:
    """Encode UTC seconds."""
    return Timestamp(seconds=instant)


def date(packed: int) -> value_pb2.Date:
    """Encode a packed date."""
    year, month, day = unpack(packed)
    return value_pb2.Date(year=year, month=month, day=day)
