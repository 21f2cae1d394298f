"""Each contact's events in one log, linked from the latest arrival to the first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segsvc.domain.columns import Int64, UInt32
from segsvc.domain.section import Sections
from segsvc.index.array import CHUNK_ROWS, ChunkedArray

MS_PER_ROW = 6e-5
MS_PER_STEP = 0.012


class Walk(NamedTuple):
    """The rows of some contacts (int64), and the place of each row's contact among them."""

    rows: Int64
    places: Int64


class _Walked(NamedTuple):
    """A walk and what it is an answer to."""

    ordinals: UInt32
    floor: int
    walk: Walk


class Chains:
    """Rows are linked by number plus one, so that 0 ends a chain; links lead to earlier rows.

    `heads` is by ordinal, `prev` by row. The latest walk is kept, because the leaves of one
    revision ask about the same contacts one after the other.
    """

    def __init__(self, name: str) -> None:
        self.heads = ChunkedArray(f"{name}/heads", np.uint32)
        self.prev = ChunkedArray(f"{name}/prev", np.uint32)
        self._walked: _Walked | None = None

    def append(self, ordinals: UInt32) -> None:
        """Link the next len(ordinals) rows to the contacts they belong to."""
        self._walked = None
        self.heads.grow(int(ordinals.max()) + 1, 0)
        for start in range(0, len(ordinals), CHUNK_ROWS):
            self._append(ordinals[start : start + CHUNK_ROWS])

    def _append(self, ordinals: UInt32) -> None:
        """Link at most 65,536 rows.

        Rows of one contact share the number of its last row here, a uint16: grouping them is a
        radix sort.
        """
        first = len(self.prev)
        links = np.arange(first + 1, first + 1 + len(ordinals), dtype=np.uint32)
        prev = self.heads.live[ordinals]
        self.heads.put(ordinals, links)
        last = self.heads.live[ordinals]
        if not np.array_equal(last, links):
            groups = (last - np.uint32(first + 1)).astype(np.uint16)
            order = np.argsort(groups, kind="stable")
            follows = np.flatnonzero(groups[order[1:]] == groups[order[:-1]])
            prev[order[follows + 1]] = links[order[follows]]
        self.prev.append(prev)

    def rows_of(self, ordinal: int) -> Int64:
        """Return the rows of one contact, latest arrival first."""
        rows, prev = [], self.prev.live
        link = int(self.heads.live[ordinal]) if ordinal < len(self.heads) else 0
        while link:
            rows.append(link - 1)
            link = int(prev[link - 1])
        return np.array(rows, np.int64)

    def walk(self, ordinals: UInt32, floor: int, budget_ms: float) -> Walk | None:
        """Return the rows, not before row *floor*, of some contacts (ascending).

        Loops over the longest chain, not over contacts. None when that would take longer than
        *budget_ms*.
        """
        held = self._walked
        if held is None or held.floor > floor or not np.array_equal(held.ordinals, ordinals):
            found = self._walk(ordinals, floor, budget_ms)
            if found is None:
                return None
            self._walked = held = _Walked(ordinals, floor, found)
        return held.walk

    def _walk(self, ordinals: UInt32, floor: int, budget_ms: float) -> Walk | None:
        places = np.flatnonzero(ordinals < len(self.heads))
        links = self.heads.live[ordinals[places]]
        prev, lowest = self.prev.live, np.uint32(floor + 1)
        all_rows, all_places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        while True:
            going = links >= lowest
            links, places = links[going], places[going]
            if not len(links):
                return Walk(np.concatenate(all_rows), np.concatenate(all_places))
            budget_ms -= MS_PER_STEP + MS_PER_ROW * len(links)
            if budget_ms < 0:
                return None
            rows = links.astype(np.int64) - 1
            all_rows.append(rows)
            all_places.append(places)
            links = prev[rows]

    def relink(self, ordinal: int, rows: Int64) -> None:
        """Make *rows* (ascending) the chain of a contact."""
        self._walked = None
        links = np.zeros(len(rows), np.uint32)
        links[1:] = rows[:-1] + 1
        self.prev.put(rows, links)
        if len(rows) or ordinal < len(self.heads):
            self.heads.grow(ordinal + 1, 0)
            self.heads.put_one(ordinal, int(rows[-1]) + 1 if len(rows) else 0)

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""
        return self.heads, self.prev

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        self._walked = None
        for array in self.arrays():
            array.load(sections[array.name])
