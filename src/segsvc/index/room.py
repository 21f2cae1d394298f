"""Memory that grows without copying what it holds, where the system can do that."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_ROOM = 1_024
_MAPPED_BYTES = 2**20
"""From here on memory is mapped: copying 100 MB at once would hold everybody up for 50 ms."""

_HUGE_BYTES = 8 * 2**20
"""From here on huge pages are asked for, which makes scattered reads 1.5 times faster."""


class Room:
    """Elements 0, 1, 2 ... with zeros behind what was written.

    The pages of a large one are moved to a larger place, not copied, unless somebody still reads
    them through an array; then they are copied, and the reader keeps the old ones.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.elements: npt.NDArray[Any] = np.zeros(0, self.dtype)
        self._map: mmap.mmap | None = None

    def reserve(self, length: int) -> None:
        """Make room for at least *length* elements; those there are stay."""
        held = len(self.elements)
        if length <= held:
            return
        size = max(length, held * 3 // 2, _FIRST_ROOM) * self.dtype.itemsize
        if size < _MAPPED_BYTES:
            grown = np.zeros(size // self.dtype.itemsize, self.dtype)
            grown[:held] = self.elements
            self.elements = grown
        else:
            self._map_room(-(-size // mmap.PAGESIZE) * mmap.PAGESIZE)

    def _map_room(self, size: int) -> None:
        if self._map is None or not self._moved(size):
            before = self.elements
            self._map = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self.elements = np.frombuffer(self._map, self.dtype)
            self.elements[: len(before)] = before
        if size >= _HUGE_BYTES and hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)

    def _moved(self, size: int) -> bool:
        """Whether the pages could be moved to where there is room for *size* bytes."""
        assert self._map is not None
        self.elements = np.zeros(0, self.dtype)
        try:
            self._map.resize(size)
        except (BufferError, OSError, SystemError, ValueError):
            self.elements = np.frombuffer(self._map, self.dtype)
            return False
        self.elements = np.frombuffer(self._map, self.dtype)
        return True
