"""Which owners of the database wrote a store's revisions, and from when on.

A backup that is put back loses revisions, and what is written then takes their numbers. Whoever
read a revision before the owner began that wrote it read another one, of a past that is lost.
"""

from __future__ import annotations

from typing import Any

_KEPT = 1_000


class Lineage:
    """The first revision of each owner, with its instant; the last `_KEPT` of them."""

    def __init__(self) -> None:
        self.owner = 0
        """The epoch of who writes now."""
        self._begun: list[list[int]] = []
        self._epoch = 0

    def wrote(self, revision: int, at: int, epoch: int) -> None:
        """Note a revision that the owner of *epoch* wrote; 0: the one who writes now."""
        epoch = epoch or self.owner
        if epoch != self._epoch:
            self._epoch = epoch
            self._begun = [*self._begun[1 - _KEPT :], [revision, at]]

    def holds(self, revision: int, read_at: int) -> bool:
        """Whether who was at *revision* at the instant *read_at* read what is written here."""
        return all(revision < first or began <= read_at for first, began in self._begun)

    def facts(self) -> dict[str, Any]:
        """Return everything, JSON-able."""
        return {"epoch": self._epoch, "begun": self._begun}

    @classmethod
    def load(cls, facts: dict[str, Any] | None) -> Lineage:
        """Undo `facts`; None: a snapshot from before there were any."""
        loaded = cls()
        if facts is not None:
            loaded._epoch, loaded._begun = facts["epoch"], facts["begun"]
        return loaded
