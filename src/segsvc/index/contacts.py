"""The contacts of a store: ids, universe, aliases, deleted ids, sample hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from segsvc.bitmap import Bitmap, Faces, copied, from_sorted, ordinals_of, size_of
from segsvc.domain.columns import Int64, Strings, UInt32
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.contact_ids import ContactIds
from segsvc.index.hashing import UInt64, hash_strings
from segsvc.index.samples import SaltedTops, salted

REFUSED_SECONDS = 604_800
"""How long after a deletion events that are not newer than it are refused."""


class Contacts:
    """Who there is. Ordinals ascend in the order of creation and are never used twice."""

    def __init__(self, hash_key: bytes) -> None:
        self.ids = ContactIds()
        self.universe = Bitmap()
        self._hash_key = hash_key
        self._aliases: dict[int, tuple[str, ...]] = {}
        self._deleted: dict[str, tuple[int, int]] = {}
        self._samples = ChunkedArray("contacts/samples", np.uint64)
        self._tops = SaltedTops()

    @property
    def count(self) -> int:
        """Live contacts."""
        return len(self.universe)

    @property
    def ordinal_limit(self) -> int:
        """One more than the highest ordinal given so far."""
        return self.ids.ordinal_limit

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        held = self.ids.nbytes + self._samples.nbytes + self._tops.nbytes
        return held + size_of(self.universe)

    def find(self, ids: Strings) -> Int64:
        """Return the ordinal of each id (int64, n), -1 where unknown; follows aliases."""
        return self.ids.find(ids)

    def find_one(self, contact_id: str) -> int | None:
        """Return the ordinal of one id; follows aliases."""
        ordinal = int(self.ids.find(Strings.of([contact_id]))[0])
        return None if ordinal < 0 else ordinal

    def look_ahead(self, batches: Iterable[Strings]) -> None:
        """See `ContactIds.look_ahead`."""
        self.ids.look_ahead(batches)

    def find_or_create(self, ids: Strings) -> tuple[UInt32, UInt32]:
        """Return the ordinal of each id (uint32, n) and the ordinals that were made for it."""
        ordinals, made = self.ids.find_or_create(ids)
        if len(made):
            self.universe |= from_sorted(made)
            self._hash_new()
        return ordinals, made

    def id_of(self, ordinal: int) -> str:
        """Return a contact's own id."""
        return self.ids.id_of(ordinal)

    def ids_of(self, ordinals: UInt32) -> Strings:
        """Return the contacts' own ids."""
        return self.ids.ids_of(ordinals)

    def aliases_of(self, ordinal: int) -> tuple[str, ...]:
        """Return the ids that merges made aliases of a contact."""
        return self._aliases.get(ordinal, ())

    def delete(self, ordinal: int, at: int) -> None:
        """Retire a contact with all its ids; a keyed hash of each is kept for seven days."""
        for held in (self.id_of(ordinal), *self._aliases.pop(ordinal, ())):
            self.ids.retire(held)
            self._deleted[self._hidden(held)] = (at, self._quick(Strings.of([held]))[0].item())
        self.universe.discard(ordinal)
        self._forget_deleted(at)

    def merge(self, source: int, into: int) -> None:
        """Make the ids of *source* aliases of *into* and retire its ordinal."""
        moved = (self.id_of(source), *self._aliases.pop(source, ()))
        for held in moved:
            self.ids.alias(held, into)
        self._aliases[into] = (*self._aliases.get(into, ()), *moved)
        self.universe.discard(source)

    def deleted_at(self, ids: Strings, at: int) -> Int64:
        """Return when each id was deleted (int64, n); -1: not in the last seven days of *at*."""
        found = np.full(len(ids), -1, np.int64)
        live = [held for held in self._deleted.values() if at < held[0] + REFUSED_SECONDS]
        if live:
            quick = np.array([hashed for _, hashed in live], np.uint64)
            for row in np.flatnonzero(np.isin(self._quick(ids), quick)).tolist():
                when, _ = self._deleted.get(self._hidden(ids.item(row)), (-1, 0))
                found[row] = when if at < when + REFUSED_SECONDS else -1
        return found

    def _forget_deleted(self, at: int) -> None:
        held = self._deleted.items()
        self._deleted = {key: value for key, value in held if at < value[0] + REFUSED_SECONDS}

    def _quick(self, ids: Strings) -> UInt64:
        """Return 64-bit hashes that pick the few ids worth a keyed hash."""
        return hash_strings(ids, int.from_bytes(self._hash_key[:8], "little"))

    def _hidden(self, contact_id: str) -> str:
        return hashlib.blake2b(contact_id.encode(), key=self._hash_key, digest_size=16).hexdigest()

    def sampled(self, salt: str, below: int) -> Faces:
        """Return the contacts whose hash salted with *salt* is less than *below*."""
        limit = self.ordinal_limit
        if below >= 2**64:
            return Faces(copied(self.universe), limit)
        mask = self._tops.below(self._samples.live, salt, np.uint64(below))
        found = Faces.of_mask(mask, limit)
        if len(self.universe) == limit:
            return found
        return Faces(found.bitmap & self.universe, limit)

    def sample(self, salt: str, below: int, within: Bitmap | None) -> Bitmap:
        """Return who of *within* is `sampled`; None: all who are."""
        if within is None:
            return self.sampled(salt, below).bitmap
        if below >= 2**64:
            return copied(within)
        ordinals = ordinals_of(within)
        return from_sorted(ordinals[salted(self._samples.live[ordinals], salt) < np.uint64(below)])

    def sample_order(self, ordinals: UInt32, salt: str) -> UInt64:
        """Return the salted hashes of some contacts (uint64, k)."""
        return salted(self._samples.live[ordinals], salt)

    def _hash_new(self) -> None:
        """Hash the ids of new contacts: 0.6 us each, which nobody wants to wait for later."""
        known = len(self._samples)
        new = np.arange(known, self.ordinal_limit, dtype=np.uint32)
        if len(new):
            hashes = [
                hashlib.blake2b(held, digest_size=8).digest() for held in self.ids_of(new).raw()
            ]
            self._samples.append(np.frombuffer(b"".join(hashes), "<u8"))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that a snapshot keeps."""
        return *self.ids.arrays(), self._samples

    def facts(self) -> dict[str, Any]:
        """Return what else a snapshot keeps, JSON-able."""
        return {
            "aliases": [[ordinal, list(held)] for ordinal, held in self._aliases.items()],
            "deleted": self._deleted,
        }

    def load(self, facts: dict[str, Any], sections: Sections, universe: Bitmap) -> None:
        """Replace everything by what a snapshot held."""
        self.ids.load(sections)
        self.universe = universe
        self._aliases = {int(ordinal): tuple(held) for ordinal, held in facts["aliases"]}
        self._deleted = {key: (when, quick) for key, (when, quick) in facts["deleted"].items()}
        self._samples.load(sections.get(self._samples.name, np.zeros(0, np.uint64)))
        self._tops = SaltedTops()
        self._hash_new()
