"""Per contact: how many events, the first and last time, and all-time sums. Caches, not truth."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Int64, UInt32

T = TypeVar("T", bound=np.integer)

NEVER_FIRST = np.uint32(0xFFFFFFFF)
_FITS = 2**62


class RunningTimes:
    """Count (uint32), first and last time (uint32 seconds) of each contact's events.

    A contact without events has count 0, first 2^32 - 1 and last 0.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(0, np.uint32)
        self.first = np.zeros(0, np.uint32)
        self.last = np.zeros(0, np.uint32)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.counts.nbytes + self.first.nbytes + self.last.nbytes

    def add(self, ordinals: UInt32, times: UInt32) -> None:
        """Take in events."""
        if not len(ordinals):
            return
        limit = int(ordinals.max()) + 1
        if limit > len(self.counts):
            room = max(limit, len(self.counts) * 3 // 2, 1_024)
            self.counts = _grown(self.counts, room, 0)
            self.first = _grown(self.first, room, int(NEVER_FIRST))
            self.last = _grown(self.last, room, 0)
        np.add.at(self.counts, ordinals, np.uint32(1))
        np.minimum.at(self.first, ordinals, times)
        np.maximum.at(self.last, ordinals, times)

    def clear(self, ordinal: int) -> None:
        """Forget one contact."""
        if ordinal < len(self.counts):
            self.counts[ordinal], self.last[ordinal] = 0, 0
            self.first[ordinal] = NEVER_FIRST


class RunningSum:
    """All-time sum (int64) and number of summed events (uint32) of one number property.

    *exact* turns false when the sum of all magnitudes might exceed an int64; it is not used then.
    """

    def __init__(self) -> None:
        self.sums = np.zeros(0, np.int64)
        self.counts = np.zeros(0, np.uint32)
        self.rows = 0
        self.exact = True
        self._magnitude = 0

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.sums.nbytes + self.counts.nbytes

    def add(self, ordinals: UInt32, values: Int64) -> None:
        """Take in the values of events that carry the property."""
        if not len(ordinals):
            return
        largest = max(int(values.max()), -int(values.min()))
        self._magnitude += largest * len(values)
        self.exact = self.exact and self._magnitude < _FITS
        limit = int(ordinals.max()) + 1
        if limit > len(self.sums):
            room = max(limit, len(self.sums) * 3 // 2, 1_024)
            self.sums = _grown(self.sums, room, 0)
            self.counts = _grown(self.counts, room, 0)
        if self.exact:
            np.add.at(self.sums, ordinals, values)
            np.add.at(self.counts, ordinals, np.uint32(1))

    def there(self) -> Bool:
        """Return which contacts have a summed event."""
        found: Bool = self.counts > 0
        return found


def _grown(held: npt.NDArray[T], room: int, fill: int) -> npt.NDArray[T]:
    grown = np.full(room, fill, held.dtype)
    grown[: len(held)] = held
    return grown
