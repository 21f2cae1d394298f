"""Strategies for conditions over a schema: every leaf kind, operator, window and measure.

Only valid conditions are drawn: `condition.check` finds nothing wrong with them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

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
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not
from segsvc.domain.calendar import CalendarPeriod
from segsvc.domain.dates import pack
from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    PropertyDefinition,
    Schema,
    ValueType,
)
from segsvc.domain.standard_schema import STANDARD_SCHEMA
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

FIRST_MOMENT, LAST_MOMENT = 0, 4_102_444_799
"""1970-01-01 .. 2099-12-31: instants in windows stay inside."""

_ATTRIBUTES = (
    AttributeDefinition("score", ValueType.NUMBER),
    AttributeDefinition("visits", ValueType.NUMBER, scale=0),
    AttributeDefinition("vip", ValueType.BOOLEAN),
    AttributeDefinition("last_seen", ValueType.INSTANT),
    AttributeDefinition("wedding", ValueType.DATE),
    AttributeDefinition("loyalty_card", ValueType.KEY),
    AttributeDefinition("motto", ValueType.TEXT),
    AttributeDefinition("plan", ValueType.TEXT, values=("free", "Team", "company")),
    AttributeDefinition("hobbies", ValueType.TEXT_SET),
    AttributeDefinition("not", ValueType.TEXT),
    AttributeDefinition("sample", ValueType.NUMBER),
    AttributeDefinition("today", ValueType.BOOLEAN),
)
_BEHAVIORS = (
    BehaviorDefinition(
        "quiz_taken",
        properties=(
            PropertyDefinition("topic", ValueType.TEXT),
            PropertyDefinition("quiz_id", ValueType.KEY),
            PropertyDefinition("points", ValueType.NUMBER, scale=0),
            PropertyDefinition("share", ValueType.NUMBER),
            PropertyDefinition("passed", ValueType.BOOLEAN),
            PropertyDefinition("started_at", ValueType.INSTANT),
            PropertyDefinition("answers", ValueType.TEXT_LIST),
            PropertyDefinition("question_ids", ValueType.KEY_LIST),
        ),
    ),
    BehaviorDefinition("where", properties=(PropertyDefinition("and", ValueType.NUMBER),)),
)

WIDE_SCHEMA = Schema.of(
    (*STANDARD_SCHEMA.attributes.values(), *_ATTRIBUTES),
    (*STANDARD_SCHEMA.behaviors.values(), *_BEHAVIORS),
)
"""The standard schema and custom attributes and properties of every type, oddly named ones too."""

TEXTS = ("a", "b", "A", "ab", "abc", "Straße", "STRASSE", "free", "subscribed", "q\"u\\o'te", "\n")


def texts() -> st.SearchStrategy[str]:
    """Draw a value for a text: often one of few, so that conditions meet values."""
    return st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def numbers() -> st.SearchStrategy[Decimal]:
    """Draw an exact decimal: often a small whole one, sometimes finer than any scale."""
    exact = st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6
    )
    return (
        st.integers(-3, 12).map(Decimal)
        | exact
        | st.sampled_from(
            [Decimal("1.5"), Decimal("1.00005"), Decimal("1E+3"), Decimal("1E30"), Decimal("-0")]
        )
    )


def instants() -> st.SearchStrategy[int]:
    """Draw an instant of the years 1970..2099."""
    return st.integers(FIRST_MOMENT, LAST_MOMENT)


def packed_dates() -> st.SearchStrategy[int]:
    """Draw a day of the years 1900..2099."""
    days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
    return days.map(lambda day: pack(day.year, day.month, day.day))


_SHORT_UNITS = (TimeUnit.HOUR, TimeUnit.DAY, TimeUnit.WEEK)


@st.composite
def spans(draw: st.DrawFn, units: tuple[TimeUnit, ...] = _SHORT_UNITS) -> Span:
    """Draw a span of one of *units*."""
    return Span(draw(st.integers(1, 40) | st.integers(1, 2_000)), draw(st.sampled_from(units)))


@st.composite
def _ages(draw: st.DrawFn) -> BetweenAgo:
    newer, older = draw(
        st.tuples(spans(), spans()).filter(lambda pair: pair[0].seconds != pair[1].seconds)
    )
    return BetweenAgo(*sorted((newer, older), key=lambda span: span.seconds))


def _ordered(values: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(values, values).map(lambda pair: (min(pair), max(pair)))


def windows(*, future: bool = True) -> st.SearchStrategy[Window]:
    """Draw a window of any kind; *in the next* only where the *future* can hold values."""
    past: st.SearchStrategy[Window] = st.one_of(
        spans(tuple(TimeUnit)).map(InTheLast),
        spans().map(MoreThanAgo),
        _ages(),
        st.sampled_from(CalendarPeriod).map(During),
        instants().map(Before),
        instants().map(After),
        _ordered(instants()).map(lambda pair: Between(*pair)),
        packed_dates().map(OnDate),
        packed_dates().map(BeforeDate),
        packed_dates().map(AfterDate),
        _ordered(packed_dates()).map(lambda pair: BetweenDates(*pair)),
    )
    return past | spans().map(InTheNext) if future else past


@st.composite
def text_tests(draw: st.DrawFn) -> TextTest:
    """Draw a test of a text, key or list."""
    operator = draw(st.sampled_from(TextOperator))
    if operator in {TextOperator.SET, TextOperator.NOT_SET}:
        return TextTest(operator)
    many = operator in {TextOperator.ANY_OF, TextOperator.NONE_OF}
    return TextTest(operator, draw(_some_texts() if many else texts().map(lambda text: (text,))))


def _some_texts() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(texts(), min_size=1, max_size=4).map(tuple)


@st.composite
def number_tests(draw: st.DrawFn, *, presence: bool = True) -> NumberTest:
    """Draw a test of a number; set and not set only with *presence*."""
    operator = draw(st.sampled_from(NumberOperator))
    if operator in {NumberOperator.SET, NumberOperator.NOT_SET}:
        if presence:
            return NumberTest(operator)
        operator = NumberOperator.EQUAL
    if operator is NumberOperator.BETWEEN:
        return NumberTest(operator, *sorted(draw(st.tuples(numbers(), numbers()))))
    return NumberTest(operator, draw(numbers()))


@st.composite
def text_set_tests(draw: st.DrawFn) -> TextSetTest:
    """Draw a test of a text set."""
    operator = draw(st.sampled_from(TextSetOperator))
    if operator in {TextSetOperator.SET, TextSetOperator.NOT_SET}:
        return TextSetTest(operator)
    return TextSetTest(operator, draw(_some_texts()))


@st.composite
def anniversary_tests(draw: st.DrawFn) -> AnniversaryTest:
    """Draw a test of the anniversary of a date."""
    kind = draw(st.sampled_from(AnniversaryKind))
    if kind is AnniversaryKind.IN_MONTH:
        return AnniversaryTest(kind, draw(st.integers(1, 12)))
    if kind in {AnniversaryKind.IN_THE_NEXT_DAYS, AnniversaryKind.IN_THE_LAST_DAYS}:
        return AnniversaryTest(kind, draw(st.integers(1, 366)))
    return AnniversaryTest(kind)


def tests(value_type: ValueType) -> st.SearchStrategy[AttributeTest]:
    """Draw a test for an attribute of *value_type*."""
    match value_type:
        case ValueType.NUMBER:
            return number_tests()
        case ValueType.BOOLEAN:
            return st.sampled_from(BooleanOperator).map(BooleanTest)
        case ValueType.INSTANT:
            return (st.sampled_from(Presence) | windows()).map(InstantTest)
        case ValueType.DATE:
            return (st.sampled_from(Presence) | windows()).map(DateTest) | anniversary_tests()
        case ValueType.TEXT_SET:
            return text_set_tests()
        case _:
            return text_tests()


def property_tests(value_type: ValueType) -> st.SearchStrategy[PropertyTest]:
    """Draw a test for a property of *value_type*."""
    match value_type:
        case ValueType.NUMBER:
            return number_tests()
        case ValueType.BOOLEAN:
            return st.sampled_from(BooleanOperator).map(BooleanTest)
        case ValueType.INSTANT:
            return (st.sampled_from(Presence) | windows()).map(InstantTest)
        case _:
            return text_tests()


@st.composite
def attribute_leaves(draw: st.DrawFn, schema: Schema) -> AttributeLeaf:
    """Draw a test of some attribute of *schema*; every type as often as the others."""
    wanted = draw(st.sampled_from(sorted({held.type for held in schema.attributes.values()})))
    names = [held.name for held in schema.attributes.values() if held.type is wanted]
    return AttributeLeaf(draw(st.sampled_from(names)), draw(tests(wanted)))


@st.composite
def clauses(draw: st.DrawFn, behavior: BehaviorDefinition) -> Where:
    """Draw a clause on some property of *behavior*."""
    wanted = draw(st.sampled_from(behavior.properties))
    return Where(wanted.name, draw(property_tests(wanted.type)))


@st.composite
def measures(draw: st.DrawFn, behavior: BehaviorDefinition) -> Measure:
    """Draw a measure; those of a property only when *behavior* has a number."""
    numeric = [held.name for held in behavior.properties if held.type is ValueType.NUMBER]
    kinds = [kind for kind in MeasureKind if numeric or kind.is_time or kind is MeasureKind.COUNT]
    kind = draw(st.sampled_from(kinds))
    if kind.is_time:
        return Measure(kind, window=draw(windows(future=False)))
    if kind is MeasureKind.COUNT:
        whole = st.integers(0, 5).map(
            lambda count: NumberTest(NumberOperator.GREATER_OR_EQUAL, Decimal(count))
        )
        return Measure(kind, draw(whole | number_tests(presence=False)))
    return Measure(kind, draw(number_tests(presence=False)), draw(st.sampled_from(numeric)))


@st.composite
def behavior_leaves(draw: st.DrawFn, schema: Schema) -> BehaviorLeaf:
    """Draw what contacts did or did not do."""
    behavior = draw(st.sampled_from(list(schema.behaviors.values())))
    where = draw(st.lists(clauses(behavior), max_size=3)) if behavior.properties else []
    return BehaviorLeaf(
        behavior.name,
        tuple(where),
        draw(st.none() | windows(future=False)),
        draw(st.none() | measures(behavior)),
        draw(st.booleans()),
    )


def net_spend_leaves() -> st.SearchStrategy[NetSpendLeaf]:
    """Draw a test of net spend."""
    return st.builds(NetSpendLeaf, number_tests(presence=False), st.none() | windows(future=False))


def segment_leaves() -> st.SearchStrategy[SegmentLeaf]:
    """Draw a reference to one of few segments, which need not exist."""
    return st.builds(SegmentLeaf, st.sampled_from(["seg-1", "seg-2", "vips"]), st.booleans())


def sample_leaves() -> st.SearchStrategy[SampleLeaf]:
    """Draw a sample."""
    percent = st.decimals(0, 100, places=3) | st.sampled_from(
        [Decimal(0), Decimal(100), Decimal("1E-30"), Decimal("1E1")]
    )
    return st.builds(SampleLeaf, st.sampled_from(["", "a", "Ä\"'"]), percent)


def leaves(schema: Schema = WIDE_SCHEMA, *, segments: bool = True) -> st.SearchStrategy[AnyLeaf]:
    """Draw a valid leaf of any kind over *schema*; those about *segments* on request."""
    kinds: list[st.SearchStrategy[AnyLeaf]] = [
        attribute_leaves(schema),
        behavior_leaves(schema),
        net_spend_leaves(),
        sample_leaves(),
    ]
    return st.one_of(*kinds, segment_leaves()) if segments else st.one_of(*kinds)


def trees(leaf: st.SearchStrategy[AnyLeaf], *, max_leaves: int = 8) -> st.SearchStrategy[Condition]:
    """Draw a tree of AllOf, AnyOf and Not over what *leaf* draws; groups of one child too."""
    start: st.SearchStrategy[Condition] = leaf.map(_as_condition)
    return st.recursive(start, _grown, max_leaves=max_leaves)


def _as_condition(leaf: AnyLeaf) -> Condition:
    return leaf


def _grown(below: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    children = st.lists(below, min_size=1, max_size=4).map(tuple)
    return st.one_of(children.map(AllOf), children.map(AnyOf), below.map(Not))


def conditions(
    schema: Schema = WIDE_SCHEMA, *, segments: bool = True, max_leaves: int = 8
) -> st.SearchStrategy[Condition]:
    """Draw a valid condition over *schema*."""
    return trees(leaves(schema, segments=segments), max_leaves=max_leaves)
