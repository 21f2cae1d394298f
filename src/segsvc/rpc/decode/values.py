"""Single values of the wire -> Python values of the field's type."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.domain.calendar import FIRST_INSTANT, LAST_INSTANT
from segsvc.domain.dates import pack
from segsvc.domain.decimals import from_double, parse_decimal, unscaled
from segsvc.domain.schema import AttributeDefinition, PropertyDefinition, ValueType
from segsvc.v1 import value_pb2

MAX_TEXT_BYTES = 4_096
MAX_ELEMENTS = 1_000

_KINDS = {
    ValueType.TEXT: "text",
    ValueType.KEY: "text",
    ValueType.NUMBER: "number",
    ValueType.BOOLEAN: "boolean",
    ValueType.INSTANT: "instant",
    ValueType.DATE: "date",
    ValueType.TEXT_SET: "texts",
    ValueType.TEXT_LIST: "texts",
    ValueType.KEY_LIST: "texts",
}

Definition = AttributeDefinition | PropertyDefinition
Plain = str | int | bool | tuple[str, ...]


class WrongType(ValueError):
    """A value is of another type than its field."""


def plain_value(value: value_pb2.Value, definition: Definition) -> Plain | None:
    """Return *value* as its field keeps it; None when it is missing ("" or an empty list).

    Text, key: str. Number: int at the field's scale. Instant: UTC seconds. Date: packed. Lists:
    tuple of str.

    Raises:
        WrongType: when it is of another type. ValueError: when it does not fit.
    """
    kind = value.WhichOneof("kind")
    wanted = _KINDS[definition.type]
    if kind != wanted:
        found = "no value" if kind is None else f"'{kind}'"
        raise WrongType(f"{definition.name} is a {definition.type}: needs '{wanted}', has {found}")
    match kind:
        case "text":
            check_text(value.text, definition)
            return value.text or None
        case "number":
            return unscaled(number(value.number), definition.scale)
        case "boolean":
            return value.boolean
        case "instant":
            return instant(value.instant)
        case "date":
            return date(value.date)
        case _:
            return _elements(value.texts.values, definition)


def _elements(values: Iterable[str], definition: Definition) -> tuple[str, ...] | None:
    elements = tuple(values)
    if len(elements) > MAX_ELEMENTS:
        raise ValueError(f"must hold at most {MAX_ELEMENTS:,} elements, has {len(elements):,}")
    for element in elements:
        if not element:
            raise ValueError("must not hold an empty element")
        check_text(element, definition)
    return elements or None


def allowed_texts(definition: Definition) -> tuple[str, ...]:
    """Return the only texts that a field takes; empty: it takes any."""
    return definition.values if isinstance(definition, AttributeDefinition) else ()


def check_text(text: str, definition: Definition) -> None:
    """Raise ValueError when *text* is too long or not one of the allowed values."""
    if len(text) * 4 > MAX_TEXT_BYTES and len(text.encode()) > MAX_TEXT_BYTES:
        raise ValueError(f"must be at most {MAX_TEXT_BYTES:,} bytes of UTF-8")
    allowed = allowed_texts(definition)
    if allowed and text and text not in allowed:
        raise ValueError(f"{text!r} is not one of {', '.join(allowed)}")


def number(wire: value_pb2.Number) -> Decimal:
    """Return an exact decimal; raises ValueError when it is none."""
    if wire.WhichOneof("kind") == "decimal":
        return parse_decimal(wire.decimal)
    if wire.WhichOneof("kind") == "number":
        return from_double(wire.number)
    raise ValueError("needs a number")


def instant(wire: Timestamp) -> int:
    """Return whole UTC seconds; raises ValueError outside the years 1..9999."""
    if not FIRST_INSTANT <= wire.seconds <= LAST_INSTANT:
        raise ValueError("must lie in the years 1..9999")
    if not 0 <= wire.nanos < 1_000_000_000:
        raise ValueError("nanos must be 0..999,999,999")
    return wire.seconds


def date(wire: value_pb2.Date) -> int:
    """Return a packed date; raises ValueError when there is no such day."""
    return pack(wire.year, wire.month, wire.day)
