"""The newest part of a store's change log, in memory: what no snapshot has stored yet, and more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

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
        self._held: deque[Changes] = deque()

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

    def since(self, revision: int) -> Iterator[Changes]:
        """Yield the changes of later revisions; *revision* must not lie below `floor`."""
        assert revision >= self.floor, "older changes are on disk only"
        first = len(self._held)
        while first and self._held[first - 1].revision > revision:
            first -= 1
        for place in range(first, len(self._held)):
            yield self._held[place]

    def unstored(self, up_to: int) -> Sequence[Changes]:
        """Return the changes that are in memory only, up to a revision."""
        return [held for held in self.since(self.stored) if held.revision <= up_to]

    def mark_stored(self, up_to: int) -> None:
        """Note that changes up to a revision are on disk; forget the oldest of them."""
        self.stored = max(self.stored, up_to)
        while len(self._held) > KEPT_CHANGES and self._held[0].revision <= self.stored:
            self.floor = self._held.popleft().revision
