"""When the events of each block of rows happened: what windows skip and what they take whole."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.index.array import CHUNK_ROWS


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring rows; *whole*: the time of every one of them lies in what was asked for."""

    rows: slice
    whole: bool

    def __len__(self) -> int:
        return int(self.rows.stop - self.rows.start)


class TimeBlocks:
    """The earliest and latest time of every block of rows, in the order of arrival.

    A late event widens the block it arrives in, so that the blocks of a log that is nearly in the
    order of time are nearly disjoint.
    """

    def __init__(self, block_rows: int = CHUNK_ROWS) -> None:
        self._block_rows = block_rows
        self._low: Int64 = np.zeros(0, np.int64)
        self._high: Int64 = np.zeros(0, np.int64)
        self.rows = 0
        self.latest = -1
        """The latest time of all; -1 without rows."""

    def add(self, times: UInt32) -> None:
        """Take in the times of the next rows."""
        first, self.rows = self.rows, self.rows + len(times)
        size = self._block_rows
        for block in range(first // size, -(-self.rows // size)):
            part = times[max(block * size - first, 0) : (block + 1) * size - first]
            low, high = int(part.min()), int(part.max())
            if block == len(self._low):
                self._low, self._high = np.append(self._low, low), np.append(self._high, high)
            else:
                self._low[block] = min(int(self._low[block]), low)
                self._high[block] = max(int(self._high[block]), high)
            self.latest = max(self.latest, high)

    def touching(self, first: int, last: int) -> Bool:
        """Return which blocks may hold a time in first..last."""
        found: Bool = (self._low <= last) & (self._high >= first)
        return found

    def runs(self, first: int, last: int, start: int = 0, stop: int | None = None) -> list[Run]:
        """Return the runs of rows that may hold a time in first..last.

        Args:
            start, stop: only rows start..stop - 1 are asked about; None: up to the last.
        """
        stop, size = self.rows if stop is None else stop, self._block_rows
        wanted = self.touching(first, last)
        wanted[: start // size] = False
        wanted[-(-stop // size) :] = False
        kind = wanted.astype(np.int8)
        kind += wanted & (self._low >= first) & (self._high <= last)
        edges = np.flatnonzero(np.diff(kind, prepend=0, append=0)).tolist()
        found = []
        for begin, end in itertools.pairwise(edges):
            if kind[begin]:
                rows = slice(max(begin * size, start), min(end * size, stop))
                if rows.start < rows.stop:
                    found.append(Run(rows, bool(kind[begin] == 2)))
        return found

    def count(self, first: int, last: int) -> int:
        """Return how many rows `runs` holds."""
        return min(int(np.count_nonzero(self.touching(first, last))) * self._block_rows, self.rows)

    def floor(self, first: int) -> int:
        """Return a row before which no event is as late as *first*."""
        if not len(self._high):
            return 0
        passed = int(np.searchsorted(np.maximum.accumulate(self._high), np.int64(first)))
        return passed * self._block_rows


def pieces(runs: list[Run], most: int) -> list[Run]:
    """Cut runs into runs of at most *most* rows."""
    return [
        Run(slice(start, min(start + most, run.rows.stop)), run.whole)
        for run in runs
        for start in range(run.rows.start, run.rows.stop, most)
    ]
