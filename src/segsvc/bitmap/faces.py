"""One set of ordinals in the form that suits it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from segsvc.bitmap.convert import from_sorted, ordinals_of
from segsvc.bitmap.filled import filled_words_of
from segsvc.bitmap.words import (
    CONTAINER,
    Words,
    add_bits,
    bits_at,
    count_words,
    from_mask,
    from_words,
    pack,
    padded,
    room_for,
    take_bits,
)

FEW = 1_024
"""Up to 1 / FEW of all ordinals are few: to ask for each is quicker than to walk all words."""

DENSE = 16
"""From 1 / DENSE of all ordinals on, words take no more bytes than Roaring."""

_BYTES_PER_CONTAINER = 32
_GATHERED = 25
"""Up to 1 / 25 of all ordinals are looked up in words: 5 ns each, a bitmap takes 0.1 for each."""


def are_few(count: int, limit: int) -> bool:
    """Whether *count* of the ordinals below *limit* are best combined one by one."""
    return count * FEW <= limit


class Faces:
    """A set of ordinals below a *limit*, as Roaring or as packed words; do not change either.

    It holds one form at a time, for both would not fit where one does, and makes the other each
    time it is asked for; `to_words` and `to_bitmap` change the form. Few are held as a bitmap from
    the first time on that it is asked for. A set of which only the count is known yet is made when
    one of its forms is asked for. Of one that is only to be combined, `operands` may do.
    """

    __slots__ = ("_bitmap", "_make", "_operands", "_packed", "count", "limit", "suits_words")

    def __init__(self, bitmap: BitMap, limit: int) -> None:
        self.limit = limit
        self.count = len(bitmap)
        """How many there are."""
        self.suits_words = self.count * FEW > limit
        """Whether it is best combined in words: it does not hold `are_few`."""
        self._bitmap: BitMap | None = bitmap
        self._packed: Words | None = None
        self._make: Callable[[], Faces] | None = None
        self._operands: Callable[[], tuple[Faces, ...]] | None = None

    @classmethod
    def of_words(cls, words: Words, limit: int, count: int | None = None) -> Faces:
        """Take over words; *count*: how many bits are set, where that is known."""
        return cls._holding(words, count_words(words) if count is None else count, limit)

    @classmethod
    def _holding(cls, words: Words, count: int, limit: int) -> Faces:
        made = cls.__new__(cls)
        made.limit, made.count = limit, count
        made.suits_words = not are_few(count, limit)
        made._bitmap, made._packed, made._make, made._operands = None, words, None, None
        return made

    @classmethod
    def later(cls, count: int, limit: int, make: Callable[[], Faces]) -> Faces:
        """Return a set of *count* that *make* makes, below the same limit, if it is needed.

        What *make* reads must stay as it is.
        """
        made = cls.__new__(cls)
        made.limit, made.count = limit, count
        made.suits_words = not are_few(count, limit)
        made._bitmap, made._packed, made._make, made._operands = None, None, make, None
        return made

    @classmethod
    def union(cls, count: int, limit: int, operands: Callable[[], tuple[Faces, ...]]) -> Faces:
        """Return the *count* that are in any of *operands*, all words, made if it is needed."""
        made = cls.later(count, limit, lambda: cls.united(operands(), limit))
        made._operands = operands
        return made

    @classmethod
    def united(cls, operands: tuple[Faces, ...], limit: int) -> Faces:
        """Return the union of *operands* (two or more), all words."""
        first, second, *others = (held.words for held in operands)
        words = first | second
        for held in others:
            words |= held
        return cls.of_words(words, limit)

    def operands(self) -> tuple[Faces, ...]:
        """Return what it is the union of, to be combined instead of it; nothing if it is made."""
        return () if self._operands is None else self._operands()

    def another(self) -> Faces:
        """Return the same set, of which the form can be changed apart."""
        if self.packed is not None:
            return self._holding(self.packed, self.count, self.limit)
        return Faces(self.bitmap, self.limit)

    @property
    def is_made(self) -> bool:
        """Whether there is more of it than the count."""
        return self._make is None

    def _made(self) -> None:
        if self._make is not None:
            held = self._make()
            assert (held.count, held.limit) == (self.count, self.limit)
            self._bitmap, self._packed = held._bitmap, held._packed
            self._make, self._operands = None, None

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
        if self._make is not None:
            return Faces.later(self.count, limit, lambda: self._remade(limit))
        if self.packed is None:
            return Faces(self.bitmap, limit)
        return self._holding(padded(self.packed, limit), self.count, limit)

    def _remade(self, limit: int) -> Faces:
        self._made()
        return self.reaching(limit)

    @property
    def packed(self) -> Words | None:
        """The words, when it is held as words."""
        if self._make is not None:
            self._made()
        return self._packed

    @property
    def has_words(self) -> bool:
        """Whether it is held as words, or its operands are."""
        return self._operands is not None or self.packed is not None

    @property
    def is_dense(self) -> bool:
        """Whether words take no more bytes than Roaring."""
        return self.count * DENSE > self.limit

    @property
    def bitmap(self) -> BitMap:
        """The set as Roaring."""
        if self._make is not None:
            self._made()
        if self._bitmap is None:
            assert self._packed is not None
            made = from_words(self._packed)
            if self.suits_words:
                return made
            self._bitmap, self._packed = made, None
        return self._bitmap

    @property
    def words(self) -> Words:
        """The set as packed words."""
        if self.packed is None:
            assert self._bitmap is not None
            return filled_words_of(self._bitmap, self.limit)
        return self.packed

    def to_words(self) -> None:
        """Hold it as words from now on."""
        self._packed, self._bitmap = self.words, None

    def to_bitmap(self) -> None:
        """Hold it as a bitmap from now on."""
        self._bitmap, self._packed = self.bitmap, None

    @property
    def nbytes(self) -> int:
        """Bytes held, for Roaring an estimate from above."""
        if self._packed is not None:
            return self._packed.nbytes
        most = room_for(self.limit) * 8
        containers = most // 8192
        return min(2 * self.count, most) + _BYTES_PER_CONTAINER * containers

    def among(self, some: BitMap) -> BitMap:
        """Return who of *some* is in the set."""
        if not self._looks_up(some):
            return some & self.bitmap
        ordinals = ordinals_of(some)
        return from_sorted(ordinals[self._inside(ordinals)])

    def shared(self, some: BitMap) -> int:
        """Return how many of *some* are in the set."""
        if not self._looks_up(some):
            return int(some.intersection_cardinality(self.bitmap))
        return int(np.count_nonzero(self._inside(ordinals_of(some))))

    def _looks_up(self, some: BitMap) -> bool:
        """Whether to look each of *some* up in the words, rather than make a bitmap of them."""
        return self.packed is not None and len(some) * _GATHERED <= self.limit

    def _inside(self, ordinals: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """Return which of *ordinals* are in; the set may be older than some of them."""
        assert self.packed is not None
        known = np.searchsorted(ordinals, np.uint32(self.limit))
        inside = np.zeros(len(ordinals), np.bool_)
        inside[:known] = bits_at(self.packed, ordinals[:known])
        return inside

    def patched(self, doubtful: BitMap, holds: BitMap, limit: int) -> Faces:
        """Return the set in which, of *doubtful*, only *holds* are in; *limit* may have grown.

        Who *holds* is doubtful, or was not in the set.
        """
        if self.packed is None:
            return Faces((self.bitmap - doubtful) | holds, limit)
        words = padded(self.packed, limit)
        words = words.copy() if words is self.packed else words
        end = np.uint32(64 * len(words))
        out, back = ordinals_of(doubtful), ordinals_of(holds)
        out, back = out[: np.searchsorted(out, end)], back[: np.searchsorted(back, end)]
        take_bits(words, out[bits_at(words, out)])  # whoever is gone may lie beyond the words
        add_bits(words, back)
        return Faces.of_words(words, limit)
