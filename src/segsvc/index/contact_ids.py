"""contact_id -> ordinal, in a byte arena and a vectorised hash table verified by bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segsvc.domain.columns import Int64, Strings, UInt32
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.hash_table import HashTable
from segsvc.index.hashing import Spans, UInt64, distinct, equal_spans, hash_spans
from segsvc.index.strings import StringArena

_GONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """What a batch of *ids* was when there were so many *entries* of ids: -1 where unknown."""

    ids: Strings
    spans: Spans
    hashes: UInt64
    ordinals: Int64
    entries: int


class ContactIds:
    """Every id that was ever seen is one entry; it points at an ordinal, or at none any more.

    A deleted id points nowhere; when it comes again it gets a new entry and a new ordinal. An
    alias points at another contact's ordinal.
    """

    def __init__(self) -> None:
        self._ids = StringArena("contacts/ids")
        self._table = HashTable()
        self._ordinals = ChunkedArray("contacts/ordinals", np.int64)
        self._entries = ChunkedArray("contacts/entries", np.uint32)
        self._ahead: dict[int, _Found] = {}
        """Batches looked up ahead, by `id`; each holds its batch, so that no other has that."""

    @property
    def ordinal_limit(self) -> int:
        """One more than the highest ordinal given so far."""
        return len(self._entries)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        arrays = (self._ordinals, self._entries)
        return self._ids.nbytes + self._table.nbytes + sum(array.nbytes for array in arrays)

    def find(self, ids: Strings) -> Int64:
        """Return the ordinal of each id (int64, n), -1 where there is none; follows aliases."""
        spans = Spans.of(ids)
        return self._find(spans, hash_spans(spans))[1]

    def _find(self, ids: Spans, hashes: UInt64) -> tuple[Int64, Int64]:
        ordinals = self._ordinals.live
        entries = self._table.find(
            hashes,
            lambda rows, held: (
                (ordinals.take(held) != _GONE) & equal_spans(ids.take(rows), self._ids.spans(held))
            ),
        )
        found = np.full(len(hashes), _GONE, np.int64)
        known = entries >= 0
        found[known] = ordinals[entries[known]]
        return entries, found

    def look_ahead(self, batches: Iterable[Strings]) -> None:
        """Find the ids that `find_or_create` will be given next, so that it need not.

        May run beside reads, in another thread, but not beside a write.
        """
        self._ahead = {id(ids): self._look_up(ids) for ids in batches}

    def _look_up(self, ids: Strings) -> _Found:
        spans = Spans.of(ids)
        hashes = hash_spans(spans)
        return _Found(ids, spans, hashes, self._find(spans, hashes)[1], len(self._ids))

    def find_or_create(self, ids: Strings) -> tuple[UInt32, UInt32]:
        """Return the ordinal of each id (uint32, n) and the ordinals that were made for it."""
        held = self._ahead.pop(id(ids), None) or self._look_up(ids)
        spans, hashes, found = held.spans, held.hashes, held.ordinals
        missing = np.flatnonzero(found == _GONE)
        if len(missing) and held.entries < len(self._ids):
            found[missing] = self._find(spans.take(missing), hashes[missing])[1]
            missing = np.flatnonzero(found == _GONE)
        if len(missing) == 0:
            return found.astype(np.uint32), np.zeros(0, np.uint32)
        firsts, groups = distinct(ids.take(missing), hashes[missing])
        new = missing[firsts]
        start = self.ordinal_limit
        made = np.arange(start, start + len(new), dtype=np.uint32)
        entries = self._append(ids.take(new), hashes[new], made)
        self._entries.append(entries)
        found[missing] = made[groups]
        return found.astype(np.uint32), made

    def _append(
        self,
        ids: Strings,
        hashes: UInt64,
        ordinals: UInt32,
    ) -> UInt32:
        self._ids.append(ids)
        self._ordinals.append(ordinals)
        first = self._table.add(hashes)
        return np.arange(first, first + len(hashes), dtype=np.uint32)

    def id_of(self, ordinal: int) -> str:
        """Return a contact's own id."""
        return self._ids.item(int(self._entries.live[ordinal]))

    def ids_of(self, ordinals: UInt32) -> Strings:
        """Return the contacts' own ids."""
        return self._ids.take(self._entries.live[ordinals])

    def retire(self, contact_id: str) -> None:
        """Let an id point nowhere."""
        self._point(contact_id, _GONE)

    def alias(self, contact_id: str, ordinal: int) -> None:
        """Let an id point at another contact."""
        self._point(contact_id, ordinal)

    def _point(self, contact_id: str, ordinal: int) -> None:
        ids = Spans.of(Strings.of([contact_id]))
        entry = int(self._find(ids, hash_spans(ids))[0][0])
        assert entry >= 0, "the id is known"
        self._ahead = {}
        self._ordinals.put_one(entry, ordinal)

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""
        return *self._ids.arrays(), self._ordinals, self._entries

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        self._ids.load(sections)
        self._ordinals.load(sections[self._ordinals.name])
        self._entries.load(sections[self._entries.name])
        self._table = HashTable(len(self._ids))
        for start in range(0, len(self._ids), 65_536):
            places = np.arange(start, min(start + 65_536, len(self._ids)))
            self._table.add(hash_spans(self._ids.spans(places)))
