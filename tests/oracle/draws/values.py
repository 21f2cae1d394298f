"""Draws of values, few enough that conditions meet them."""

from __future__ import annotations

from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from segsvc.v1 import schema_pb2, value_pb2
from tests.oracle.draws.moments import birthdays, moments
from tests.oracle.values import Definition
from tests.oracle.world import World

TEXTS = ("a", "b", "A", "ab", "Ａb", "Straße", "STRASSE", "s", "É", "e\u0301", "İ", "ﬁn", "fin")
STATUSES = ("unsubscribed", "not_subscribed", "subscribed")
LABELS = ("loyal", "high_potential", "nurture_needed", "dormant", "churned")
_NUMBERS = ("0", "1", "-1", "2", "0.5", "1.00005", "12.345", "0.000000001", "1000000")
_LARGEST = 2**63 - 1


def texts() -> st.SearchStrategy[str]:
    """Draw a text, never empty."""
    free = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
    return st.sampled_from(TEXTS) | st.sampled_from(TEXTS) | free


def decimals() -> st.SearchStrategy[Decimal]:
    """Draw a number: often small, sometimes finer than any scale, with ties to round."""
    return st.one_of(
        st.integers(-3, 12).map(Decimal),
        st.sampled_from(_NUMBERS).map(Decimal),
        st.integers(-100_000, 100_000).map(lambda held: Decimal(held) / 2 / 10**4),
        st.decimals(-(10**9), 10**9, places=10, allow_nan=False),
    )


@st.composite
def numbers(draw: st.DrawFn, held: st.SearchStrategy[Decimal]) -> value_pb2.Number:
    """Draw one of both ways to write a number."""
    if draw(st.integers(0, 2)) == 0:
        return value_pb2.Number(number=float(draw(held)))
    return value_pb2.Number(decimal=f"{draw(held):f}")


@st.composite
def _fitting(draw: st.DrawFn, definition: Definition) -> value_pb2.Number:
    """Draw a number for *definition*: sometimes the largest that fits."""
    scale = definition.scale if definition.HasField("scale") else 4
    if draw(st.integers(0, 9)) == 0:
        whole = draw(st.sampled_from((_LARGEST, _LARGEST - 1, -_LARGEST - 1)))
        return value_pb2.Number(decimal=f"{Decimal(whole).scaleb(-scale):f}")
    return draw(numbers(decimals()))


@st.composite
def values(draw: st.DrawFn, world: World, definition: Definition) -> value_pb2.Value:
    """Draw a value of the type of *definition*; rarely one that counts as missing."""
    found = value_pb2.Value()
    name = type(definition).__name__.upper() + "_TYPE_"
    types = schema_pb2.AttributeType if name.startswith("A") else schema_pb2.PropertyType
    match types.Name(definition.type).removeprefix(name):
        case "TEXT" | "KEY":
            allowed = list(getattr(definition, "allowed_values", ()))
            held = st.sampled_from(allowed) if allowed else texts()
            found.text = draw(held) if draw(st.integers(0, 15)) else ""
        case "NUMBER":
            found.number.CopyFrom(draw(_fitting(definition)))
        case "BOOLEAN":
            found.boolean = draw(st.booleans())
        case "INSTANT":
            nanos = draw(st.sampled_from((0, 0, 1, 999_999_999)))
            found.instant.CopyFrom(Timestamp(seconds=draw(moments(world)), nanos=nanos))
        case "DATE":
            found.date.CopyFrom(draw(birthdays(world)))
        case "TEXT_SET" | "TEXT_LIST" | "KEY_LIST":
            found.texts.values.extend(draw(st.lists(texts(), max_size=4)))
            found.texts.SetInParent()
        case other:
            raise NotImplementedError(f"a value of the type {other}")
    return found
