"""Values as a store keeps them: plain Python, rounded and folded as SEMANTICS 1 says."""

from __future__ import annotations

import unicodedata
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TypeAlias

from segsvc.v1 import schema_pb2, value_pb2

Kept: TypeAlias = "str | Decimal | bool | int | tuple[int, int, int] | tuple[str, ...] | TextSet"
"""Text or key, number, boolean, instant, date, list of texts or keys, text set."""

FOLDED = {
    schema_pb2.Attribute: {
        schema_pb2.ATTRIBUTE_TYPE_TEXT,
        schema_pb2.ATTRIBUTE_TYPE_TEXT_SET,
    },
    schema_pb2.Property: {schema_pb2.PROPERTY_TYPE_TEXT, schema_pb2.PROPERTY_TYPE_TEXT_LIST},
}
Definition = schema_pb2.Attribute | schema_pb2.Property
_WIDE = Context(prec=200, rounding=ROUND_HALF_EVEN)


def fold(text: str) -> str:
    """Return what a text is compared by."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


class TextSet(dict[str, str]):
    """Elements as written, by their folded form."""

    def add(self, element: str) -> None:
        """Add an element; one that is there stays as it is written."""
        self.setdefault(fold(element), element)


def folds(definition: Definition) -> bool:
    """Whether values are compared folded, not byte by byte."""
    return definition.type in FOLDED[type(definition)]


def exact(number: value_pb2.Number) -> Decimal:
    """Return the decimal that a number on the wire stands for."""
    if number.WhichOneof("kind") == "decimal":
        return Decimal(number.decimal)
    return Decimal(repr(number.number))


def kept(value: value_pb2.Value, definition: Definition) -> Kept | None:
    """Return what is kept of *value*; None: it counts as missing."""
    kind = value.WhichOneof("kind")
    match kind:
        case "text":
            return value.text or None
        case "number":
            scale = definition.scale if definition.HasField("scale") else 4
            unit = Decimal(1).scaleb(-scale)
            return exact(value.number).quantize(unit, context=_WIDE)
        case "boolean":
            return value.boolean
        case "instant":
            return value.instant.seconds
        case "date":
            return value.date.year, value.date.month, value.date.day
        case "texts":
            elements = tuple(value.texts.values)
            if isinstance(definition, schema_pb2.Property):
                return elements or None
            held = TextSet()
            for element in elements:
                held.add(element)
            return held or None
        case _:
            raise NotImplementedError(f"a value of the kind {kind}")


def same(shown: value_pb2.Value | None, held: Kept | Fraction | None) -> bool:
    """Whether an answered value shows what is kept; an average may be cut to 20 digits.

    Elements of text sets are compared folded: a store shows each as it was first written there.
    """
    if shown is None or held is None:
        return shown is None and held is None
    match held:
        case bool():
            return shown == value_pb2.Value(boolean=held)
        case int():
            return shown.WhichOneof("kind") == "instant" and shown.instant.seconds == held
        case Decimal():
            return shown.WhichOneof("kind") == "number" and exact(shown.number) == held
        case Fraction():
            error = abs(Fraction(exact(shown.number)) - held)
            return shown.WhichOneof("kind") == "number" and error <= abs(held) / 10**20
        case str():
            return shown == value_pb2.Value(text=held)
        case TextSet():
            return [fold(text) for text in shown.texts.values] == sorted(held)
        case _ if held and isinstance(held[0], int):
            return (shown.date.year, shown.date.month, shown.date.day) == held
        case _:
            return tuple(shown.texts.values) == held
