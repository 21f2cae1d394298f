"""Columns as the wire encodes them -> arrays, each checked to be what it says it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import (
    BooleanColumn,
    Int64,
    ListColumn,
    NumberColumn,
    Strings,
    TextColumn,
    UInt32,
    Values,
)
from segsvc.domain.decimals import from_double, unscaled
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.schema import ValueType
from segsvc.rpc.decode.values import Definition
from segsvc.v1 import value_pb2

_ENCODINGS = {
    ValueType.TEXT: {"strings", "dictionary"},
    ValueType.KEY: {"strings", "dictionary"},
    ValueType.NUMBER: {"doubles", "unscaled"},
    ValueType.BOOLEAN: {"booleans"},
    ValueType.INSTANT: {"instants"},
    ValueType.DATE: {"dates"},
    ValueType.TEXT_SET: {"lists"},
    ValueType.TEXT_LIST: {"lists"},
    ValueType.KEY_LIST: {"lists"},
}


def array(raw: bytes, dtype: str, path: str) -> npt.NDArray[Any]:
    """Read a little-endian buffer, or raise `InvalidArgument` on *path*."""
    size = np.dtype(dtype).itemsize
    if len(raw) % size:
        raise InvalidArgument.of(path, f"length must be a multiple of {size}, is {len(raw)}")
    return np.frombuffer(raw, dtype)


def strings(wire: value_pb2.StringColumn, path: str) -> Strings:
    """Read a string column; its text must be UTF-8 and its offsets must fit."""
    offsets = array(wire.offsets, "<u4", f"{path}.offsets")
    _check_offsets(offsets, len(wire.utf8), f"{path}.offsets")
    utf8 = np.frombuffer(wire.utf8, np.uint8)
    _check_utf8(wire.utf8, utf8, offsets, path)
    return Strings(utf8, offsets if len(offsets) else np.zeros(1, np.uint32))


def _check_offsets(offsets: UInt32, end: int, path: str) -> None:
    if len(offsets) == 0:
        if end:
            raise InvalidArgument.of(path, "are empty, but there are bytes or elements")
        return
    if offsets[0] != 0 or offsets[-1] != end or bool((offsets[1:] < offsets[:-1]).any()):
        raise InvalidArgument.of(path, f"must begin at 0, never fall, and end at {end}")


def _check_utf8(raw: bytes, utf8: npt.NDArray[np.uint8], offsets: UInt32, path: str) -> None:
    if raw.isascii():
        return
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        raise InvalidArgument.of(f"{path}.utf8", f"is not UTF-8 at byte {wrong.start}") from None
    starts = offsets[offsets < len(raw)]
    split = starts[(utf8[starts] & 0xC0) == 0x80]
    if len(split):
        raise InvalidArgument.of(f"{path}.offsets", f"{int(split[0])} lies inside a character")


def dictionary(wire: value_pb2.DictionaryColumn, path: str) -> TextColumn:
    """Read a dictionary column."""
    values = strings(wire.values, f"{path}.values")
    codes = array(wire.codes, "<u4", f"{path}.codes")
    if len(codes) and int(codes.max()) >= len(values):
        raise InvalidArgument.of(f"{path}.codes", f"must lie below {len(values)}")
    return TextColumn(codes, values)


def values_of(wire: value_pb2.ValueColumn, definition: Definition, path: str) -> Values | None:
    """Return the values of a column for a field of this definition; None: there are none.

    Raises:
        InvalidArgument: they are encoded as values of another type, or damaged.
    """
    kind = wire.WhichOneof("values")
    if kind is None:
        return None
    allowed = _ENCODINGS[definition.type]
    if kind not in allowed:
        raise InvalidArgument.of(
            f"{path}.{kind}",
            f"{definition.name!r} is a {definition.type}: needs {' or '.join(sorted(allowed))}",
        )
    at = f"{path}.{kind}"
    match kind:
        case "strings":
            return TextColumn.plain(strings(wire.strings, at))
        case "dictionary":
            return dictionary(wire.dictionary, at)
        case "doubles":
            return NumberColumn(_from_doubles(array(wire.doubles, "<f8", at), definition, at))
        case "unscaled":
            return NumberColumn(array(wire.unscaled, "<i8", at))
        case "booleans":
            flags = array(wire.booleans, "u1", at)
            if len(flags) and int(flags.max()) > 1:
                raise InvalidArgument.of(at, "bytes must be 0 or 1")
            return BooleanColumn(flags.view(np.bool_))
        case "instants":
            return NumberColumn(array(wire.instants, "<i8", at))
        case "dates":
            return NumberColumn(array(wire.dates, "<i4", at).astype(np.int64))
        case _:
            return _lists(wire.lists, at)


def _lists(wire: value_pb2.ListColumn, path: str) -> ListColumn:
    elements = dictionary(wire.elements, f"{path}.elements")
    offsets: UInt32 = array(wire.offsets, "<u4", f"{path}.offsets")
    _check_offsets(offsets, len(elements), f"{path}.offsets")
    if bool((elements.dictionary.lengths() == 0).any()):
        raise InvalidArgument.of(f"{path}.elements", "must not hold an empty element")
    return ListColumn(offsets if len(offsets) else np.zeros(1, np.uint32), elements)


def _from_doubles(doubles: npt.NDArray[np.float64], definition: Definition, path: str) -> Int64:
    """Round half-even to the scale, each double standing for its shortest decimal.

    Scaling a double in binary can only go wrong next to a tie or beyond 2^53: those few go
    through exact decimals.
    """
    if not bool(np.isfinite(doubles).all()):
        raise InvalidArgument.of(path, "must be finite numbers")
    scaled = doubles * 10.0**definition.scale
    rounded = np.rint(scaled)
    near_tie = np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < 1e-6 * np.maximum(
        1.0, np.abs(scaled) * 1e-9
    )
    slow = np.flatnonzero(near_tie | (np.abs(scaled) > 2.0**50))
    whole = np.where(np.abs(scaled) > 2.0**50, 0.0, rounded).astype(np.int64)
    for place in slow.tolist():
        try:
            whole[place] = unscaled(from_double(float(doubles[place])), definition.scale)
        except ValueError as wrong:
            raise InvalidArgument.of(path, f"value {place} {wrong}") from None
    return whole
