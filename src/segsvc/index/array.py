"""Growable arrays that can be frozen for a snapshot while they go on changing."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.index.room import Room

CHUNK_ROWS = 65_536


class ChunkedArray:
    """A one-dimensional array in logical chunks; all truth of the index lies in these.

    The elements are contiguous, so that numpy reads them as one array (`live`). Writes go through
    the methods, which note what chunks they change: a chunk that a snapshot still has to read is
    copied before its first change, and the digest storage gave a chunk is forgotten.

    Args:
        chunk_rows: elements of a chunk.
        spare: elements behind the last that may always be read, whatever they are.
    """

    def __init__(
        self, name: str, dtype: npt.DTypeLike, chunk_rows: int = CHUNK_ROWS, spare: int = 0
    ) -> None:
        self.name = name
        self.dtype = np.dtype(dtype)
        self.chunk_rows = chunk_rows
        self._spare = spare
        self._room = Room(self.dtype)
        self._room.reserve(spare)
        self._length = 0
        self._digests: dict[int, bytes] = {}
        self._frozen: FrozenArray | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def live(self) -> npt.NDArray[Any]:
        """The elements, to read."""
        return self._room.elements[: self._length]

    @property
    def with_spare(self) -> npt.NDArray[Any]:
        """The elements and the spare ones behind them, to read."""
        return self._room.elements[: self._length + self._spare]

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return self._length * self.dtype.itemsize

    def append(self, values: npt.ArrayLike) -> int:
        """Add *values* at the end; return the place of the first."""
        added = np.asarray(values, self.dtype)
        start = self._extend(len(added))
        self._room.elements[start : self._length] = added
        return start

    def grow(self, length: int, fill: int) -> None:
        """Make the array at least *length* long, new elements being *fill*."""
        if length > self._length:
            start = self._extend(length - self._length)
            if fill:
                self._room.elements[start:length] = fill

    def put(self, places: npt.NDArray[np.integer], values: npt.ArrayLike) -> None:
        """Set the elements at *places*; of repeated places the last wins."""
        if len(places) == 0:
            return
        if self._digests or self._frozen is not None:
            self._change(np.flatnonzero(np.bincount(places // self.chunk_rows)).tolist())
        self._room.elements[places] = values

    def put_one(self, place: int, value: int) -> None:
        """Set one element."""
        self._change((place // self.chunk_rows,))
        self._room.elements[place] = value

    def freeze(self) -> FrozenArray:
        """Return the array as it is now, as a section of a snapshot."""
        assert self._frozen is None, "one snapshot at a time"
        self._frozen = FrozenArray(self)
        return self._frozen

    def release(self) -> None:
        """Stop keeping what the snapshot was to read."""
        self._frozen = None

    def load(self, values: npt.NDArray[Any]) -> None:
        """Replace everything by *values*."""
        self._room = Room(self.dtype)
        self._length = len(values)
        self._room.reserve(self._length + self._spare)
        self._room.elements[: self._length] = values
        self._digests.clear()

    def digest_of(self, place: int) -> bytes | None:
        """Return the digest of a chunk's present bytes, when storage told it."""
        return self._digests.get(place)

    def remember_digest(self, place: int, digest: bytes) -> None:
        """Keep a chunk's digest until the chunk changes."""
        self._digests[place] = digest

    def _extend(self, count: int) -> int:
        start, length = self._length, self._length + count
        if self._frozen is None:
            self._room.reserve(length + self._spare)
        else:
            with self._frozen.lock:
                self._room.reserve(length + self._spare)
        if count:
            self._change(range(start // self.chunk_rows, (length - 1) // self.chunk_rows + 1))
        self._length = length
        return start

    def _change(self, chunks: Iterable[int]) -> None:
        for chunk in chunks:
            self._digests.pop(chunk, None)
            if self._frozen is not None:
                self._frozen.preserve(chunk)


class NarrowArray(ChunkedArray):
    """A `ChunkedArray` of integers in the narrowest of some types that has held them so far."""

    def __init__(self, name: str, *dtypes: npt.DTypeLike) -> None:
        """Begin with the first of *dtypes*, each of which is wider than the one before it."""
        super().__init__(name, dtypes[0])
        self._dtypes = tuple(np.dtype(held) for held in dtypes)

    def append(self, values: npt.ArrayLike) -> int:
        """See `ChunkedArray.append`."""
        added = np.asarray(values)
        if len(added):
            self._widen(int(added.min()), int(added.max()))
        return super().append(added)

    def _widen(self, low: int, high: int) -> None:
        if _holds(self.dtype, low, high):
            return
        wider = (held for held in self._dtypes if held.itemsize > self.dtype.itemsize)
        dtype = next(held for held in wider if _holds(held, low, high))
        if self._frozen is not None:
            self._frozen.detach()
        held, self._room, self.dtype = self.live, Room(dtype), dtype
        self._room.reserve(self._length)
        self._room.elements[: self._length] = held
        self._digests.clear()

    def load(self, values: npt.NDArray[Any]) -> None:
        """See `ChunkedArray.load`."""
        self.dtype = values.dtype
        super().load(values)


def _holds(dtype: np.dtype[Any], low: int, high: int) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= low and high <= limits.max)


class FrozenArray:
    """A `ChunkedArray` as it was when it was frozen. Read by one thread while another writes."""

    def __init__(self, array: ChunkedArray) -> None:
        self._array = array
        self._dtype = array.dtype
        self._detached: npt.NDArray[Any] | None = None
        self._length = len(array)
        self.lock = threading.Lock()
        """Held while a chunk is read, and while the array moves to where there is more room."""
        self._preserved: dict[int, bytes] = {}
        self._changed: set[int] = set()
        self._read: set[int] = set()

    @property
    def name(self) -> str:
        """See `Section`."""
        return self._array.name

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Section`."""
        return self._dtype

    @property
    def length(self) -> int:
        """See `Section`."""
        return self._length

    @property
    def chunk_count(self) -> int:
        """See `Section`."""
        return -(-self._length // self._array.chunk_rows)

    def chunk(self, place: int) -> bytes:
        """See `Section`."""
        with self.lock:
            self._read.add(place)
            kept = self._preserved.pop(place, None)
            return self._bytes(place) if kept is None else kept

    def preserve(self, place: int) -> None:
        """Keep a chunk's bytes before they change, unless they were read already."""
        with self.lock:
            self._changed.add(place)
            pending = place < self.chunk_count and place not in self._read
            if pending and place not in self._preserved:
                self._preserved[place] = self._bytes(place)

    def detach(self) -> None:
        """Keep the elements as they are: the array is about to hold them as another type."""
        with self.lock:
            self._detached = self._array.live
            self._changed.update(range(self.chunk_count))

    def known_digest(self, place: int) -> bytes | None:
        """See `Section`."""
        with self.lock:
            return None if place in self._changed else self._array.digest_of(place)

    def remember_digest(self, place: int, digest: bytes) -> None:
        """See `Section`; forgotten at once when the live chunk has changed since."""
        with self.lock:
            if place not in self._changed:
                self._array.remember_digest(place, digest)

    def _bytes(self, place: int) -> bytes:
        start = place * self._array.chunk_rows
        end = min(start + self._array.chunk_rows, self._length)
        held = self._array.live if self._detached is None else self._detached
        return held[start:end].tobytes()


class BytesSection:
    """A section whose bytes are made when the state is frozen, such as postings."""

    def __init__(self, name: str, raw: bytes, chunk_bytes: int = 2**19) -> None:
        self._name = name
        self._raw = raw
        self._chunk_bytes = chunk_bytes

    @property
    def name(self) -> str:
        """See `Section`."""
        return self._name

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Section`."""
        return np.dtype(np.uint8)

    @property
    def length(self) -> int:
        """See `Section`."""
        return len(self._raw)

    @property
    def chunk_count(self) -> int:
        """See `Section`."""
        return -(-len(self._raw) // self._chunk_bytes)

    def chunk(self, place: int) -> bytes:
        """See `Section`."""
        return self._raw[place * self._chunk_bytes : (place + 1) * self._chunk_bytes]

    def known_digest(self, place: int) -> bytes | None:
        """See `Section`; made anew each time, so never known."""
        return None

    def remember_digest(self, place: int, digest: bytes) -> None:
        """See `Section`."""


__all__ = ["CHUNK_ROWS", "BytesSection", "ChunkedArray", "FrozenArray", "NarrowArray"]
