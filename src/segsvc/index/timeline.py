"""Who has an instant in a range of time, and when the next instant lies: what flips ask.

A timeline is a cache beside the columns. It never forgets: an instant that was overwritten or whose
contact is gone is still named, which its readers allow for (they check whom it names).
"""

from __future__ import annotations

import numpy as np

from segsvc.bitmap import Bitmap, from_ordinals
from segsvc.domain.columns import Int64, UInt32

_RATIO = 4
"""A run is merged into the one before it unless that is this many times larger."""


class Timeline:
    """Pairs of instant and contact, in a few sorted runs that grow like a log-structured merge."""

    def __init__(self) -> None:
        self._runs: list[tuple[Int64, UInt32]] = []

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(times.nbytes + owners.nbytes for times, owners in self._runs)

    def add(self, times: Int64, owners: UInt32) -> None:
        """Take in instants (int64 UTC seconds, n) of contacts (uint32, n)."""
        if not len(times):
            return
        self._runs.append(_sorted(times.astype(np.int64), owners))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < _RATIO * len(self._runs[-1][0]):
            late, early = self._runs.pop(), self._runs.pop()
            self._runs.append(_merged(early, late))

    def between(self, first: int, last: int) -> Bitmap:
        """Return contacts that have, or had, an instant with first <= instant <= last."""
        if first > last:
            return Bitmap()
        found = []
        for times, owners in self._runs:
            start, end = _place(times, first), _place(times, last + 1)
            if start < end:
                found.append(owners[start:end])
        return from_ordinals(np.concatenate(found)) if found else Bitmap()

    def after(self, instant: int) -> int | None:
        """Return the first instant later than *instant*."""
        found = [
            int(times[place])
            for times, _ in self._runs
            if (place := _place(times, instant + 1)) < len(times)
        ]
        return min(found, default=None)


def _place(times: Int64, instant: int) -> int:
    return int(np.searchsorted(times, np.int64(instant)))


def _sorted(times: Int64, owners: UInt32) -> tuple[Int64, UInt32]:
    if bool((times[1:] >= times[:-1]).all()):
        return times, owners.copy()
    order = np.argsort(times, kind="stable")
    return times[order], owners[order]


def _merged(early: tuple[Int64, UInt32], late: tuple[Int64, UInt32]) -> tuple[Int64, UInt32]:
    times = np.concatenate([early[0], late[0]])
    owners = np.concatenate([early[1], late[1]])
    return _sorted(times, owners)
