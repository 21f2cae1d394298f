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
        rows = np.arange(len(hashes))
        mask = np.int64(len(self._slots) - 1)
        places = hashes.view(np.int64) & mask
        held_hashes = self._hashes.elements
        while len(rows):
            held = self._slots[places]
            occupied = np.flatnonzero(held)
            if len(occupied) < len(rows):
                rows, places, held = rows[occupied], places[occupied], held[occupied]
            entries = held.astype(np.int64) - 1
            alike = np.flatnonzero(held_hashes[entries] == hashes[rows])
            if len(alike):
                matched = alike[same(rows[alike], entries[alike])]
                found[rows[matched]] = entries[matched]
                going = np.ones(len(rows), np.bool_)
                going[matched] = False
                left = np.flatnonzero(going)
                rows, places = rows[left], places[left]
            places = (places + 1) & mask
        return found

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
