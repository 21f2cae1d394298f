"""Who has ever done something: one bitmap, brought up to the last row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from segsvc.bitmap import Bitmap, from_ordinals, from_words, pack, size_of

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

_NEAR_ROWS = 16_384
_PIECE_CONTACTS = 2**20


class Doers:
    """The contacts with a row in one log. A bitmap that was told is never changed."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._known = 0
        self._held = Bitmap()
        self._moved = 0

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return size_of(self._held)

    @property
    def is_near(self) -> bool:
        """Whether `all` reads only a few of the last rows."""
        return len(self._log) - self._known <= _NEAR_ROWS

    def all(self) -> Bitmap:
        """Return them, not to be changed."""
        if self._known < len(self._log):
            owners = self._log.owners(slice(self._known, len(self._log)))
            self._held = self._held | from_ordinals(owners[self._log.are_alive(owners)])
            self._known = len(self._log)
        return self._held

    def upkeep(self) -> Iterator[None]:
        """Take them from the last row of each contact, piece by piece; rows may come meanwhile."""
        if self.is_near:
            return
        known, moved = len(self._log), self._moved
        packed = pack(np.zeros(0, np.bool_), self._log.contact_limit)
        for start in range(0, self._log.contact_limit, _PIECE_CONTACTS):
            rows = self._log.last_rows[start : start + _PIECE_CONTACTS]
            words = pack(rows > 0)
            part = packed[start // 64 : start // 64 + len(words)]
            part |= words[: len(part)]
            yield
        if moved == self._moved:
            self._held, self._known = from_words(packed), known

    def moved(self, ordinal: int) -> None:
        """Take in that one contact's rows are others now."""
        self._moved += 1
        alone = Bitmap([ordinal])
        has_rows = bool(self._log.last_rows[ordinal])
        self._held = self._held | alone if has_rows else self._held - alone
