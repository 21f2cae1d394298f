"""Properties of the events of one behavior: one column per property, one element per row.

*rows* are a slice of the log or an int64 array of row numbers; answers have one element per row.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.condition.view import Value
from segsvc.domain.columns import (
    Bool,
    BooleanColumn,
    FieldColumn,
    Int64,
    ListColumn,
    NumberColumn,
    TextColumn,
)
from segsvc.domain.decimals import INT64_MAX, INT64_MIN, scaled
from segsvc.domain.predicate import Contains, In, Is, OneOf, Predicate, Present
from segsvc.domain.schema import PropertyDefinition, ValueType
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.dictionary import Dictionary

Rows: TypeAlias = slice | npt.NDArray[np.int64]


class PropertyColumn(Protocol):
    """What every property column can do."""

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """Append *length* rows; those that *column* does not name lack the property."""

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """Return which of *rows* satisfy *predicate*; a missing property never does."""

    def value(self, row: int) -> Value | None:
        """Return one row's value; None when missing."""

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""


class NumberProperty:
    """Numbers at their scale or instants, with a flag for what is there."""

    def __init__(self, name: str, definition: PropertyDefinition) -> None:
        self.definition = definition
        self._values = ChunkedArray(f"{name}/values", np.int64)
        self._present = ChunkedArray(f"{name}/present", np.bool_)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        values, present = np.zeros(length, np.int64), np.zeros(length, np.bool_)
        if column is not None:
            assert isinstance(column.values, NumberColumn)
            values[column.rows], present[column.rows] = column.values.values, True
        self._values.append(values)
        self._present.append(present)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`."""
        present = self._present.live[rows]
        if isinstance(predicate, Present):
            return present.copy()
        assert isinstance(predicate, In)
        low, high = max(predicate.low, INT64_MIN), min(predicate.high, INT64_MAX)
        if low > high:
            return np.zeros(len(present), np.bool_)
        values = self._values.live[rows]
        inside: Bool = (values >= low) & (values <= high) & present
        return inside

    def numbers(self, rows: Rows) -> tuple[Int64, Bool]:
        """Return values and which of them are there."""
        return self._values.live[rows], self._present.live[rows]

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        if not self._present.live[row]:
            return None
        held = int(self._values.live[row])
        is_number = self.definition.type is ValueType.NUMBER
        return scaled(held, self.definition.scale) if is_number else held

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `PropertyColumn.arrays`."""
        return self._values, self._present

    def load(self, sections: Sections) -> None:
        """See `PropertyColumn.load`."""
        for array in self.arrays():
            array.load(sections[array.name])

    @property
    def nbytes(self) -> int:
        """See `PropertyColumn.nbytes`."""
        return sum(array.nbytes for array in self.arrays())


class BooleanProperty:
    """0 false, 1 true, -1 missing."""

    def __init__(self, name: str) -> None:
        self._values = ChunkedArray(f"{name}/values", np.int8)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        values = np.full(length, -1, np.int8)
        if column is not None:
            assert isinstance(column.values, BooleanColumn)
            values[column.rows] = column.values.values
        self._values.append(values)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`."""
        values = self._values.live[rows]
        if isinstance(predicate, Present):
            there: Bool = values >= 0
            return there
        assert isinstance(predicate, Is)
        equal: Bool = values == np.int8(predicate.value)
        return equal

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        held = int(self._values.live[row])
        return None if held < 0 else bool(held)

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `PropertyColumn.arrays`."""
        return (self._values,)

    def load(self, sections: Sections) -> None:
        """See `PropertyColumn.load`."""
        self._values.load(sections[self._values.name])

    @property
    def nbytes(self) -> int:
        """See `PropertyColumn.nbytes`."""
        return self._values.nbytes


