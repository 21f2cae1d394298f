"""Events of one behavior as a list of rows, asked row by row: what `EventLog` must agree with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from segsvc.domain.columns import (
    NO_ROWS,
    FieldColumn,
    Int64,
    ListColumn,
    NumberColumn,
    Strings,
    TextColumn,
    UInt32,
)
from segsvc.domain.predicate import (
    Contains,
    EventQuery,
    In,
    OneOf,
    Place,
    Present,
    PropertyPredicate,
    Reduction,
)
from segsvc.domain.schema import BehaviorDefinition, PropertyDefinition, ValueType
from segsvc.domain.write import EventBlock

DEED = BehaviorDefinition(
    "deed",
    properties=(
        PropertyDefinition("value", ValueType.NUMBER, scale=2),
        PropertyDefinition("word", ValueType.TEXT),
        PropertyDefinition("keys", ValueType.KEY_LIST),
    ),
)


@dataclass(slots=True)
class Row:
    """One event. *value* is at scale 2; *owner* is None once it is nobody's."""

    owner: int | None
    time: int
    value: int | None = None
    word: str = ""
    keys: tuple[str, ...] = ()


def block_of(rows: list[Row]) -> tuple[UInt32, Int64, EventBlock]:
    """Return owners, times and properties as an `EventLog` takes them."""
    numbered = list(enumerate(rows))
    valued = [(n, row.value) for n, row in numbered if row.value is not None]
    worded = [(n, row.word) for n, row in numbered if row.word]
    keyed = [(n, row.keys) for n, row in numbered if row.keys]
    words = tuple(dict.fromkeys(word for _, word in worded))
    keys = tuple(dict.fromkeys(key for _, held in keyed for key in held))
    columns = (
        FieldColumn(
            "value",
            _numbers(n for n, _ in valued),
            NumberColumn(np.array([value for _, value in valued], np.int64)),
            NO_ROWS,
        ),
        FieldColumn(
            "word",
            _numbers(n for n, _ in worded),
            TextColumn(_numbers(words.index(word) for _, word in worded), Strings.of(words)),
            NO_ROWS,
        ),
        FieldColumn(
            "keys",
            _numbers(n for n, _ in keyed),
            ListColumn(
                _numbers(np.cumsum([0, *(len(held) for _, held in keyed)]).tolist()),
                TextColumn(
                    _numbers(keys.index(key) for _, held in keyed for key in held), Strings.of(keys)
                ),
            ),
            NO_ROWS,
        ),
    )
    owners = _numbers(row.owner for row in rows if row.owner is not None)
    times = np.array([row.time for row in rows], np.int64)
    numbers = np.arange(len(rows), dtype=np.uint32)
    block = EventBlock("deed", numbers, Strings.of([]), times, None, columns)
    return owners, times, block


def _numbers(values: Iterable[int]) -> UInt32:
    return np.array(list(values), np.uint32)


def having(rows: list[Row], query: EventQuery, within: set[int] | None) -> set[int]:
    """Return who satisfies *query*, as the contract of `EventQuery` says it."""
    selected: dict[int | None, list[Row]] = {}
    for row in rows:
        inside = row.owner is not None and query.first <= row.time <= query.last
        if inside and all(_holds(row, clause) for clause in query.where):
            selected.setdefault(row.owner, []).append(row)
    found = {
        owner for owner, held in selected.items() if owner is not None and _passes(held, query)
    }
    return found if within is None else found & within


def _holds(row: Row, clause: PropertyPredicate) -> bool:
    return _satisfies(row, clause) != clause.negated


def _satisfies(row: Row, clause: PropertyPredicate) -> bool:
    predicate = clause.predicate
    if clause.property == "value":
        if row.value is None:
            return False
        return isinstance(predicate, Present) or (
            isinstance(predicate, In) and predicate.low <= row.value <= predicate.high
        )
    texts = row.keys if clause.property == "keys" else (row.word.casefold(),) * bool(row.word)
    match predicate:
        case Present():
            return bool(texts)
        case OneOf(values):
            folded = values if clause.property == "keys" else [v.casefold() for v in values]
            return any(text in folded for text in texts)
        case Contains(needle, place):
            return any(_has(text, needle, place) for text in texts)
        case _:
            raise AssertionError(predicate)


def _has(text: str, needle: str, place: Place) -> bool:
    match place:
        case Place.ANYWHERE:
            return needle in text
        case Place.START:
            return text.startswith(needle)
        case Place.END:
            return text.endswith(needle)


def _passes(rows: list[Row], query: EventQuery) -> bool:
    times = [row.time for row in rows]
    values = [Fraction(row.value, 100) for row in rows if row.value is not None]
    match query.reduction:
        case Reduction.COUNT:
            return query.interval.holds(len(rows))
        case Reduction.FIRST_TIME:
            return query.interval.holds(min(times))
        case Reduction.LAST_TIME:
            return query.interval.holds(max(times))
    if not values:
        return False
    match query.reduction:
        case Reduction.SUM:
            return query.interval.holds(sum(values, Fraction(0)))
        case Reduction.AVERAGE:
            return query.interval.holds(sum(values, Fraction(0)) / len(values))
        case Reduction.MINIMUM:
            return query.interval.holds(min(values))
        case _:
            return query.interval.holds(max(values))
