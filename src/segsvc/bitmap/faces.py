"""One set of ordinals in the form that suits it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from segsvc.bitmap.convert import from_sorted, ordinals_of
from segsvc.bitmap.words import (
    CONTAINER,
    Words,
    bits_at,
    count_words,
    from_mask,
    from_words,
    pack,
    room_for,
    sprinkled,
    words_of,
)

DENSE = 16
"""A set is dense when it holds more than 1 / DENSE of all ordinals."""

_BYTES_PER_CONTAINER = 32
_GATHERED = 256


def is_dense(count: int, limit: int) -> bool:
    """Whether words suit *count* of the ordinals below *limit* better than Roaring."""
    return count * DENSE > limit


class Faces:
    """A set of ordinals below a *limit*, as Roaring or as packed words; do not change either.

    It holds one form at a time, for both would not fit where one does, and makes the other when
    it is asked for: `words` is kept from then on in place of the bitmap, `bitmap` in place of the
    words of a sparse set.
    """

    __slots__ = ("_bitmap", "_words", "count", "limit")

    def __init__(self, bitmap: BitMap, limit: int) -> None:
        self.limit = limit
        self.count = len(bitmap)
        """How many there are."""
        self._bitmap: BitMap | None = bitmap
        self._words: Words | None = None

    @classmethod
    def of_words(cls, words: Words, limit: int) -> Faces:
        """Take over words."""
        return cls._holding(words, count_words(words), limit)

    @classmethod
    def _holding(cls, words: Words, count: int, limit: int) -> Faces:
        made = cls.__new__(cls)
        made.limit, made.count = limit, count
        made._bitmap, made._words = None, words
        return made

    @classmethod
    def of_mask(cls, mask: npt.NDArray[np.bool_], limit: int) -> Faces:
        """Return the positions where *mask* (bool, at most *limit*) is true."""
        if limit <= CONTAINER:
            return cls(from_mask(mask), limit)
        return cls.of_words(pack(mask, limit), limit)

    def __len__(self) -> int:
        return self.count

    def reaching(self, limit: int) -> Faces:
        """Return the same set below another *limit*, which is not lower."""
        if limit == self.limit:
            return self
        if self._words is None:
            return Faces(self.bitmap, limit)
        room, words = room_for(limit), self._words
        if room > len(words):
            words = np.concatenate([words, np.zeros(room - len(words), np.uint64)])
        return self._holding(words, self.count, limit)

    @property
    def is_dense(self) -> bool:
        """Whether words suit it better than Roaring."""
        return is_dense(self.count, self.limit)

    @property
    def has_words(self) -> bool:
        """Whether it is held as words."""
        return self._words is not None

    @property
    def bitmap(self) -> BitMap:
        """The set as Roaring."""
        if self._bitmap is None:
            assert self._words is not None
            made = from_words(self._words)
            if self.is_dense:
                return made
            self._bitmap, self._words = made, None
        return self._bitmap

    def to_best(self) -> None:
        """Hold it in the form that suits it from now on."""
        if self.is_dense:
            self.to_words()
        else:
            assert self.bitmap is self._bitmap

    @property
    def words(self) -> Words:
        """The set as packed words."""
        if self._words is None:
            assert self._bitmap is not None
            self._words, self._bitmap = words_of(self._bitmap, self.limit), None
        return self._words

    def to_words(self) -> None:
        """Hold it as words from now on."""
        assert self.words is self._words

    @property
    def nbytes(self) -> int:
        """Bytes held, for Roaring an estimate from above."""
        if self._words is not None:
            return self._words.nbytes
        most = room_for(self.limit) * 8
        containers = most // 8192
        return min(2 * self.count, most) + _BYTES_PER_CONTAINER * containers

    def among(self, some: BitMap) -> BitMap:
        """Return who of *some* is in the set."""
        if self._words is None or len(some) * _GATHERED > self.limit:
            return some & self.bitmap
        ordinals = ordinals_of(some)
        return from_sorted(ordinals[self._inside(ordinals)])

    def _inside(self, ordinals: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """Return which of *ordinals* are in; the set may be older than some of them."""
        assert self._words is not None
        known = np.searchsorted(ordinals, np.uint32(self.limit))
        inside = np.zeros(len(ordinals), np.bool_)
        inside[:known] = bits_at(self._words, ordinals[:known])
        return inside

    def patched(self, doubtful: BitMap, holds: BitMap, limit: int) -> Faces:
        """Return the set in which, of *doubtful*, only *holds* are in; *limit* may have grown."""
        if self._words is None:
            return Faces((self.bitmap - doubtful) | holds, limit)
        words = np.zeros(room_for(limit), np.uint64)
        words[: len(self._words)] = self._words
        for some, put in ((doubtful, False), (holds, True)):
            places, bits = sprinkled(some)
            within = places < len(words)  # whoever is gone may lie beyond
            places, bits = places[within], bits[within]
            words[places] = words[places] | bits if put else words[places] & ~bits
        return Faces.of_words(words, limit)