class TextProperty:
    """Texts or keys as codes into a dictionary; 0 is missing."""

    def __init__(self, name: str, definition: PropertyDefinition) -> None:
        self._dictionary = Dictionary(f"{name}/texts", folds=definition.type.folds)
        self._codes = ChunkedArray(f"{name}/codes", np.uint32)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        codes = np.zeros(length, np.uint32)
        if column is not None:
            assert isinstance(column.values, TextColumn)
            codes[column.rows] = self._dictionary.intern(column.values)
        self._codes.append(codes)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`."""
        codes = self._codes.live[rows]
        if isinstance(predicate, Present):
            there: Bool = codes != 0
            return there
        assert isinstance(predicate, OneOf | Contains)
        return _among(codes, self._dictionary, predicate)

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        code = int(self._codes.live[row])
        return self._dictionary.text(code) if code else None

    def event_counts(self) -> tuple[Dictionary, npt.NDArray[np.intp]]:
        """Return the dictionary and how many rows hold each code."""
        return self._dictionary, np.bincount(self._codes.live, minlength=len(self._dictionary))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `PropertyColumn.arrays`."""
        return *self._dictionary.arrays(), self._codes

    def load(self, sections: Sections) -> None:
        """See `PropertyColumn.load`."""
        self._dictionary.load(sections)
        self._codes.load(sections[self._codes.name])

    @property
    def nbytes(self) -> int:
        """See `PropertyColumn.nbytes`."""
        return self._dictionary.nbytes + self._codes.nbytes


class ListProperty:
    """Lists of texts or keys: where each row's codes end in one flat array of codes."""

    def __init__(self, name: str, definition: PropertyDefinition) -> None:
        self._dictionary = Dictionary(f"{name}/texts", folds=definition.type.folds)
        self._flat = ChunkedArray(f"{name}/codes", np.uint32)
        self._ends = ChunkedArray(f"{name}/ends", np.int64)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        lengths = np.zeros(length, np.int64)
        if column is not None:
            assert isinstance(column.values, ListColumn)
            lengths[column.rows] = np.diff(column.values.offsets)
            first, last = int(column.values.offsets[0]), int(column.values.offsets[-1])
            codes = self._dictionary.intern(column.values.elements)
            self._flat.append(codes[first:last])
        before = int(self._ends.live[-1]) if len(self._ends) else 0
        self._ends.append(np.cumsum(lengths) + before)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`: some element satisfies it."""
        starts, ends = self._bounds(rows)
        if isinstance(predicate, Present):
            there: Bool = ends > starts
            return there
        assert isinstance(predicate, OneOf | Contains)
        found = np.zeros(len(ends), np.bool_)
        if not len(ends):
            return found
        if isinstance(rows, slice):
            first = int(starts[0])
            hits = np.flatnonzero(
                _among(self._flat.live[first : int(ends[-1])], self._dictionary, predicate)
            )
            found[np.searchsorted(ends, hits + first, side="right")] = True
            return found
        lengths = ends - starts
        owners = np.repeat(np.arange(len(ends)), lengths)
        before = np.cumsum(lengths) - lengths
        flat = np.arange(len(owners)) + np.repeat(starts - before, lengths)
        found[owners[_among(self._flat.live[flat], self._dictionary, predicate)]] = True
        return found

    def _bounds(self, rows: Rows) -> tuple[Int64, Int64]:
        held = self._ends.live
        ends = held[rows]
        if not len(ends):
            return ends, ends
        if isinstance(rows, slice):
            starts = np.empty_like(ends)
            starts[1:] = ends[:-1]
            starts[0] = held[rows.start - 1] if rows.start else 0
            return starts, ends
        return np.where(rows > 0, held[np.maximum(rows, 1) - 1], 0), ends

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        ends = self._ends.live
        start = int(ends[row - 1]) if row else 0
        codes = self._flat.live[start : int(ends[row])].tolist()
        return tuple(self._dictionary.text(code) for code in codes) or None

    def event_counts(self) -> tuple[Dictionary, npt.NDArray[np.intp]]:
        """Return the dictionary and how many elements hold each code."""
        return self._dictionary, np.bincount(self._flat.live, minlength=len(self._dictionary))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `PropertyColumn.arrays`."""
        return *self._dictionary.arrays(), self._flat, self._ends

    def load(self, sections: Sections) -> None:
        """See `PropertyColumn.load`."""
        self._dictionary.load(sections)
        for array in (self._flat, self._ends):
            array.load(sections[array.name])

    @property
    def nbytes(self) -> int:
        """See `PropertyColumn.nbytes`."""
        return self._dictionary.nbytes + self._flat.nbytes + self._ends.nbytes


def _among(
    codes: npt.NDArray[np.uint32], dictionary: Dictionary, predicate: OneOf | Contains
) -> Bool:
    """Return which codes satisfy *predicate* (bool, n)."""
    wanted = dictionary.codes_matching(predicate)
    if len(wanted) == 0:
        return np.zeros(len(codes), np.bool_)
    if len(wanted) == 1:
        equal: Bool = codes == wanted[0]
        return equal
    table = np.zeros(len(dictionary), np.bool_)
    table[wanted] = True
    found: Bool = table[codes]
    return found


def make_property(behavior: str, definition: PropertyDefinition) -> PropertyColumn:
    """Return an empty column of the definition's type."""
    name = f"event/{behavior}/property/{definition.name}"
    match definition.type:
        case ValueType.TEXT | ValueType.KEY:
            return TextProperty(name, definition)
        case ValueType.TEXT_LIST | ValueType.KEY_LIST:
            return ListProperty(name, definition)
        case ValueType.BOOLEAN:
            return BooleanProperty(name)
        case _:
            return NumberProperty(name, definition)


def no_rows() -> npt.NDArray[Any]:
    """Return an empty array of row numbers."""
    return np.zeros(0, np.int64)
