"""The column form of writes -> domain writes; Python loops over distinct texts, never over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from segsvc.domain.calendar import FIRST_EVENT, FIRST_INSTANT, LAST_EVENT, LAST_INSTANT
from segsvc.domain.columns import (
    NO_ROWS,
    NO_STRINGS,
    Bool,
    FieldColumn,
    Int64,
    ListColumn,
    NumberColumn,
    Strings,
    TextColumn,
    UInt32,
    Values,
    take_values,
)
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.ids import MAX_CONTACT_ID_BYTES
from segsvc.domain.schema import Schema, ValueType
from segsvc.domain.text import fold
from segsvc.domain.write import ContactBatch, EventBlock
from segsvc.rpc.decode.column_values import array, dictionary, strings, values_of
from segsvc.rpc.decode.row_form import EVENT_TIMES, MAX_EVENT_ID_BYTES
from segsvc.rpc.decode.rows import RowErrors
from segsvc.rpc.decode.values import (
    MAX_ELEMENTS,
    MAX_TEXT_BYTES,
    Definition,
    allowed_texts,
    check_text,
)
from segsvc.v1 import ingest_pb2, value_pb2


def contact_columns(
    wire: ingest_pb2.ContactColumns, schema: Schema, path: str
) -> tuple[ContactBatch, RowErrors]:
    """Decode contact columns; wrong rows are noted and must be dropped.

    Raises:
        InvalidArgument: when the columns do not fit together or name unknown attributes.
    """
    ids = strings(wire.contact_ids, f"{path}.contact_ids")
    errors = RowErrors(len(ids), path)
    _check_lengths(ids, MAX_CONTACT_ID_BYTES, 1, "contact_id", "CONTACT_ID_INVALID", errors)
    columns: dict[str, tuple[FieldColumn, ...]] = {}
    for name, row_field in (("values", "set"), ("add", "add"), ("remove", "remove")):
        fields: Sequence[value_pb2.ValueColumn] = getattr(wire, name)
        columns[name] = _fields(
            fields, schema.attributes, f"{path}.{name}", row_field, errors, edits=name != "values"
        )
    _check_edits(columns["add"], columns["remove"], errors)
    return ContactBatch(ids, columns["values"], columns["add"], columns["remove"]), errors


def event_columns(
    wire: ingest_pb2.EventColumns, schema: Schema, path: str
) -> tuple[EventBlock, RowErrors]:
    """Decode event columns; wrong rows are noted and must be dropped.

    Raises:
        InvalidArgument: when the columns do not fit together or name something unknown.
    """
    behavior = schema.behaviors.get(wire.behavior)
    if behavior is None:
        raise InvalidArgument.of(f"{path}.behavior", f"the store has no behavior {wire.behavior!r}")
    ids = _event_contacts(wire, path)
    total = len(ids)
    errors = RowErrors(total, path)
    _check_lengths(ids, MAX_CONTACT_ID_BYTES, 1, "contact_id", "CONTACT_ID_INVALID", errors)
    times: Int64 = array(wire.times, "<i8", f"{path}.times")
    _check_count(len(times), total, f"{path}.times")
    odd = np.flatnonzero((times < FIRST_EVENT) | (times > LAST_EVENT)).astype(np.uint32)
    errors.add_rows(odd, "time", "TIME_INVALID", EVENT_TIMES)
    event_ids = None
    if wire.HasField("event_ids"):
        event_ids = strings(wire.event_ids, f"{path}.event_ids")
        _check_count(len(event_ids), total, f"{path}.event_ids")
        _check_lengths(event_ids, MAX_EVENT_ID_BYTES, 0, "event_id", "EVENT_ID_INVALID", errors)
    definitions = {held.name: held for held in behavior.properties}
    properties = _fields(
        wire.properties, definitions, f"{path}.properties", "properties", errors, can_unset=False
    )
    rows = np.arange(total, dtype=np.uint32)
    return EventBlock(behavior.name, rows, ids, times, event_ids, properties), errors


def _event_contacts(wire: ingest_pb2.EventColumns, path: str) -> Strings:
    if wire.HasField("contact_dictionary") == wire.HasField("contact_ids"):
        raise InvalidArgument.of(
            f"{path}.contact_ids", "give either contact_ids or contact_dictionary"
        )
    if wire.HasField("contact_ids"):
        return strings(wire.contact_ids, f"{path}.contact_ids")
    held = dictionary(wire.contact_dictionary, f"{path}.contact_dictionary")
    return held.dictionary.take(held.codes)


def _check_count(found: int, wanted: int, path: str) -> None:
    if found != wanted:
        raise InvalidArgument.of(path, f"has {found:,} values for {wanted:,} rows")


def _check_lengths(
    column: Strings, most: int, least: int, field: str, reason: str, errors: RowErrors
) -> None:
    lengths = column.lengths()
    bad = np.flatnonzero((lengths > most) | (lengths < least)).astype(np.uint32)
    errors.add_rows(bad, field, reason, f"must be {least}..{most} bytes of UTF-8")


def _fields(
    wire: Sequence[value_pb2.ValueColumn],
    definitions: Any,
    path: str,
    row_field: str,
    errors: RowErrors,
    *,
    edits: bool = False,
    can_unset: bool = True,
) -> tuple[FieldColumn, ...]:
    """Decode columns; *row_field* is the field of the row form that holds such values."""
    names: set[str] = set()
    columns = []
    for place, column in enumerate(wire):
        at = f"{path}[{place}]"
        definition = definitions.get(column.name)
        if definition is None:
            raise InvalidArgument.of(f"{at}.name", f"there is no {column.name!r} in the store")
        if column.name in names:
            raise InvalidArgument.of(f"{at}.name", f"{column.name!r} comes twice")
        if edits and definition.type is not ValueType.TEXT_SET:
            raise InvalidArgument.of(
                f"{at}.name", f"{column.name!r} is a {definition.type}, not a text set"
            )
        names.add(column.name)
        where = f'{row_field}["{column.name}"]'
        columns.append(_field(column, definition, at, where, errors, edits or not can_unset))
    return tuple(columns)


def _field(
    wire: value_pb2.ValueColumn,
    definition: Definition,
    path: str,
    row_field: str,
    errors: RowErrors,
    keeps: bool,
) -> FieldColumn:
    """Decode one column; *keeps*: nothing can be unset, empty values are dropped.

    What is wrong with the column stands at *path*, what is wrong with a row at its *row_field*.
    """
    total = errors.total
    unset = _row_numbers(wire.unset_rows, total, f"{path}.unset_rows")
    if keeps and len(unset):
        raise InvalidArgument.of(f"{path}.unset_rows", "is only for attributes that are set")
    values = values_of(wire, definition, path)
    rows = _row_numbers(wire.rows, total, f"{path}.rows")
    if not wire.rows and values is not None:
        rows = np.arange(total, dtype=np.uint32)
    if values is None:
        values = TextColumn(NO_ROWS, NO_STRINGS)
    _check_count(len(values), len(rows), path)
    if len(unset) and len(rows):
        both = np.intersect1d(rows, unset, assume_unique=True)
        errors.add_rows(both, row_field, "CONTRADICTORY", "sets and unsets the attribute")
    bad, description = _bad_values(values, definition)
    errors.add_rows(rows[bad], row_field, "VALUE_INVALID", description)
    empty = _empty(values)
    if empty is not None:
        if not keeps:
            unset = np.union1d(unset, rows[empty]).astype(np.uint32)
        staying = np.flatnonzero(~empty)
        rows, values = rows[staying], take_values(values, staying)
    return FieldColumn(definition.name, rows, values, unset)


def _row_numbers(raw: bytes, total: int, path: str) -> UInt32:
    rows: UInt32 = array(raw, "<u4", path)
    if len(rows) and (int(rows[-1]) >= total or bool((rows[1:] <= rows[:-1]).any())):
        raise InvalidArgument.of(path, f"must ascend strictly and lie below {total:,}")
    return rows


def _bad_values(values: Values, definition: Definition) -> tuple[Bool, str]:
    """Return which values do not fit their field, and why."""
    if isinstance(values, TextColumn):
        bad, why = _bad_texts(values.dictionary, definition)
        return bad[values.codes], why
    if isinstance(values, ListColumn):
        return _bad_lists(values, definition)
    if isinstance(values, NumberColumn) and definition.type is ValueType.INSTANT:
        held = values.values
        return (held < FIRST_INSTANT) | (held > LAST_INSTANT), "must lie in the years 1..9999"
    if isinstance(values, NumberColumn) and definition.type is ValueType.DATE:
        return ~_are_dates(values.values), "must be a date as yyyymmdd, year 0 for none"
    return np.zeros(len(values), np.bool_), ""


def _bad_texts(texts: Strings, definition: Definition) -> tuple[Bool, str]:
    lengths = texts.lengths()
    bad = lengths > MAX_TEXT_BYTES
    allowed = allowed_texts(definition)
    if allowed:
        known = np.logical_or.reduce([texts.equal_to(text) for text in allowed])
        bad |= ~known & (lengths > 0)
    if not bad.any():
        return bad, ""
    try:
        check_text(texts.item(int(np.argmax(bad))), definition)
    except ValueError as wrong:
        return bad, str(wrong)
    raise AssertionError("what is bad here is bad there")


def _bad_lists(values: ListColumn, definition: Definition) -> tuple[Bool, str]:
    bad_texts, why = _bad_texts(values.elements.dictionary, definition)
    lengths = np.diff(values.offsets)
    bad = lengths > MAX_ELEMENTS
    if bad.any():
        why = f"must hold at most {MAX_ELEMENTS:,} elements"
    if bad_texts.any():
        owners = np.repeat(np.arange(len(lengths)), lengths)
        bad[owners[bad_texts[values.elements.codes]]] = True
    return bad, why


def _are_dates(packed: Int64) -> Bool:
    year, month, day = packed // 10_000, packed // 100 % 100, packed % 100
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
    real = (packed >= 0) & (year <= 9999) & (month >= 1) & (month <= 12)
    last = lengths[np.where(real, month, 0)] + ((month == 2) & leap)
    found: Bool = real & (day >= 1) & (day <= last)
    return found


def _empty(values: Values) -> Bool | None:
    if isinstance(values, TextColumn):
        blank = values.dictionary.lengths() == 0
        return blank[values.codes] if blank.any() else None
    if isinstance(values, ListColumn):
        empty = np.diff(values.offsets) == 0
        return empty if empty.any() else None
    return None


def _check_edits(
    adds: tuple[FieldColumn, ...], removes: tuple[FieldColumn, ...], errors: RowErrors
) -> None:
    """Note rows that add and remove the same (folded) element."""
    removed = {column.name: column for column in removes}
    for added in adds:
        other = removed.get(added.name)
        if other is not None:
            clash = np.intersect1d(_pairs(added, other), _pairs(other, added))
            rows = np.unique(clash >> 32).astype(np.uint32)
            where = f'remove["{added.name}"]'
            errors.add_rows(rows, where, "CONTRADICTORY", "the row adds and removes one element")


def _pairs(column: FieldColumn, other: FieldColumn) -> Int64:
    """Return (row, folded element) pairs as one int64 each, numbered alike for both columns."""
    assert isinstance(column.values, ListColumn)
    assert isinstance(other.values, ListColumn)
    held, seen = column.values.elements, other.values.elements
    numbers = {
        text: n
        for n, text in enumerate(sorted({*map(fold, held.dictionary), *map(fold, seen.dictionary)}))
    }
    folded = np.array([numbers[fold(text)] for text in held.dictionary], np.int64)
    rows = np.repeat(column.rows.astype(np.int64), np.diff(column.values.offsets))
    return (rows << 32) | folded[held.codes] if len(rows) else np.zeros(0, np.int64)
