"""Whose text is one of those that a search found: a look at each contact's code, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from segsvc.bitmap import Bitmap, from_ordinals, ordinals_of
from segsvc.domain.columns import Bool, UInt32

_PIECE = 65_536
_PIECES_AT_ONCE = 8


class TextHits:
    """Which contacts hit, read while others write; whoever was written since is read again."""

    def __init__(self) -> None:
        self._found = np.zeros(0, np.bool_)
        self._known = 0
        """So many contacts were read."""
        self._dirty = Bitmap()

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._found.nbytes

    def wrote(self, ordinals: UInt32) -> None:
        """Note that contacts have other codes."""
        self._dirty |= from_ordinals(ordinals)

    def follow(self, codes: Callable[[], UInt32], hits: Bool) -> Iterator[None]:
        """Read the codes of contacts not read yet, half a million at a time.

        Args:
            codes: returns the code of each contact (uint32, n), n being what it was or more.
            hits: whether each code is a hit; later ones are read by `all`.
        """
        while self._known < len(now := codes()):
            if len(self._found) < len(now):
                found = np.empty(len(now), np.bool_)
                found[: self._known] = self._found[: self._known]
                self._found = found
            for _ in range(_PIECES_AT_ONCE):
                piece = slice(self._known, min(self._known + _PIECE, len(now)))
                # In pieces, for the codes are made eight bytes wide on the way.
                hits.take(now[piece], mode="clip", out=self._found[piece])
                self._known = piece.stop
            yield

    def all(self, codes: UInt32, hits: Bool) -> Bool:
        """Return whether each of *codes* is one of *hits*, by now; it is of no use afterwards."""
        if self._dirty:
            again = ordinals_of(self._dirty)
            again = again[: np.searchsorted(again, np.uint32(self._known))]
            self._found[again] = hits[codes[again]]
        for _ in self.follow(lambda: codes, hits):
            pass
        return self._found[: len(codes)]


__all__ = ["TextHits"]
