"""Which event ids were applied in the last seven days, per behavior and contact."""

from __future__ import annotations

import numpy as np

from segsvc.domain.columns import Bool, Int64, Strings, UInt32
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.hash_table import HashTable
from segsvc.index.hashing import UInt64, hash_strings, mix

REMEMBERED_SECONDS = 604_800

_SECOND_SEED = 0x5E65


def owner_keys(ordinals: Int64, ids: Strings) -> UInt64:
    """Return what stands for each event's contact: its ordinal, or its id while it has none."""
    known = mix(ordinals.astype(np.uint64) + np.uint64(1))
    return np.where(ordinals >= 0, known, hash_strings(ids, _SECOND_SEED))


class EventIds:
    """Event ids of one behavior, as two independent 64-bit hashes of (contact, event id).

    Two different ids of one contact count as the same with a chance of 2^-128.
    """

    def __init__(self, name: str) -> None:
        self._table = HashTable()
        self._first = ChunkedArray(f"{name}/ids/first", np.uint64)
        self._second = ChunkedArray(f"{name}/ids/second", np.uint64)
        self._applied = ChunkedArray(f"{name}/ids/applied", np.int64)
        self._ordinals = ChunkedArray(f"{name}/ids/ordinals", np.uint32)
        self._rows = ChunkedArray(f"{name}/ids/rows", np.uint32)

    def __len__(self) -> int:
        return len(self._first)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._table.nbytes + sum(array.nbytes for array in self.arrays())

    def known(self, first: UInt64, second: UInt64, at: int) -> Bool:
        """Return which pairs of hashes were applied within the last seven days of *at*."""
        return self._entries(first, second, at) >= 0

    def _entries(self, first: UInt64, second: UInt64, at: int) -> Int64:
        held, applied = self._second.live, self._applied.live
        return self._table.find(
            first,
            lambda rows, entries: (
                (held[entries] == second[rows]) & (applied[entries] > at - REMEMBERED_SECONDS)
            ),
        )

    def remember(
        self, first: UInt64, second: UInt64, ordinals: UInt32, rows: UInt32, at: int
    ) -> None:
        """Keep event ids applied at *at*; *rows* are those of the log."""
        self._forget_expired(at)
        self._add(first, second, ordinals, rows, np.full(len(first), at, np.int64))

    def _add(
        self, first: UInt64, second: UInt64, ordinals: UInt32, rows: UInt32, applied: Int64
    ) -> None:
        self._table.add(first)
        self._first.append(first)
        self._second.append(second)
        self._ordinals.append(ordinals)
        self._rows.append(rows)
        self._applied.append(applied)

    def _forget_expired(self, at: int) -> None:
        """Build anew without expired entries, once they are more than half of at least 4,096."""
        if len(self) < 4_096 or int(self._applied.live[len(self) // 2]) > at - REMEMBERED_SECONDS:
            return
        kept = np.flatnonzero(self._applied.live > at - REMEMBERED_SECONDS)
        arrays = self.arrays()
        columns = [array.live[kept].copy() for array in arrays]
        for array, column in zip(arrays, columns, strict=True):
            array.load(column)
        self._table = HashTable()
        self._table.add(self._first.live)

    def merge(self, source: int, into: int, at: int) -> UInt32:
        """Let *into* own the ids of *source*; return the log rows whose ids *into* had already."""
        mine = np.flatnonzero(self._ordinals.live == np.uint32(source))
        mine = mine[self._applied.live[mine] > at - REMEMBERED_SECONDS]
        if not len(mine):
            return np.zeros(0, np.uint32)
        change = _owner(source) ^ _owner(into)
        first, second = self._first.live[mine] ^ change, self._second.live[mine] ^ change
        there = self.known(first, second, at)
        new = mine[~there]
        dropped = self._rows.live[mine[there]].copy()
        self._add(
            first[~there],
            second[~there],
            np.full(len(new), into, np.uint32),
            self._rows.live[new].copy(),
            self._applied.live[new].copy(),
        )
        return dropped

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that a snapshot keeps."""
        return self._first, self._second, self._applied, self._ordinals, self._rows

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        for array in self.arrays():
            array.load(sections[array.name])
        self._table = HashTable()
        if len(self):
            self._table.add(self._first.live)


def _owner(ordinal: int) -> np.uint64:
    key: np.uint64 = mix(np.array([ordinal + 1], np.uint64))[0]
    return key


def fingerprints(owners: UInt64, event_ids: Strings) -> tuple[UInt64, UInt64]:
    """Return the two hashes of (contact, event id); xor with the owner's key moves them."""
    return hash_strings(event_ids) ^ owners, hash_strings(event_ids, _SECOND_SEED) ^ owners
