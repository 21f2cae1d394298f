"""Which owners of the database wrote a store's revisions, and from when on.

A backup that is put back loses revisions, and what is written then takes their numbers; a copy that
is served beside its original goes another way from then on. Whoever read a revision that another
owner wrote than is kept here read one of another past.
"""

from __future__ import annotations

from typing import Any

_KEPT = 1_000


class Lineage:
    """The first revision of each owner, with its instant and epoch; the last `_KEPT` of them."""

    def __init__(self) -> None:
        self.owner = 0
        """The epoch of who writes now."""
        self._begun: list[tuple[int, int, int]] = []
        self._epoch = 0

    def wrote(self, revision: int, at: int, epoch: int) -> None:
        """Note a revision that the owner of *epoch* wrote; 0: the one who writes now."""
        epoch = epoch or self.owner
        if epoch != self._epoch:
            self._epoch = epoch
            self._begun = [*self._begun[1 - _KEPT :], (revision, at, epoch)]

    def writer_of(self, revision: int) -> int:
        """Return the epoch of who wrote *revision*; 0: that is not known any more."""
        for first, _, epoch in reversed(self._begun):
            if first <= revision:
                return epoch
        return 0

    def holds(self, revision: int, read_at: int, writer: int) -> bool:
        """Whether who was at *revision* at the instant *read_at* read what is written here.

        *writer*: of the revision as it was read; 0: unknown, then the instant decides, which cannot
        tell what happened within a second.
        """
        known = self.writer_of(revision)
        if writer and known:
            return writer == known
        return all(revision < first or began <= read_at for first, began, _ in self._begun)

    def facts(self) -> dict[str, Any]:
        """Return everything, JSON-able."""
        return {"epoch": self._epoch, "begun": self._begun}

    @classmethod
    def load(cls, facts: dict[str, Any] | None) -> Lineage:
        """Undo `facts`; None: a snapshot from before there were any."""
        loaded = cls()
        if facts is not None:
            loaded._epoch = facts["epoch"]
            loaded._begun = [
                (revision, at, *(epoch or [0])) for revision, at, *epoch in facts["begun"]
            ]
        return loaded
