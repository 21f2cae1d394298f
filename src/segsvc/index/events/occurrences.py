"""In which rows each text of a property stands: "who bought this" without reading every row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.index.array import ChunkedArray

_NEAR_BLOCKS = 4

MOST_LOOKUPS = 65_536
"""Codes times blocks up to which looking up is preferred to reading the rows."""


class CodedRows(Protocol):
    """The column whose codes are kept in order here."""

    def __len__(self) -> int:
        """Rows."""

    def coded(self, block: int) -> tuple[UInt32, npt.NDArray[np.uint16]]:
        """Return each code of a block of rows and the place of its row in the block."""


class Occurrences:
    """The rows of every full block by code, made on the first question and then kept up.

    The last, growing block is not covered. A place takes 2 bytes, a code of a block 12. Owners of
    rows may change: rows are kept here, not contacts.
    """

    def __init__(self, column: CodedRows, block_rows: int) -> None:
        """*block_rows*: at most 65,536."""
        self._column = column
        self._block_rows = block_rows
        self._blocks = 0
        self._wanted = False
        self._places = ChunkedArray("places", np.uint16)
        self._keys = ChunkedArray("keys", np.uint64)
        self._ends = ChunkedArray("ends", np.uint32)
        """Of the places of each key. Each begins where the one before it ends."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._places.nbytes + self._keys.nbytes + self._ends.nbytes

    @property
    def rows(self) -> int:
        """Rows covered: all before this one."""
        return self._blocks * self._block_rows

    def asked(self) -> bool:
        """Note that a question would use it; return whether there is something to use.

        A few blocks are covered at once, more are left to `upkeep`.
        """
        self._wanted = True
        if len(self._column) - self.rows <= _NEAR_BLOCKS * self._block_rows:
            for _ in self.upkeep():
                pass
        return self._blocks > 0

    def upkeep(self) -> Iterator[None]:
        """Cover, piece by piece, the blocks that have become full, once somebody asked."""
        while self._wanted and (self._blocks + 1) * self._block_rows <= len(self._column):
            self._cover(self._blocks)
            yield

    def _cover(self, block: int) -> None:
        codes, places = self._column.coded(block)
        order = _order(codes)
        ordered = codes[order]
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], len(ordered) > 0))
        start = len(self._places)
        self._places.append(places[order])
        self._keys.append((np.uint64(block) << np.uint64(32)) | ordered[last])
        self._ends.append(last + (start + 1))
        self._blocks = block + 1

    def find(self, codes: UInt32, blocks: Bool) -> Spans:
        """Return where the places of *codes* in some of the covered blocks are (mask by block)."""
        chosen = np.flatnonzero(blocks[: self._blocks]).astype(np.uint64)
        wanted = ((chosen << np.uint64(32))[:, None] | codes[None, :]).reshape(-1)
        held = self._keys.live
        at = np.searchsorted(held, wanted)
        there = np.flatnonzero(at < len(held))
        there = there[held[at[there]] == wanted[there]]
        ends, at = self._ends.live, at[there]
        starts = np.where(at > 0, ends[np.maximum(at, 1) - 1], 0).astype(np.int64)
        bases = (wanted[there] >> np.uint64(32)).astype(np.int64) * self._block_rows
        return Spans(self._places.live, bases, starts, ends[at].astype(np.int64) - starts)


class Spans:
    """Where some rows stand in the places of an `Occurrences`."""

    def __init__(
        self, places: npt.NDArray[np.uint16], bases: Int64, starts: Int64, lengths: Int64
    ) -> None:
        self._places = places
        self._bases = bases
        self._starts = starts
        self._lengths = lengths

    def __len__(self) -> int:
        return int(self._lengths.sum())

    def rows(self) -> Int64:
        """Return the rows, ascending for each code alone; a row may come more than once."""
        before = np.cumsum(self._lengths) - self._lengths
        flat = np.arange(len(self)) + np.repeat(self._starts - before, self._lengths)
        rows: Int64 = self._places[flat] + np.repeat(self._bases, self._lengths)
        return rows


def _order(codes: UInt32) -> npt.NDArray[np.intp]:
    """Sort stably; by 16 bits at a time, which numpy does by radix."""
    order = np.argsort(codes.astype(np.uint16), kind="stable")
    if len(codes) and int(codes.max()) >= 2**16:
        high = (codes >> np.uint32(16)).astype(np.uint16)
        order = order[np.argsort(high[order], kind="stable")]
    return order
