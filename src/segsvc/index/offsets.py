"""Where many pieces end that lie one behind the other, in four bytes each."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Int64
from segsvc.domain.section import Sections
from segsvc.index.array import CHUNK_ROWS, ChunkedArray

Places: TypeAlias = slice | npt.NDArray[np.integer]


class OffsetArray:
    """Ends are counted from the start of their chunk of `CHUNK_ROWS` pieces.

    The pieces of one chunk together must not reach 2^32: text and lists are limited well below.
    """

    def __init__(self, name: str) -> None:
        self._ends = ChunkedArray(name, np.uint32)
        self._bases: Int64 = np.zeros(1, np.int64)
        """Where each chunk begins, the one still to come included."""

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._ends.nbytes + self._bases.nbytes

    @property
    def total(self) -> int:
        """Where the last piece ends."""
        if len(self) % CHUNK_ROWS == 0:
            return int(self._bases[-1])
        return int(self._bases[-1]) + int(self._ends.live[-1])

    def extend(self, lengths: npt.NDArray[np.integer]) -> None:
        """Add pieces at the end."""
        while len(lengths):
            room = CHUNK_ROWS - len(self) % CHUNK_ROWS
            ends = np.cumsum(lengths[:room], dtype=np.int64) + self.total - self._bases[-1]
            self._ends.append(ends)
            if len(self) % CHUNK_ROWS == 0:
                self._bases = np.append(self._bases, self._bases[-1] + ends[-1])
            lengths = lengths[room:]

    def bounds(self, places: Places) -> tuple[Int64, Int64]:
        """Return where the pieces at *places* begin and end (int64)."""
        if isinstance(places, slice):
            first, last, _ = places.indices(len(self))
            if last <= first:
                return np.zeros(0, np.int64), np.zeros(0, np.int64)
            chunks = np.arange(first, last) // CHUNK_ROWS
            ends = self._ends.live[places] + self._bases[chunks]
            return np.concatenate([[self.one(first)[0]], ends[:-1]]), ends
        places = places.astype(np.int64, copy=False)
        bases, held = self._bases.take(places // CHUNK_ROWS), self._ends.live
        before = held.take(places - 1, mode="wrap")  # of the first place: whatever, it is not used
        before[places % CHUNK_ROWS == 0] = 0
        return bases + before, bases + held.take(places)

    def chunk(self, chunk: int) -> tuple[int, npt.NDArray[np.uint32]]:
        """Return where a chunk of `CHUNK_ROWS` pieces begins, and the ends counted from there."""
        first = chunk * CHUNK_ROWS
        return int(self._bases[chunk]), self._ends.live[first : first + CHUNK_ROWS]

    def one(self, place: int) -> tuple[int, int]:
        """Return where one piece begins and ends."""
        base, held = int(self._bases[place // CHUNK_ROWS]), self._ends.live
        before = int(held[place - 1]) if place % CHUNK_ROWS else 0
        return base + before, base + int(held[place])

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that a snapshot keeps."""
        return (self._ends,)

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        held = sections[self._ends.name]
        if (
            held.dtype == np.int64
        ):  # as snapshots of version 1 have it, counted from the first piece
            self.extend(np.diff(held, prepend=0))
            return
        self._ends.load(held)
        full = self._ends.live[CHUNK_ROWS - 1 :: CHUNK_ROWS]
        self._bases = np.concatenate([[0], np.cumsum(full, dtype=np.int64)])
