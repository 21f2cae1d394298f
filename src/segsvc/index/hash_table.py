"""An open-addressing hash table that is searched for a whole batch of keys at once.

It maps 64-bit hashes to entry numbers 0, 1, 2 ...; the keys themselves live elsewhere, and the
caller compares them. Measured against a Python dict at ten million ids: a fifth of the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Int64
from segsvc.index.hashing import UInt64
from segsvc.index.room import Room

Same: TypeAlias = Callable[[npt.NDArray[np.intp], Int64], Bool]
"""Given rows of the batch and as many entries, say which pairs are the same living key."""

_FIRST_SLOTS = 1_024
_GROWTH = 2
_NONE = -1
_ONE = np.uint32(1)
_FEW = 24
"""So few are sought one by one: a step for all of them takes as long as 24 for one."""
_MOVED_PER_ADDED = 4
_MOVED_AT_LEAST = 8_192


class HashTable:
    """Slots hold entry numbers plus one, 0 being free; linear probing; at most 5/8 full.

    A table that is half full begins to fill a larger one, some entries with each batch that is
    added, because filling it at once would hold everybody up for a second at ten million entries.
    """

    def __init__(self, expected: int = 0) -> None:
        """Make an empty table with room for *expected* entries."""
        self._slots = np.zeros(_size_for(expected, _FIRST_SLOTS), np.uint32)
        self._next: npt.NDArray[np.uint32] | None = None
        self._moved = 0
        self._hashes = Room(np.uint64)
        self._entries = 0

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        larger = 0 if self._next is None else self._next.nbytes
        return self._slots.nbytes + larger + self._entries * self._hashes.dtype.itemsize

    def find(self, hashes: UInt64, same: Same) -> Int64:
        """Return the entry of each hash (int64, n), -1 where no entry is the same."""
        found: Int64 = np.full(len(hashes), _NONE, np.int64)
        mask = np.int64(len(self._slots) - 1)
        rows, places = np.arange(len(hashes)), hashes.view(np.int64) & mask
        while len(rows):
            rows, places = self._first_alike(hashes, rows, places)
            entries = self._slots[places].astype(np.int64) - 1
            matched = same(rows, entries)
            found[rows[matched]] = entries[matched]
            others = np.flatnonzero(~matched)
            rows, places = rows[others], (places[others] + 1) & mask
        return found

    def _first_alike(self, hashes: UInt64, rows: Int64, places: Int64) -> tuple[Int64, Int64]:
        """Go on from *places* to the next entries of the same hashes; return who meets one, where.

        Keys are compared behind this, once for all: a call at each step would cost small batches
        more than the search.
        """
        slots, held_hashes = self._slots, self._hashes.elements
        mask = np.int64(len(slots) - 1)
        met_rows, met_places = [rows[:0]], [places[:0]]
        while len(rows) > _FEW:
            held = slots.take(places)
            occupied = np.flatnonzero(held)
            if len(occupied) < len(rows):
                rows, places, held = rows[occupied], places[occupied], held[occupied]
            alike = held_hashes.take(held - _ONE) == hashes.take(rows)
            met_rows.append(rows[alike])
            met_places.append(places[alike])
            going = np.flatnonzero(~alike)
            rows, places = rows[going], (places[going] + 1) & mask
        if len(rows):
            met = np.array([*self._one_by_one(hashes, rows, places)], np.int64).reshape(-1, 2)
            met_rows.append(met[:, 0])
            met_places.append(met[:, 1])
        return np.concatenate(met_rows), np.concatenate(met_places)

    def _one_by_one(self, hashes: UInt64, rows: Int64, places: Int64) -> Iterator[tuple[int, int]]:
        """Do as `_first_alike` does, for few rows; yield (row, place)."""
        slots, held_hashes = self._slots, self._hashes.elements
        mask = len(slots) - 1
        for row, place in zip(rows.tolist(), places.tolist(), strict=True):
            wanted = hashes.item(row)
            while held := slots.item(place):
                if held_hashes.item(held - 1) == wanted:
                    yield row, place
                    break
                place = (place + 1) & mask

    def hashes_of(self, entries: npt.NDArray[np.integer]) -> UInt64:
        """Return the hashes of some entries."""
        found: UInt64 = self._hashes.elements[entries]
        return found

    def alike(self, wanted: int) -> Iterator[int]:
        """Yield every entry with the hash *wanted*, in no particular order."""
        mask = len(self._slots) - 1
        place = wanted & mask
        while held := int(self._slots[place]):
            if int(self._hashes.elements[held - 1]) == wanted:
                yield held - 1
            place = (place + 1) & mask

    def add(self, hashes: UInt64) -> int:
        """Add the next len(hashes) entries; return the number of the first."""
        first = self._entries
        self._entries += len(hashes)
        self._hashes.reserve(self._entries)
        self._hashes.elements[first : self._entries] = hashes
        if self._next is None and self._entries * 2 > len(self._slots):
            size = _size_for(self._entries, len(self._slots) * _GROWTH)
            self._next, self._moved = np.zeros(size, np.uint32), 0
        if self._next is not None:
            self._move(max(_MOVED_PER_ADDED * len(hashes), _MOVED_AT_LEAST))
        if self._moved < self._entries:
            self._place(self._slots, first, self._entries)
        return first

    def _move(self, count: int) -> None:
        """Put the next *count* entries into the larger table, and use it once it holds all."""
        assert self._next is not None
        if self._entries * 8 > len(self._slots) * 5:
            count = self._entries
        end = min(self._moved + count, self._entries)
        self._place(self._next, self._moved, end)
        self._moved = end
        if end == self._entries:
            self._slots, self._next = self._next, None

    def _place(self, slots: npt.NDArray[np.uint32], first: int, end: int) -> None:
        mask = np.int64(len(slots) - 1)
        numbers = np.arange(first + 1, end + 1, dtype=np.uint32)
        places = self._hashes.elements[first:end].view(np.int64) & mask
        while len(numbers):
            free = np.flatnonzero(slots[places] == 0)
            slots[places[free]] = numbers[free]
            lost = np.flatnonzero(slots[places] != numbers)
            numbers, places = numbers[lost], (places[lost] + 1) & mask


def _size_for(entries: int, least: int) -> int:
    size = least
    while entries * 2 > size:
        size *= 2
    return size
