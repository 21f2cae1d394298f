"""Columns of a write: many values of one field, as arrays that travel without being re-parsed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

UInt32: TypeAlias = npt.NDArray[np.uint32]
Int64: TypeAlias = npt.NDArray[np.int64]
Int32: TypeAlias = npt.NDArray[np.int32]
UInt8: TypeAlias = npt.NDArray[np.uint8]
Bool: TypeAlias = npt.NDArray[np.bool_]
Ordinals: TypeAlias = UInt32
"""Ordinals or row numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class Strings:
    """A column of n byte strings: one arena (uint8) and n + 1 offsets (uint32) into it."""

    utf8: UInt8
    offsets: UInt32

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, values: Sequence[str]) -> Strings:
        """Pack Python strings.

        >>> Strings.of(["a", "bc"]).tolist()
        ['a', 'bc']
        """
        encoded = [value.encode() for value in values]
        offsets = np.zeros(len(encoded) + 1, np.uint32)
        np.cumsum([len(value) for value in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def lengths(self) -> UInt32:
        """Return the n lengths in bytes."""
        return np.diff(self.offsets)

    def item(self, row: int) -> str:
        """Return one string."""
        return self.utf8[self.offsets[row] : self.offsets[row + 1]].tobytes().decode()

    def tolist(self) -> list[str]:
        """Return all strings."""
        return list(self)

    def __iter__(self) -> Iterator[str]:
        return (held.decode() for held in self.raw())

    def raw(self) -> Iterator[bytes]:
        """Yield the bytes of each string."""
        arena = self.utf8.tobytes()
        bounds = self.offsets.tolist()
        return (arena[start:end] for start, end in pairwise(bounds))

    def equal_to(self, text: str) -> Bool:
        """Return which strings are *text* (bool, n)."""
        sought = np.frombuffer(text.encode(), np.uint8)
        equal: Bool = self.lengths() == len(sought)
        rows = np.flatnonzero(equal)
        places = self.offsets[rows][:, None] + np.arange(len(sought), dtype=np.uint32)
        equal[rows] = (self.utf8[places] == sought).all(axis=1)
        return equal

    def followed_by(self, more: Strings) -> Strings:
        """Return all strings of both."""
        used = self.utf8[: self.offsets[-1]]
        offsets = np.concatenate([self.offsets, more.offsets[1:] + self.offsets[-1]])
        return Strings(np.concatenate([used, more.utf8]), offsets)

    def take(self, rows: npt.NDArray[np.integer]) -> Strings:
        """Return the strings of *rows*, in that order; all in their own order cost nothing."""
        if len(rows) == len(self) and bool((rows == np.arange(len(rows))).all()):
            return self
        lengths = self.lengths()[rows]
        offsets = np.zeros(len(rows) + 1, np.uint32)
        np.cumsum(lengths, out=offsets[1:])
        starts = self.offsets[:-1][rows].astype(np.int64) - offsets[:-1]
        places = np.arange(int(offsets[-1]), dtype=np.int64) + np.repeat(starts, lengths)
        return Strings(self.utf8[places], offsets)


@dataclass(frozen=True, slots=True, eq=False)
class TextColumn:
    """k texts as codes (uint32, k) into a dictionary, in which a text may stand twice."""

    codes: UInt32
    dictionary: Strings

    @classmethod
    def plain(cls, texts: Strings) -> TextColumn:
        """Return *texts* as they are, each its own entry of the dictionary."""
        return cls(np.arange(len(texts), dtype=np.uint32), texts)

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True, eq=False)
class ListColumn:
    """k lists: offsets (uint32, k + 1) into a flat text column."""

    offsets: UInt32
    elements: TextColumn

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """k numbers, instants or packed dates as int64: at the field's scale, seconds, yyyymmdd."""

    values: Int64

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True, eq=False)
class BooleanColumn:
    """k booleans (bool, k)."""

    values: Bool

    def __len__(self) -> int:
        return len(self.values)


Values: TypeAlias = TextColumn | ListColumn | NumberColumn | BooleanColumn


def take_values(values: Values, places: npt.NDArray[np.integer]) -> Values:
    """Return the values at *places*, in that order, sharing the dictionary."""
    match values:
        case TextColumn(codes, dictionary):
            return TextColumn(codes[places], dictionary)
        case NumberColumn(held):
            return NumberColumn(held[places])
        case BooleanColumn(flags):
            return BooleanColumn(flags[places])
        case ListColumn(offsets, elements):
            lengths = np.diff(offsets)[places]
            kept = np.zeros(len(places) + 1, np.uint32)
            np.cumsum(lengths, out=kept[1:])
            starts = offsets[:-1][places].astype(np.int64) - kept[:-1]
            flat = np.arange(int(kept[-1]), dtype=np.int64) + np.repeat(starts, lengths)
            return ListColumn(kept, TextColumn(elements.codes[flat], elements.dictionary))


@dataclass(frozen=True, slots=True, eq=False)
class FieldColumn:
    """Values of one attribute or property for some rows of a batch.

    Attributes:
        name: the attribute or property.
        rows: ascending row numbers (uint32, k), one for each of the k *values*.
        values: what those rows set.
        unset: ascending row numbers (uint32) that unset the attribute; none is in *rows*.
    """

    name: str
    rows: UInt32
    values: Values
    unset: UInt32

    def keep(self, renumbered: npt.NDArray[np.int64]) -> FieldColumn:
        """Return the column for the rows that stay.

        Args:
            renumbered: the new number of each old row (int64, n), -1 for those that go.
        """
        new_rows, new_unset = renumbered[self.rows], renumbered[self.unset]
        staying = np.flatnonzero(new_rows >= 0)
        return FieldColumn(
            self.name,
            new_rows[staying].astype(np.uint32),
            take_values(self.values, staying),
            new_unset[new_unset >= 0].astype(np.uint32),
        )


NO_ROWS: UInt32 = np.zeros(0, np.uint32)
NO_STRINGS = Strings(np.zeros(0, np.uint8), np.zeros(1, np.uint32))
