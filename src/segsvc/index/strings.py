"""An arena of byte strings that only grows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Strings
from segsvc.domain.section import Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.hashing import Spans, words_of

_BYTES_PER_CHUNK = 2**19


class StringArena:
    """Strings 0, 1, 2 ... one behind the other."""

    def __init__(self, name: str) -> None:
        self._utf8 = ChunkedArray(f"{name}/utf8", np.uint8, _BYTES_PER_CHUNK, spare=8)
        self._ends = ChunkedArray(f"{name}/ends", np.int64)

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._utf8.nbytes + self._ends.nbytes

    @property
    def utf8(self) -> npt.NDArray[np.uint8]:
        """All bytes."""
        return self._utf8.live

    @property
    def ends(self) -> npt.NDArray[np.int64]:
        """Where each string ends; it begins where the one before it does."""
        return self._ends.live

    def append(self, strings: Strings) -> None:
        """Add strings at the end."""
        start = len(self._utf8)
        self._utf8.append(strings.utf8[: strings.offsets[-1]])
        self._ends.append(strings.offsets[1:].astype(np.int64) + start)

    def starts_of(self, places: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """Return where the strings at *places* begin."""
        ends = self._ends.live
        return np.where(places > 0, ends[np.maximum(places, 1) - 1], 0)

    def take(self, places: npt.NDArray[np.integer]) -> Strings:
        """Return the strings at *places*, in that order."""
        starts = self.starts_of(places)
        lengths = self._ends.live[places] - starts
        offsets = np.zeros(len(places) + 1, np.uint32)
        np.cumsum(lengths, out=offsets[1:])
        flat = np.arange(int(offsets[-1]), dtype=np.int64)
        flat += np.repeat(starts - offsets[:-1], lengths)
        return Strings(self._utf8.live[flat], offsets)

    def spans(self, places: npt.NDArray[np.integer]) -> Spans:
        """Return the strings at *places* where they lie."""
        starts = self.starts_of(places)
        return Spans(words_of(self._utf8.with_spare), starts, self._ends.live[places] - starts)

    def item(self, place: int) -> str:
        """Return one string."""
        ends = self._ends.live
        start = int(ends[place - 1]) if place else 0
        return self._utf8.live[start : int(ends[place])].tobytes().decode()

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""
        return self._utf8, self._ends

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        for array in self.arrays():
            array.load(sections[array.name])
