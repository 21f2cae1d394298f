"""Arrow arrays, or rows, -> columns of value.proto. No loop over rows where Arrow has none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segsvc.v1 import value_pb2 as pb

TEXTS = ("TEXT", "KEY")
ANY = "ANY"
LISTS = ("TEXT_SET", "TEXT_LIST", "KEY_LIST")

_ARROW: dict[str, pa.DataType] = {
    "NUMBER": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "INSTANT": pa.timestamp("s", "UTC"),
    **dict.fromkeys(TEXTS, pa.string()),
    **dict.fromkeys(LISTS, pa.list_(pa.string())),
}
_DATE = r"^(-|\d{4})-\d{2}-\d{2}$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_INSTANT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$"
_TRUE = pa.array(["true", "yes", "1", "t", "y"])
_FALSE = pa.array(["false", "no", "0", "f", "n"])


@dataclass(slots=True)
class Converted:
    """An array of the kind the server wants, and the rows whose value could not be read."""

    array: pa.Array
    bad: np.ndarray[Any, np.dtype[np.bool_]]
    """One per row."""
    wrong: str = ""
    """What is wrong with bad rows and what is allowed."""


def string_column(array: pa.Array) -> pb.StringColumn:
    """Return strings without nulls as one buffer."""
    flat = _flat(array).cast(pa.string())
    offsets = np.frombuffer(flat.buffers()[1], "<i4")[flat.offset : flat.offset + len(flat) + 1]
    if not len(flat):
        return pb.StringColumn()
    data = flat.buffers()[2]
    utf8 = b"" if data is None else data[int(offsets[0]) : int(offsets[-1])].to_pybytes()
    return pb.StringColumn(utf8=utf8, offsets=(offsets - offsets[0]).astype("<u4").tobytes())


def dictionary_column(array: pa.Array) -> pb.DictionaryColumn:
    """Return strings without nulls as codes into their different values."""
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype("<u4")
    values = encoded.dictionary
    if len(values) > len(codes):  # a slice of a large array needs only what it names
        used, codes = np.unique(codes, return_inverse=True)
        values, codes = values.take(pa.array(used)), codes.astype("<u4")
    return pb.DictionaryColumn(values=string_column(values), codes=codes.tobytes())


def value_column(
    name: str, kind: str, array: pa.Array, *, unset_nulls: bool = False
) -> pb.ValueColumn:
    """Return one attribute or property; nulls are left out, or unset.

    Args:
        name: of the attribute or property.
        kind: its type, as in ``ATTRIBUTE_TYPE_<kind>``.
        array: one value per row, from `converted`.
        unset_nulls: whether rows without a value lose the one they have.
    """
    made = pb.ValueColumn(name=name)
    if array.null_count:
        missing = np.asarray(pc.is_null(array))
        rows = np.flatnonzero(~missing).astype("<u4")
        if unset_nulls:
            made.unset_rows = np.flatnonzero(missing).astype("<u4").tobytes()
        if not len(rows):
            return made
        made.rows = rows.tobytes()
        array = array.drop_null()
    _set_values(made, kind, array)
    return made


def _set_values(made: pb.ValueColumn, kind: str, array: pa.Array) -> None:
    if kind in TEXTS:
        if pa.types.is_dictionary(array.type):
            made.dictionary.CopyFrom(dictionary_column(array))
        else:
            made.strings.CopyFrom(string_column(array))
    elif kind in LISTS:
        offsets = np.concatenate([[0], np.cumsum(np.asarray(pc.list_value_length(array)))])
        made.lists.offsets = offsets.astype("<u4").tobytes()
        made.lists.elements.CopyFrom(dictionary_column(array.flatten()))
    elif kind == "NUMBER":
        made.doubles = array.to_numpy(zero_copy_only=False).astype("<f8").tobytes()
    elif kind == "BOOLEAN":
        made.booleans = array.to_numpy(zero_copy_only=False).astype("u1").tobytes()
    elif kind == "INSTANT":
        made.instants = seconds(array).tobytes()
    else:
        made.dates = array.to_numpy(zero_copy_only=False).astype("<i4").tobytes()


def seconds(array: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return instants without nulls as UTC seconds, floored."""
    if pa.types.is_timestamp(array.type):
        per = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}[array.type.unit]
        held = np.floor_divide(array.cast(pa.int64()).to_numpy(), per)
    else:
        held = array.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return np.asarray(held, "<i8")


