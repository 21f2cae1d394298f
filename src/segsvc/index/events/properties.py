"""Properties of the events of one behavior: one column per property, one element per row.

*rows* are a slice of the log or an int64 array of row numbers; answers have one element per row.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias

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
    UInt32,
)
from segsvc.domain.decimals import scaled
from segsvc.domain.predicate import Contains, In, Is, OneOf, Predicate, Present
from segsvc.domain.schema import PropertyDefinition, ValueType
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray, NarrowArray
from segsvc.index.dictionary import Dictionary
from segsvc.index.events.occurrences import Occurrences
from segsvc.index.intervals import inside
from segsvc.index.offsets import OffsetArray

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
    """Numbers at their scale or instants; which rows have one is held once a row has none."""

    def __init__(self, name: str, definition: PropertyDefinition) -> None:
        self.definition = definition
        self._values = NarrowArray(f"{name}/values", np.int32, np.int64)
        self._present = ChunkedArray(f"{name}/present", np.bool_)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        values, present = np.zeros(length, np.int64), np.zeros(length, np.bool_)
        if column is not None:
            assert isinstance(column.values, NumberColumn)
            values[column.rows], present[column.rows] = column.values.values, True
        if len(self._present) or not present.all():
            self._present.grow(len(self._values), 1)
            self._present.append(present)
        self._values.append(values)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`."""
        present = self.present(rows)
        if isinstance(predicate, Present):
            return np.ones(len(self._values.live[rows]), np.bool_) if present is None else present
        assert isinstance(predicate, In)
        found = inside(self._values.live[rows], predicate.low, predicate.high)
        return found if present is None else found & present

    def present(self, rows: Rows) -> Bool | None:
        """Return which rows have a value; None: all of them."""
        return self._present.live[rows] if len(self._present) else None

    def values(self, rows: Rows) -> npt.NDArray[np.integer]:
        """Return the values; 0 where there is none."""
        held: npt.NDArray[np.integer] = self._values.live[rows]
        return held

    def numbers(self, rows: Rows) -> tuple[Int64, Bool]:
        """Return values and which of them are there."""
        values = self.values(rows).astype(np.int64)
        present = self.present(rows)
        return values, np.ones(len(values), np.bool_) if present is None else present

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        if len(self._present) and not self._present.live[row]:
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

    worth = 8
    """Rows are looked up when that leaves at most 1 / worth of those that would be read."""

    def __init__(self, name: str, definition: PropertyDefinition, block_rows: int) -> None:
        self._block_rows = block_rows
        self.dictionary = Dictionary(f"{name}/texts", folds=definition.type.folds)
        self._codes = NarrowArray(f"{name}/codes", np.uint8, np.uint16, np.uint32)
        self.occurrences = Occurrences(self, block_rows)

    def __len__(self) -> int:
        return len(self._codes)

    def coded(self, block: int) -> tuple[UInt32, npt.NDArray[np.uint16]]:
        """See `CodedRows.coded`."""
        codes = self._codes.live[block * self._block_rows : (block + 1) * self._block_rows]
        places = np.flatnonzero(codes)
        return codes[places].astype(np.uint32), places.astype(np.uint16)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        codes = np.zeros(length, np.uint32)
        if column is not None:
            assert isinstance(column.values, TextColumn)
            codes[column.rows] = self.dictionary.intern(column.values)
        self._codes.append(codes)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`."""
        codes = self._codes.live[rows]
        if isinstance(predicate, Present):
            there: Bool = codes != 0
            return there
        assert isinstance(predicate, OneOf | Contains)
        return _among(codes, self.dictionary, predicate)

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        code = int(self._codes.live[row])
        return self.dictionary.text(code) if code else None

    def event_counts(self) -> tuple[Dictionary, npt.NDArray[np.intp]]:
        """Return the dictionary and how many rows hold each code."""
        return self.dictionary, np.bincount(self._codes.live, minlength=len(self.dictionary))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `PropertyColumn.arrays`."""
        return *self.dictionary.arrays(), self._codes

    def load(self, sections: Sections) -> None:
        """See `PropertyColumn.load`."""
        self.dictionary.load(sections)
        self._codes.load(sections[self._codes.name])
        self.occurrences = Occurrences(self, self._block_rows)

    @property
    def nbytes(self) -> int:
        """See `PropertyColumn.nbytes`."""
        return self.dictionary.nbytes + self._codes.nbytes + self.occurrences.nbytes


class ListProperty:
    """Lists of texts or keys: all elements behind each other, and where each row's end.

    A missing list is an empty one.
    """

    worth = 2
    """See `TextProperty.worth`; an element read is ten times as dear as a text."""

    def __init__(self, name: str, definition: PropertyDefinition, block_rows: int) -> None:
        self._block_rows = block_rows
        self.dictionary = Dictionary(f"{name}/texts", folds=definition.type.folds)
        self._flat = NarrowArray(f"{name}/codes", np.uint8, np.uint16, np.uint32)
        self._ends = OffsetArray(f"{name}/ends")
        self.occurrences = Occurrences(self, block_rows)

    def __len__(self) -> int:
        return len(self._ends)

    def coded(self, block: int) -> tuple[UInt32, npt.NDArray[np.uint16]]:
        """See `CodedRows.coded`."""
        starts, ends = self._ends.bounds(
            slice(block * self._block_rows, (block + 1) * self._block_rows)
        )
        codes = self._flat.live[int(starts[0]) : int(ends[-1])].astype(np.uint32)
        return codes, np.repeat(np.arange(len(ends), dtype=np.uint16), ends - starts)

    def extend(self, length: int, column: FieldColumn | None) -> None:
        """See `PropertyColumn.extend`."""
        lengths = np.zeros(length, np.int64)
        if column is not None:
            assert isinstance(column.values, ListColumn)
            lengths[column.rows] = np.diff(column.values.offsets)
            first, last = int(column.values.offsets[0]), int(column.values.offsets[-1])
            codes = self.dictionary.intern(column.values.elements)
            self._flat.append(codes[first:last])
        self._ends.extend(lengths)

    def matches(self, predicate: Predicate, rows: Rows) -> Bool:
        """See `PropertyColumn.matches`: some element satisfies it."""
        starts, ends = self._ends.bounds(rows)
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
                _among(self._flat.live[first : int(ends[-1])], self.dictionary, predicate)
            )
            found[np.searchsorted(ends, hits + first, side="right")] = True
            return found
        lengths = ends - starts
        owners = np.repeat(np.arange(len(ends)), lengths)
        before = np.cumsum(lengths) - lengths
        flat = np.arange(len(owners)) + np.repeat(starts - before, lengths)
        found[owners[_among(self._flat.live[flat], self.dictionary, predicate)]] = True
        return found

    def value(self, row: int) -> Value | None:
        """See `PropertyColumn.value`."""
        start, end = self._ends.one(row)
        codes = self._flat.live[start:end].tolist()
        return tuple(self.dictionary.text(code) for code in codes) or None

    def event_counts(self) -> tuple[Dictionary, npt.NDArray[np.intp]]:
        """Return the dictionary and how many elements hold each code."""
        return self.dictionary, np.bincount(self._flat.live, minlength=len(self.dictionary))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `PropertyColumn.arrays`."""
        return *self.dictionary.arrays(), self._flat, *self._ends.arrays()

    def load(self, sections: Sections) -> None:
        """See `PropertyColumn.load`."""
        self.dictionary.load(sections)
        self._flat.load(sections[self._flat.name])
        self._ends.load(sections)
        self.occurrences = Occurrences(self, self._block_rows)

    @property
    def nbytes(self) -> int:
        """See `PropertyColumn.nbytes`."""
        held = self._flat.nbytes + self._ends.nbytes + self.occurrences.nbytes
        return self.dictionary.nbytes + held


def _among(
    codes: npt.NDArray[np.integer], dictionary: Dictionary, predicate: OneOf | Contains
) -> Bool:
    """Return which codes satisfy *predicate* (bool, n)."""
    if not len(codes):
        return np.zeros(0, np.bool_)
    if isinstance(predicate, OneOf):
        wanted = dictionary.codes_equal(predicate.values)
        if len(wanted) == 0:
            return np.zeros(len(codes), np.bool_)
        if len(wanted) == 1:
            return inside(codes, int(wanted[0]), int(wanted[0]))
    found: Bool = dictionary.lookup(predicate)[codes]
    return found


def make_property(behavior: str, definition: PropertyDefinition, block_rows: int) -> PropertyColumn:
    """Return an empty column of the definition's type."""
    name = f"event/{behavior}/property/{definition.name}"
    match definition.type:
        case ValueType.TEXT | ValueType.KEY:
            return TextProperty(name, definition, block_rows)
        case ValueType.TEXT_LIST | ValueType.KEY_LIST:
            return ListProperty(name, definition, block_rows)
        case ValueType.BOOLEAN:
            return BooleanProperty(name)
        case _:
            return NumberProperty(name, definition)
