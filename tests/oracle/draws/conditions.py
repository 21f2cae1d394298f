"""Draws of conditions of every kind, about what a store holds."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import schema_pb2, value_pb2
from tests.oracle.draws.moments import moving_windows, windows
from tests.oracle.draws.values import decimals, numbers, texts
from tests.oracle.draws.writes import BEHAVIORS
from tests.oracle.values import exact
from tests.oracle.world import World

GROUPS = ("all_of", "any_of", "not")
_TYPES = {
    "text": (schema_pb2.ATTRIBUTE_TYPE_TEXT, schema_pb2.ATTRIBUTE_TYPE_KEY),
    "number": (schema_pb2.ATTRIBUTE_TYPE_NUMBER,),
    "instant": (schema_pb2.ATTRIBUTE_TYPE_INSTANT,),
    "date": (schema_pb2.ATTRIBUTE_TYPE_DATE,),
    "anniversary": (schema_pb2.ATTRIBUTE_TYPE_DATE,),
    "boolean": (schema_pb2.ATTRIBUTE_TYPE_BOOLEAN,),
    "text_set": (schema_pb2.ATTRIBUTE_TYPE_TEXT_SET,),
}
_CLAUSES = {
    schema_pb2.PROPERTY_TYPE_NUMBER: "number",
    schema_pb2.PROPERTY_TYPE_BOOLEAN: "boolean",
    schema_pb2.PROPERTY_TYPE_INSTANT: "instant",
}
LIVELY = (
    *("text", "number", "boolean", "text_set", "instant", "date", "anniversary", "net_spend"),
    *("instant", "net_spend", *["behavior"] * 5),
)
"""Kinds of leaves that contacts can come near to, those more often that time moves."""

_COUNTED = (
    pb.NUMBER_OPERATOR_GREATER_OR_EQUAL,
    pb.NUMBER_OPERATOR_LESS,
    pb.NUMBER_OPERATOR_EQUAL,
)
_SALTS = ("", "s", "é")


def kinds() -> list[str]:
    """Return every kind of condition that the contract has."""
    return [held.name for held in pb.Condition.DESCRIPTOR.oneofs_by_name["kind"].fields]


@st.composite
def conditions(
    draw: st.DrawFn, world: World, segments: Sequence[str] = (), depth: int = 3
) -> pb.Condition:
    """Draw a tree of at most *depth* levels, which may refer to *segments*."""
    allowed = [held for held in kinds() if depth > 1 or held not in GROUPS]
    if not segments:
        allowed.remove("segment")
    wanted = draw(st.sampled_from(allowed))
    if wanted not in GROUPS:
        return draw(leaves(world, wanted, segments))
    found = pb.Condition()
    below = conditions(world, segments, depth - 1)
    if wanted == "not":
        getattr(found, "not").child.CopyFrom(draw(below))
        return found
    children = draw(st.lists(below, min_size=1, max_size=3))
    getattr(found, wanted).children.extend(children)
    return found


@st.composite
def leaves(draw: st.DrawFn, world: World, kind: str, segments: Sequence[str] = ()) -> pb.Condition:
    """Draw a leaf of one kind."""
    found = pb.Condition()
    leaf: Any = getattr(found, kind)
    match kind:
        case "behavior":
            leaf.CopyFrom(draw(_behaviors(world)))
        case "net_spend":
            leaf.test.CopyFrom(draw(number_tests(presence=False)))
            if draw(st.booleans()):
                leaf.window.CopyFrom(draw(windows(world, future=False)))
        case "segment":
            leaf.segment_id = draw(st.sampled_from(segments))
            leaf.not_in = draw(st.booleans())
        case "sample":
            percent = st.decimals(0, 100, places=3) | st.integers(0, 100).map(Decimal)
            leaf.salt = draw(st.sampled_from(_SALTS))
            leaf.percent.decimal = f"{draw(percent):f}"
        case _ if kind in _TYPES:
            fitting = [name for name, held in world.attributes.items() if held.type in _TYPES[kind]]
            leaf.attribute = draw(st.sampled_from(fitting))
            leaf.test.CopyFrom(draw(tests(world, kind)))
        case _:
            raise NotImplementedError(f"a condition of the kind {kind}")
    return found


@st.composite
def lively_leaves(draw: st.DrawFn, world: World) -> pb.Condition:
    """Draw a leaf that is true of some contacts near it, and soon not: its windows move."""
    leaf = draw(leaves(world, draw(st.sampled_from(LIVELY))))
    moving = moving_windows()
    match leaf.WhichOneof("kind"):
        case "behavior":
            behavior = leaf.behavior
            del behavior.where[draw(st.integers(0, 1)) :]
            behavior.window.CopyFrom(draw(moving))
            match draw(st.integers(0, 4)):
                case 0:
                    behavior.measure.last_time.CopyFrom(draw(moving))
                case 1:
                    behavior.measure.first_time.CopyFrom(draw(moving))
                case 2 | 3:
                    test = pb.NumberTest(operator=draw(st.sampled_from(_COUNTED)))
                    test.value.number = draw(st.integers(1, 2))
                    behavior.measure.count.CopyFrom(test)
        case "net_spend":
            leaf.net_spend.window.CopyFrom(draw(moving))
        case "instant" | "date" as kind:
            getattr(leaf, kind).test.window.CopyFrom(draw(moving))
    return leaf


def tests(world: World, kind: str) -> st.SearchStrategy[Any]:
    """Draw the operand of a leaf or clause of one kind."""
    match kind:
        case "text":
            return text_tests()
        case "number":
            return number_tests(presence=True)
        case "instant":
            return _moment_tests(world, pb.InstantTest)
        case "date":
            return _moment_tests(world, pb.DateTest)
        case "boolean":
            operators = st.sampled_from(pb.BooleanOperator.values()[1:])
            return st.builds(pb.BooleanTest, operator=operators)
        case "text_set":
            return _text_set_tests()
        case _:
            return _anniversary_tests()


@st.composite
def text_tests(draw: st.DrawFn) -> pb.TextTest:
    """Draw a test of a text or key."""
    operator = draw(st.sampled_from(pb.TextOperator.values()[1:]))
    if operator in {pb.TEXT_OPERATOR_SET, pb.TEXT_OPERATOR_NOT_SET}:
        return pb.TextTest(operator=operator)
    many = operator in {pb.TEXT_OPERATOR_ANY_OF, pb.TEXT_OPERATOR_NONE_OF}
    chosen = st.sampled_from(("subscribed", "unsubscribed", "loyal", "dormant")) | texts()
    return pb.TextTest(
        operator=operator,
        values=draw(st.lists(chosen, min_size=1, max_size=4 if many else 1)),
    )


@st.composite
def number_tests(draw: st.DrawFn, *, presence: bool) -> pb.NumberTest:
    """Draw a test of a number; of measures without set and not set."""
    without = {pb.NUMBER_OPERATOR_SET, pb.NUMBER_OPERATOR_NOT_SET}
    operators = [held for held in pb.NumberOperator.values()[1:] if presence or held not in without]
    operator = draw(st.sampled_from(operators))
    if operator in without:
        return pb.NumberTest(operator=operator)
    if operator == pb.NUMBER_OPERATOR_BETWEEN:
        bounds: tuple[value_pb2.Number, value_pb2.Number] = (
            draw(numbers(decimals())),
            draw(numbers(decimals())),
        )
        low, high = sorted(bounds, key=exact)
        return pb.NumberTest(operator=operator, value=low, upper=high)
    return pb.NumberTest(operator=operator, value=draw(numbers(decimals())))


@st.composite
def _moment_tests(draw: st.DrawFn, world: World, message: type[Any]) -> Any:
    if draw(st.integers(0, 4)) == 0:
        return message(presence=draw(st.sampled_from(pb.Presence.values()[1:])))
    return message(window=draw(windows(world, future=True)))


@st.composite
def _text_set_tests(draw: st.DrawFn) -> pb.TextSetTest:
    operator = draw(st.sampled_from(pb.TextSetOperator.values()[1:]))
    if operator in {pb.TEXT_SET_OPERATOR_SET, pb.TEXT_SET_OPERATOR_NOT_SET}:
        return pb.TextSetTest(operator=operator)
    values = draw(st.lists(texts(), min_size=1, max_size=3))
    return pb.TextSetTest(operator=operator, values=values)


@st.composite
def _anniversary_tests(draw: st.DrawFn) -> pb.AnniversaryTest:
    fields = pb.AnniversaryTest.DESCRIPTOR.oneofs_by_name["when"].fields
    kind = draw(st.sampled_from([held.name for held in fields]))
    match kind:
        case "today" | "this_month":
            return pb.AnniversaryTest(**{kind: True})
        case "month":
            return pb.AnniversaryTest(month=draw(st.integers(1, 12)))
        case _:
            amount = draw(st.sampled_from((1, 2, 30, 365, 366)) | st.integers(1, 366))
            return pb.AnniversaryTest(**{kind: amount})


@st.composite
def _behaviors(draw: st.DrawFn, world: World) -> pb.BehaviorCondition:
    name = draw(st.sampled_from(BEHAVIORS))
    properties = list(world.behaviors[name].values())
    found = pb.BehaviorCondition(behavior=name, has_not=draw(st.booleans()))
    if properties:
        clause = _clauses(world, properties)
        found.where.extend(draw(st.lists(clause, max_size=2)))
    if draw(st.booleans()):
        found.window.CopyFrom(draw(windows(world, future=False)))
    if draw(st.integers(0, 3)):
        found.measure.CopyFrom(draw(_measures(world, properties)))
    return found


@st.composite
def _clauses(draw: st.DrawFn, world: World, properties: list[schema_pb2.Property]) -> pb.Where:
    chosen = draw(st.sampled_from(properties))
    kind = _CLAUSES.get(chosen.type, "text")
    return pb.Where(property=chosen.name, **{kind: draw(tests(world, kind))})


@st.composite
def _measures(draw: st.DrawFn, world: World, properties: list[schema_pb2.Property]) -> pb.Measure:
    numeric = [held.name for held in properties if held.type == schema_pb2.PROPERTY_TYPE_NUMBER]
    fields = [held.name for held in pb.Measure.DESCRIPTOR.oneofs_by_name["kind"].fields]
    without_property = {"count", "first_time", "last_time"}
    kind = draw(st.sampled_from([held for held in fields if numeric or held in without_property]))
    match kind:
        case "count":
            return pb.Measure(count=draw(number_tests(presence=False)))
        case "first_time" | "last_time":
            return pb.Measure(**{kind: draw(windows(world, future=False))})
        case _:
            test = draw(number_tests(presence=False))
            measure = pb.PropertyMeasure(property=draw(st.sampled_from(numeric)), test=test)
            return pb.Measure(**{kind: measure})
