"""Python values <-> messages of value.proto."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.v1 import value_pb2 as pb

Number: TypeAlias = int | float | Decimal
"""A number; floats count as their shortest decimal, so 0.1 is exactly 0.1."""

Scalar: TypeAlias = str | bool | Number | datetime | date | pb.Date
Value: TypeAlias = Scalar | Iterable[str]
"""A value of an attribute or property: text, number, boolean, instant (datetime with a time
zone), date (`yearless` for one without its year) or texts."""


def moment(when: datetime) -> Timestamp:
    """Return an instant as its message.

    Raises:
        ValueError: *when* has no time zone.
    """
    if when.tzinfo is None:
        raise ValueError(f"{when!r} needs a time zone, such as datetime.UTC")
    stamp = Timestamp()
    stamp.FromDatetime(when.astimezone(UTC))
    return stamp


def optional_moment(when: datetime | None) -> Timestamp | None:
    """Return an instant as its message, or None."""
    return None if when is None else moment(when)


def when(stamp: Timestamp) -> datetime:
    """Return the instant of a message, in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


def day(local_day: date) -> pb.Date:
    """Return a date as its message."""
    return pb.Date(year=local_day.year, month=local_day.month, day=local_day.day)


def optional_day(local_day: date | None) -> pb.Date | None:
    """Return a date as its message, or None."""
    return None if local_day is None else day(local_day)


def yearless(month: int, day_of_month: int) -> pb.Date:
    """Return a date without its year, as birthdays may be."""
    return pb.Date(month=month, day=day_of_month)


def number(value: Number) -> pb.Number:
    """Return an exact number as its message."""
    if isinstance(value, float):
        return pb.Number(number=value)
    return pb.Number(decimal=format(Decimal(value), "f"))


def decimal(proto: pb.Number) -> Decimal:
    """Return the exact number of a message."""
    if proto.WhichOneof("kind") == "number":
        return Decimal(repr(proto.number))
    return Decimal(proto.decimal)


def to_proto(value: Value) -> pb.Value:
    """Return a value as its message.

    Raises:
        TypeError: it is of none of the types a value can have.
    """
    match value:
        case str():
            return pb.Value(text=value)
        case bool():
            return pb.Value(boolean=value)
        case int() | float() | Decimal():
            return pb.Value(number=number(value))
        case datetime():
            return pb.Value(instant=moment(value))
        case date():
            return pb.Value(date=day(value))
        case pb.Date():
            return pb.Value(date=value)
        case Iterable():
            return pb.Value(texts=pb.TextList(values=value))
        case _:
            raise TypeError(f"{value!r} is no value of an attribute or property")


def from_proto(proto: pb.Value) -> Scalar | list[str] | None:
    """Return the Python value of a message; None when it holds none."""
    match proto.WhichOneof("kind"):
        case "text":
            return proto.text
        case "number":
            return decimal(proto.number)
        case "boolean":
            return proto.boolean
        case "instant":
            return when(proto.instant)
        case "date":
            held = proto.date
            return date(held.year, held.month, held.day) if held.year else held
        case "texts":
            return list(proto.texts.values)
        case _:
            return None