def converted(array: pa.Array | pa.ChunkedArray, kind: str, separator: str = ";") -> Converted:
    """Bring an array of any sensible type to what *kind* wants, telling the rows it cannot.

    Strings are read: numbers, ISO 8601 instants and dates (``--02-29`` without a year), true and
    false in usual words, lists cut at *separator*. Empty strings are nulls. Instants without a
    zone are UTC.
    """
    flat = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    none = np.zeros(len(flat), bool)
    if _is_text(flat.type) and kind not in TEXTS:
        return _read(_flat(flat).cast(pa.string()), kind, separator)
    if kind in TEXTS:
        held = flat if _is_text(flat.type) else flat.cast(pa.string())
        return Converted(held, none)
    if kind == "DATE":
        return Converted(_yyyymmdd(flat), none)
    if kind in LISTS and pa.types.is_list(flat.type) and _is_text(flat.type.value_type):
        return Converted(flat, none)
    if kind == "INSTANT" and not pa.types.is_temporal(flat.type):
        return Converted(flat.cast(pa.int64()), none)
    if kind == "INSTANT" and pa.types.is_timestamp(flat.type):
        return Converted(flat, none)
    return Converted(flat.cast(_ARROW[kind]), none)


def _read(text: pa.Array, kind: str, separator: str) -> Converted:
    text = pc.utf8_trim_whitespace(text)
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    match kind:
        case "NUMBER":
            return _matching(text, _NUMBER, lambda good: good.cast(pa.float64()), "a number: 12.50")
        case "INSTANT":
            return _matching(text, _INSTANT, _instants, "an instant: 2024-05-31T12:00:00Z")
        case "DATE":
            return _matching(text, _DATE, _dates, "a date: 1990-02-28, or --02-28 without its year")
        case "BOOLEAN":
            word = pc.utf8_lower(text)
            true, known = pc.is_in(word, _TRUE), pc.is_in(word, pa.concat_arrays([_TRUE, _FALSE]))
            bad = np.asarray(pc.and_(pc.invert(known), pc.is_valid(word)))
            held = pc.if_else(known, true, pa.scalar(None, pa.bool_()))
            return Converted(held, bad, "must be true or false")
        case _:
            return Converted(pc.split_pattern(text, separator), np.zeros(len(text), bool))


def _matching(text: pa.Array, pattern: str, cast: Any, allowed: str) -> Converted:
    good = pc.match_substring_regex(text, pattern)
    bad = np.array(pc.fill_null(pc.invert(good), False))
    kept = pc.if_else(good, text, pa.scalar(None, pa.string()))
    try:
        return Converted(cast(kept), bad, f"must be {allowed}")
    except pa.ArrowInvalid:
        return _one_by_one(kept, bad, cast, f"must be {allowed}")


def _one_by_one(text: pa.Array, bad: Any, cast: Any, wrong: str) -> Converted:
    """Find the values that look right and are not, such as 2023-02-30; only then row by row."""
    distinct = text.dictionary_encode()
    fine = [_casts(cast, distinct.dictionary[i : i + 1]) for i in range(len(distinct.dictionary))]
    good = pa.array(fine, pa.bool_()).take(distinct.indices)
    bad |= np.asarray(pc.fill_null(pc.invert(good), False))
    return Converted(cast(pc.if_else(good, text, pa.scalar(None, pa.string()))), bad, wrong)


def _casts(cast: Any, one: pa.Array) -> bool:
    try:
        cast(one)
    except pa.ArrowInvalid:
        return False
    return True


def _instants(text: pa.Array) -> pa.Array:
    zoned = pc.match_substring_regex(text, r"(Z|[+-]\d{2}:?\d{2})$")
    in_utc = pc.if_else(zoned, text, pc.binary_join_element_wise(text, "Z", ""))
    day_only = pc.match_substring_regex(in_utc, r"^\d{4}-\d{2}-\d{2}Z$")
    midnight = pc.replace_substring_regex(in_utc, "Z$", "T00:00:00Z")
    return pc.if_else(day_only, midnight, in_utc).cast(pa.timestamp("ns", "UTC"))


def _dates(text: pa.Array) -> pa.Array:
    with_year = pc.replace_substring_regex(text, "^--", "2000-").cast(pa.date32())
    numbers = _yyyymmdd(with_year)
    yearless = pc.starts_with(text, "--")
    return pc.if_else(yearless, pc.subtract(numbers, 2000 * 10_000), numbers)


def _yyyymmdd(array: pa.Array) -> pa.Array:
    if pa.types.is_integer(array.type):
        return array.cast(pa.int32())
    days = array.cast(pa.date32())
    ymd = (pc.year(days), pc.month(days), pc.day(days))
    total = pc.add(pc.multiply(ymd[0], 10_000), pc.add(pc.multiply(ymd[1], 100), ymd[2]))
    return total.cast(pa.int32())


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _flat(array: pa.Array) -> pa.Array:
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def arrow_type(kind: str) -> pa.DataType | None:
    """Return the Arrow type that Python values of a kind are gathered in; None: what they are."""
    return None if kind == ANY else pa.date32() if kind == "DATE" else _ARROW[kind]


@dataclass(slots=True)
class Kinds:
    """The types of the attributes of a store, or of the properties of one behavior, by name."""

    of: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        try:
            return self.of[name]
        except KeyError:
            known = ", ".join(sorted(self.of))
            raise KeyError(f"there is no {name!r}; known are {known}") from None
