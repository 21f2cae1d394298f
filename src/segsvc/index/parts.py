"""In which part of its bin each member's value lies, told by one byte.

The members of a bin have their values all over the column: of ten million contacts an edge bin has
ten thousand, and to read those takes ten times as long as all else that a range costs. With the
part of the bin beside each member, only the part that the end of a range cuts through is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from segsvc.domain.columns import Bool, Int64, UInt8

PARTS = 256

OUTSIDE, INSIDE, READ = 0, 1, 2
"""None of a part matches, all of it does, or each value tells."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A bin that is cut up.

    Attributes:
        edges: the least value of each part (int64, at most `PARTS`), ascending.
        end: the greatest value that the bin may hold.
        codes: the part of each member (uint8, n), in the order of ordinals.
    """

    edges: Int64
    end: int
    codes: UInt8

    @classmethod
    def of(cls, keys: Int64, least: int, end: int) -> Parts:
        """Cut a bin of *least* to *end* up at quantiles of its members' values *keys*."""
        edges = np.unique(np.sort(keys)[:: -(-len(keys) // PARTS)])
        edges[0] = least
        codes = np.searchsorted(edges, keys, side="right") - 1
        return cls(edges, end, codes.astype(np.uint8))

    def states(self, test: Test) -> UInt8:
        """Return of each member `OUTSIDE`, `INSIDE` or `READ`."""
        table = np.zeros(PARTS, np.uint8)
        test.mark(self.edges, self.end, table)
        return table[self.codes]


class Test(Protocol):
    """What is asked about values."""

    def mark(self, edges: Int64, end: int, table: UInt8) -> None:
        """Put what is known of each part, or bin, from its edge to before the next into *table*."""

    def passed(self, keys: Int64) -> Bool:
        """Return which of *keys* match."""


@dataclass(frozen=True, slots=True)
class Between:
    """low <= value <= high."""

    low: int
    high: int

    def located(self, edges: Int64, end: int) -> tuple[int, int, list[int]]:
        """Return the first of the bins that lie inside, the one behind the last, and those cut."""
        low, high = max(self.low, int(edges[0])), min(self.high, end)
        first = int(np.searchsorted(edges, np.int64(low)))
        last = int(np.searchsorted(edges, np.int64(high), side="right"))
        cut = []
        if first == len(edges) or edges[first] > low:
            cut.append(first - 1)
        if high < (int(edges[last]) - 1 if last < len(edges) else end):
            last -= 1
            if last not in cut:
                cut.append(last)
        return first, last, cut

    def mark(self, edges: Int64, end: int, table: UInt8) -> None:
        """See `Test.mark`."""
        first, last, cut = self.located(edges, end)
        table[first:last] = INSIDE
        table[cut] = READ

    def passed(self, keys: Int64) -> Bool:
        """See `Test.passed`."""
        return (keys >= self.low) & (keys <= self.high)


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """A value that is one of *values* (int64, ascending)."""

    values: Int64

    def located(self, edges: Int64, end: int) -> tuple[list[int], list[int]]:
        """Return the bins that hold nothing but one of the values, and those that may hold some."""
        there = self.values[(self.values >= edges[0]) & (self.values <= end)]
        places = np.unique(np.searchsorted(edges, there, side="right") - 1)
        single = edges[places] == np.append(edges[1:] - 1, end)[places]
        return places[single].tolist(), places[~single].tolist()

    def mark(self, edges: Int64, end: int, table: UInt8) -> None:
        """See `Test.mark`."""
        whole, cut = self.located(edges, end)
        table[whole] = INSIDE
        table[cut] = READ

    def passed(self, keys: Int64) -> Bool:
        """See `Test.passed`."""
        return np.isin(keys, self.values)


__all__ = ["INSIDE", "PARTS", "READ", "Between", "OneOf", "Parts", "Test"]
