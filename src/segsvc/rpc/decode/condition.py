"""Conditions of the wire -> the condition tree.

Shape errors (a missing oneof, an unspecified operator, a wrong number) are found here with their
field path; what a condition may say about a store's schema is checked by `condition.check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf, AttributeTest
from segsvc.condition.behavior import BehaviorLeaf, PropertyTest, Where
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.text_set import TextSetOperator, TextSetTest
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not
from segsvc.domain.calendar import CalendarPeriod
from segsvc.domain.errors import ConditionInvalid, InvalidArgument, Violation
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
    TimeUnit,
    Window,
)
from segsvc.rpc.decode import values
from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import value_pb2, window_pb2

MAX_CONDITION_BYTES = 64 * 1024
MAX_DEPTH = 16

E = TypeVar("E", bound=StrEnum)


def condition(wire: pb.Condition, path: str) -> Condition:
    """Decode a condition.

    Raises:
        ConditionInvalid: over 64 KiB, or at the first wrong field.
    """
    size = wire.ByteSize()
    if size > MAX_CONDITION_BYTES:
        described = f"must be at most {MAX_CONDITION_BYTES:,} bytes, is {size:,}"
        raise ConditionInvalid((Violation(path, described, "LIMIT_EXCEEDED"),))
    try:
        return node(wire, path, 1)
    except InvalidArgument as wrong:
        raise ConditionInvalid(wrong.violations) from None


def node(wire: pb.Condition, path: str, level: int) -> Condition:
    """Decode one node; *level* 0 is exempt from the depth limit (conditions made by inlining)."""
    if level > MAX_DEPTH:
        raise InvalidArgument.of(path, f"is deeper than {MAX_DEPTH} levels", "LIMIT_EXCEEDED")
    kind = wire.WhichOneof("kind")
    if kind in _REMEMBERED:
        try:
            return _leaf_of(wire.SerializeToString(), kind)
        except InvalidArgument:
            pass  # decoded again below, to say where it is wrong
    below = level + 1 if level else 0
    at = f"{path}.{kind}"
    match kind:
        case "all_of":
            return AllOf(_children(wire.all_of.children, at, below))
        case "any_of":
            return AnyOf(_children(wire.any_of.children, at, below))
        case "not":
            inner: pb.Not = getattr(wire, "not")
            return Not(node(inner.child, f"{at}.child", below))
        case "behavior":
            return _behavior(wire.behavior, at)
        case "segment":
            return SegmentLeaf(wire.segment.segment_id, wire.segment.not_in)
        case "sample":
            percent = _number(wire.sample.percent, f"{at}.percent")
            return SampleLeaf(wire.sample.salt, percent)
        case "net_spend":
            window = _optional_window(wire.net_spend, f"{at}.window")
            return NetSpendLeaf(number_test(wire.net_spend.test, f"{at}.test"), window)
        case None:
            raise InvalidArgument.of(path, "is empty; set one kind of condition", "MISSING")
        case _:
            return _attribute(getattr(wire, kind), kind, at)


@lru_cache(maxsize=4_096)
def _leaf_of(raw: bytes, kind: str) -> AttributeLeaf | BehaviorLeaf:
    """Decode a leaf; those that came before are the same objects, whose hashes are known."""
    leaf = getattr(pb.Condition.FromString(raw), kind)
    return _behavior(leaf, "") if kind == "behavior" else _attribute(leaf, kind, "")


def _attribute(leaf: Any, kind: str, path: str) -> AttributeLeaf:
    return AttributeLeaf(leaf.attribute, _TESTS[kind](leaf.test, f"{path}.test"))


def _children(children: Iterable[pb.Condition], path: str, level: int) -> tuple[Condition, ...]:
    return tuple(
        [node(child, f"{path}.children[{place}]", level) for place, child in enumerate(children)]
    )


def _behavior(wire: pb.BehaviorCondition, path: str) -> BehaviorLeaf:
    where = tuple(
        Where(clause.property, _where_test(clause, f"{path}.where[{place}]"))
        for place, clause in enumerate(wire.where)
    )
    window = _optional_window(wire, f"{path}.window")
    measure = _measure(wire.measure, f"{path}.measure") if wire.HasField("measure") else None
    return BehaviorLeaf(wire.behavior, where, window, measure, wire.has_not)


def _where_test(wire: pb.Where, path: str) -> PropertyTest:
    kind = wire.WhichOneof("test")
    match kind:
        case "text":
            return text_test(wire.text, f"{path}.text")
        case "number":
            return number_test(wire.number, f"{path}.number")
        case "instant":
            return _instant_test(wire.instant, f"{path}.instant")
        case "boolean":
            return _boolean_test(wire.boolean, f"{path}.boolean")
        case _:
            raise InvalidArgument.of(
                path, "needs a test: text, number, instant or boolean", "MISSING"
            )


def _measure(wire: pb.Measure, path: str) -> Measure:
    kind = wire.WhichOneof("kind")
    at = f"{path}.{kind}"
    match kind:
        case None:
            raise InvalidArgument.of(path, "is empty; set one kind of measure", "MISSING")
        case "count":
            return Measure(MeasureKind.COUNT, number_test(wire.count, at))
        case "first_time":
            return Measure(MeasureKind.FIRST_TIME, window=window_of(wire.first_time, at))
        case "last_time":
            return Measure(MeasureKind.LAST_TIME, window=window_of(wire.last_time, at))
        case _:
            held: pb.PropertyMeasure = getattr(wire, kind)
            test = number_test(held.test, f"{at}.test")
            return Measure(MeasureKind(kind), test, held.property)


def operator_of(
    number: int,
    wrapper: EnumTypeWrapper,
    prefix: str,
    kind: type[E],
    path: str,
    unknown: str = "OPERATOR_WRONG",
) -> E:
    """Return the domain's member of the same name as a wire enum's value.

    *unknown* is the reason when there is none.
    """
    known = wrapper.DESCRIPTOR.values_by_number.get(number)
    if number == 0 or known is None:
        names = ", ".join(member.name for member in kind)
        reason = unknown if number else "MISSING"
        raise InvalidArgument.of(path, f"is not set or not known; one of {names}", reason)
    return kind[known.name.removeprefix(prefix)]


def text_test(wire: pb.TextTest, path: str) -> TextTest:
    """Decode a text test."""
    operator = operator_of(
        wire.operator, pb.TextOperator, "TEXT_OPERATOR_", TextOperator, f"{path}.operator"
    )
    return TextTest(operator, tuple(wire.values))


def number_test(wire: pb.NumberTest, path: str) -> NumberTest:
    """Decode a number test."""
    operator = operator_of(
        wire.operator, pb.NumberOperator, "NUMBER_OPERATOR_", NumberOperator, f"{path}.operator"
    )
    value = _number(wire.value, f"{path}.value") if wire.HasField("value") else None
    upper = _number(wire.upper, f"{path}.upper") if wire.HasField("upper") else None
    return NumberTest(operator, value, upper)


def _number(wire: value_pb2.Number, path: str) -> Decimal:
    if wire.WhichOneof("kind") is None:
        raise InvalidArgument.of(path, "needs a number", "MISSING")
    return _checked(values.number, wire, path)


def _instant_test(wire: pb.InstantTest, path: str) -> InstantTest:
    return InstantTest(_window_or_presence(wire, path))


def _date_test(wire: pb.DateTest, path: str) -> DateTest:
    return DateTest(_window_or_presence(wire, path))


def _window_or_presence(wire: pb.InstantTest | pb.DateTest, path: str) -> Window | Presence:
    match wire.WhichOneof("test"):
        case "window":
            return window_of(wire.window, f"{path}.window")
        case "presence":
            return operator_of(
                wire.presence, pb.Presence, "PRESENCE_", Presence, f"{path}.presence"
            )
        case _:
            raise InvalidArgument.of(path, "needs a window or a presence", "MISSING")


def _boolean_test(wire: pb.BooleanTest, path: str) -> BooleanTest:
    return BooleanTest(
        operator_of(
            wire.operator,
            pb.BooleanOperator,
            "BOOLEAN_OPERATOR_",
            BooleanOperator,
            f"{path}.operator",
        )
    )


def _text_set_test(wire: pb.TextSetTest, path: str) -> TextSetTest:
    operator = operator_of(
        wire.operator,
        pb.TextSetOperator,
        "TEXT_SET_OPERATOR_",
        TextSetOperator,
        f"{path}.operator",
    )
    return TextSetTest(operator, tuple(wire.values))


def _anniversary_test(wire: pb.AnniversaryTest, path: str) -> AnniversaryTest:
    match wire.WhichOneof("when"):
        case "today":
            return AnniversaryTest(AnniversaryKind.TODAY)
        case "this_month":
            return AnniversaryTest(AnniversaryKind.THIS_MONTH)
        case "in_the_next_days":
            return AnniversaryTest(AnniversaryKind.IN_THE_NEXT_DAYS, wire.in_the_next_days)
        case "in_the_last_days":
            return AnniversaryTest(AnniversaryKind.IN_THE_LAST_DAYS, wire.in_the_last_days)
        case "month":
            return AnniversaryTest(AnniversaryKind.IN_MONTH, wire.month)
        case _:
            raise InvalidArgument.of(path, "is empty; say when the anniversary is", "MISSING")


_TESTS: dict[str, Callable[..., AttributeTest]] = {
    "text": text_test,
    "number": number_test,
    "instant": _instant_test,
    "date": _date_test,
    "anniversary": _anniversary_test,
    "boolean": _boolean_test,
    "text_set": _text_set_test,
}
_REMEMBERED = frozenset({*_TESTS, "behavior"})


def _optional_window(wire: pb.BehaviorCondition | pb.NetSpendCondition, path: str) -> Window | None:
    return window_of(wire.window, path) if wire.HasField("window") else None


def window_of(wire: window_pb2.Window, path: str) -> Window:
    """Decode a window."""
    kind = wire.WhichOneof("kind")
    at = f"{path}.{kind}"
    match kind:
        case "in_the_last":
            return InTheLast(_span(wire.in_the_last, at))
        case "more_than_ago":
            return MoreThanAgo(_span(wire.more_than_ago, at))
        case "in_the_next":
            return InTheNext(_span(wire.in_the_next, at))
        case "between_ago":
            newer = _span(getattr(wire.between_ago, "from"), f"{at}.from")
            return BetweenAgo(newer, _span(wire.between_ago.to, f"{at}.to"))
        case "calendar":
            period = operator_of(
                wire.calendar,
                window_pb2.CalendarPeriod,
                "CALENDAR_PERIOD_",
                CalendarPeriod,
                at,
                "WINDOW_WRONG",
            )
            return During(period)
        case "between":
            start = _instant(wire.between.start, f"{at}.start")
            return Between(start, _instant(wire.between.end, f"{at}.end"))
        case "between_dates":
            first = _date(wire.between_dates.start, f"{at}.start")
            return BetweenDates(first, _date(wire.between_dates.end, f"{at}.end"))
        case None:
            raise InvalidArgument.of(path, "is empty; set one kind of window", "MISSING")
        case _:
            return _single_bound(wire, kind, at)


def _single_bound(wire: window_pb2.Window, kind: str, path: str) -> Window:
    match kind:
        case "before":
            return Before(_instant(wire.before, path))
        case "after":
            return After(_instant(wire.after, path))
        case "on_date":
            return OnDate(_date(wire.on_date, path))
        case "before_date":
            return BeforeDate(_date(wire.before_date, path))
        case _:
            return AfterDate(_date(wire.after_date, path))


def _span(wire: window_pb2.Span, path: str) -> Span:
    at = f"{path}.unit"
    unit = operator_of(wire.unit, window_pb2.TimeUnit, "TIME_UNIT_", TimeUnit, at, "WINDOW_WRONG")
    return Span(wire.amount, unit)


def _instant(wire: Timestamp, path: str) -> int:
    return _checked(values.instant, wire, path)


def _date(wire: value_pb2.Date, path: str) -> int:
    return _checked(values.date, wire, path)


W = TypeVar("W")
T = TypeVar("T")


def _checked(decode: Callable[[W], T], wire: W, path: str) -> T:
    try:
        return decode(wire)
    except ValueError as wrong:
        raise InvalidArgument.of(path, str(wrong)) from None
