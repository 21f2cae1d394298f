"""The newest part of a store's change log, in memory: what no snapshot has stored yet, and more."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from segsvc.bitmap import size_of
from segsvc.segment.delta import Changes

KEPT_CHANGES = 10_000
"""Changes that are stored already but stay in memory, so that watchers seldom read the disk."""


class ChangeTail:
    """Changes of one store in revision order, from `floor` (exclusive) to its newest revision."""

    def __init__(self, floor: int = 0) -> None:
        self.floor = floor
        """Changes of later revisions are all here."""
        self.stored = floor
        """Changes up to this revision are on disk too."""
        self._held: list[Changes] = []

    def __len__(self) -> int:
        return len(self._held)

    @property
    def nbytes(self) -> int:
        """Bytes held by entered and left contacts, about."""
        deltas = (delta for changes in self._held for delta in changes.deltas)
        return sum(size_of(delta.entered) + size_of(delta.left) for delta in deltas)

    def append(self, changes: Changes) -> None:
        """Take in the changes of the newest revision, if it has any."""
        if changes.deltas:
            self._held.append(changes)

    def since(self, revision: int, limit: int | None = None) -> Sequence[Changes]:
        """Return the first changes of later revisions; *revision* must not lie below `floor`."""
        assert revision >= self.floor, "older changes are on disk only"
        first = bisect_right(self._held, revision, key=lambda held: held.revision)
        return self._held[first : None if limit is None else first + limit]

    def unstored(self, up_to: int) -> Sequence[Changes]:
        """Return the changes that are in memory only, up to a revision."""
        return [held for held in self.since(self.stored) if held.revision <= up_to]

    def mark_stored(self, up_to: int) -> None:
        """Note that changes up to a revision are on disk; forget the oldest of them."""
        self.stored = max(self.stored, up_to)
        stored = bisect_right(self._held, self.stored, key=lambda held: held.revision)
        surplus = min(len(self._held) - KEPT_CHANGES, stored)
        if surplus > 0:
            self.floor = self._held[surplus - 1].revision
            del self._held[:surplus]
