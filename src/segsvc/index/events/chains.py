"""Each contact's events in one log, linked from the latest arrival to the first."""

from __future__ import annotations

import numpy as np

from segsvc.domain.columns import Int64, UInt32
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray


class Chains:
    """Rows are linked by number plus one, so that 0 ends a chain.

    `heads` is by ordinal, `prev` by row.
    """

    def __init__(self, name: str) -> None:
        self.heads = ChunkedArray(f"{name}/heads", np.uint32)
        self.prev = ChunkedArray(f"{name}/prev", np.uint32)

    def append(self, ordinals: UInt32) -> None:
        """Link the next len(ordinals) rows to the contacts they belong to."""
        first = len(self.prev)
        self.heads.grow(int(ordinals.max()) + 1, 0)
        order = np.argsort(ordinals, kind="stable")
        owners = ordinals[order]
        follows = np.zeros(len(order), np.bool_)
        np.equal(owners[1:], owners[:-1], out=follows[1:])
        before = np.empty(len(order), np.uint32)
        before[1:] = order[:-1] + (first + 1)
        before[~follows] = self.heads.live[owners[~follows]]
        prev = np.empty(len(order), np.uint32)
        prev[order] = before
        self.prev.append(prev)
        last = np.ones(len(order), np.bool_)
        last[:-1] = ~follows[1:]
        self.heads.put(owners[last], (order[last] + (first + 1)).astype(np.uint32))

    def rows_of(self, ordinal: int) -> Int64:
        """Return the rows of one contact, latest arrival first."""
        rows, prev = [], self.prev.live
        link = int(self.heads.live[ordinal]) if ordinal < len(self.heads) else 0
        while link:
            rows.append(link - 1)
            link = int(prev[link - 1])
        return np.array(rows, np.int64)

    def rows_within(self, ordinals: UInt32) -> tuple[Int64, Int64]:
        """Return the rows of some contacts and the place of each row's contact in *ordinals*.

        Loops over the longest chain, not over contacts.
        """
        places = np.flatnonzero(ordinals < len(self.heads))
        links = self.heads.live[ordinals[places]]
        prev = self.prev.live
        all_rows, all_places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        while True:
            going = links != 0
            links, places = links[going], places[going]
            if not len(links):
                return np.concatenate(all_rows), np.concatenate(all_places)
            rows = links.astype(np.int64) - 1
            all_rows.append(rows)
            all_places.append(places)
            links = prev[rows]

    def relink(self, ordinal: int, rows: Int64) -> None:
        """Make *rows* (ascending) the chain of a contact."""
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
        for array in self.arrays():
            array.load(sections[array.name])
