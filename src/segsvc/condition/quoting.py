"""How names, strings, instants and dates are written in the text form of conditions."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

RESERVED = frozenset({"all", "and", "any", "has", "in", "net", "not", "or", "sample"})
"""Words that can begin or join conditions, so an attribute of that name is written in quotes."""


def subject_text(name: str) -> str:
    """Write the name of an attribute where a condition begins."""
    return quote(name) if name in RESERVED else name


def quote(text: str) -> str:
    """Write a string in double quotes with JSON's escapes."""
    return json.dumps(text, ensure_ascii=False)


def quote_all(texts: Iterable[str]) -> str:
    """Write a list of strings: ``("a", "b")``."""
    return f"({', '.join(map(quote, texts))})"


def instant_text(instant: int) -> str:
    """Write an instant of the years 1..9999 as ``2024-01-31T12:00:00Z``."""
    moment = _EPOCH + timedelta(seconds=instant)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}Z"
