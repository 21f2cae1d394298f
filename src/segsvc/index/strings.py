"""An arena of byte strings that only grows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Strings
from segsvc.domain.section import Sections
from segsvc.index.array import CHUNK_ROWS, ChunkedArray
from segsvc.index.hashing import Spans, words_of
from segsvc.index.offsets import OffsetArray

_BYTES_PER_CHUNK = 2**19


class StringArena:
    """Strings 0, 1, 2 ... one behind the other."""

    def __init__(self, name: str) -> None:
        self._utf8 = ChunkedArray(f"{name}/utf8", np.uint8, _BYTES_PER_CHUNK, spare=8)
        self._ends = OffsetArray(f"{name}/ends")

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._utf8.nbytes + self._ends.nbytes

    @property
    def chunk_count(self) -> int:
        """How many chunks of `CHUNK_ROWS` strings there are, a last and shorter one included."""
        return -(-len(self) // CHUNK_ROWS)

    def chunk(self, number: int) -> Strings:
        """Return the strings of one chunk, without copying their bytes."""
        base, ends = self._ends.chunk(number)
        offsets = np.concatenate([np.zeros(1, np.uint32), ends])
        return Strings(self._utf8.live[base : base + int(offsets[-1])], offsets)

    def append(self, strings: Strings) -> None:
        """Add strings at the end."""
        self._utf8.append(strings.utf8[: strings.offsets[-1]])
        self._ends.extend(strings.lengths())

    def take(self, places: npt.NDArray[np.integer]) -> Strings:
        """Return the strings at *places*, in that order."""
        starts, ends = self._ends.bounds(places)
        lengths = ends - starts
        offsets = np.zeros(len(places) + 1, np.uint32)
        np.cumsum(lengths, out=offsets[1:])
        flat = np.arange(int(offsets[-1]), dtype=np.int64)
        flat += np.repeat(starts - offsets[:-1], lengths)
        return Strings(self._utf8.live[flat], offsets)

    def spans(self, places: npt.NDArray[np.integer]) -> Spans:
        """Return the strings at *places* where they lie."""
        starts, ends = self._ends.bounds(places)
        return Spans(words_of(self._utf8.with_spare), starts, ends - starts)

    def item(self, place: int) -> str:
        """Return one string."""
        start, end = self._ends.one(place)
        return self._utf8.live[start:end].tobytes().decode()

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""
        return self._utf8, *self._ends.arrays()

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        self._utf8.load(sections[self._utf8.name])
        self._ends.load(sections)
