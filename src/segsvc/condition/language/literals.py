"""Strings, numbers, instants and dates of the text form -> values; raises ValueError."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from segsvc.domain.dates import from_text
from segsvc.domain.decimals import parse_decimal

_EPOCH = datetime(1970, 1, 1)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ITSELF = "\"'\\/"


def string(literal: str) -> str:
    """Read a string in double or single quotes, with JSON's escapes.

    >>> string(r'"a\\tb"') == "a" + chr(9) + "b"
    True
    """
    inner = literal[1:-1]
    if "\\" not in inner:
        return inner
    joined = _ESCAPE.sub(_unescaped, inner)
    try:
        return joined.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("an escape in the text is half of a character") from None


def _unescaped(found: re.Match[str]) -> str:
    digits, letter = found.groups()
    if digits is not None:
        return chr(int(digits, 16))
    if letter in _ITSELF:
        return str(letter)
    if letter not in _ESCAPES:
        raise ValueError(f"\\{letter} is no escape; write a backslash as \\\\")
    return _ESCAPES[letter]


def number(literal: str) -> Decimal:
    """Read an exact decimal."""
    return parse_decimal(literal)


def whole_number(literal: str) -> int:
    """Read a whole number, such as the N of a span."""
    value = parse_decimal(literal)
    if value != value.to_integral_value():
        raise ValueError("must be a whole number")
    return int(value)


def instant(literal: str) -> int:
    """Read an instant as whole UTC seconds, floored."""
    try:
        moment = datetime.fromisoformat(literal.upper())
    except ValueError as wrong:
        raise ValueError(f"is not an instant like 2024-01-31T12:00:00Z: {wrong}") from None
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("needs its time zone: end it with 'Z' or an offset like '+02:00'")
    return (moment.replace(tzinfo=None) - _EPOCH - offset) // timedelta(seconds=1)


def date(literal: str) -> int:
    """Read a packed date."""
    return from_text(literal)
