"""Neighbouring bins as one set: counted without being united, united when the set is needed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segsvc.bitmap import (
    Bitmap,
    Faces,
    Words,
    add_bits,
    copied,
    filled_words_of,
    from_ordinals,
    ordinals_of,
    take_bits,
)
from segsvc.domain.columns import UInt32

_FEW = 10
"""Up to so many bins are united one by one; CRoaring's union of many begins with bitsets."""

_DENSE = 16

_SPARSE = 128
"""Bins of no more than 1 / 128 of all are put into words bit by bit: 7 ns each, where words of a
bin take 25 to 130 us a million contacts."""

_NOBODY: UInt32 = np.zeros(0, np.uint32)


@dataclass(frozen=True, slots=True)
class Span:
    """Who is in *outer* but not in *inner*, with *more* and without *less*.

    *inner* is a part of *outer*; what *more* adds is in neither or in *inner* only, what *less*
    takes away is in *outer* or in *more* only. So lengths add up. None of it ever changes.
    """

    outer: Faces | None = None
    inner: Faces | None = None
    more: tuple[Bitmap, ...] = ()
    less: tuple[Bitmap, ...] = ()

    @property
    def is_one(self) -> bool:
        """Whether nothing need be united."""
        if self.outer is None:
            return len(self.more) < 2
        return self.inner is None and not self.more and not self.less

    @property
    def pieces(self) -> int:
        """Of how many bins and unions it is made."""
        unions = (self.outer is not None) + (self.inner is not None)
        return unions + len(self.more) + len(self.less)

    @property
    def count(self) -> int:
        """How many there are."""
        added = sum(map(len, self.more)) - sum(map(len, self.less))
        outer = 0 if self.outer is None else len(self.outer)
        return added + outer - (0 if self.inner is None else len(self.inner))

    def shared(self, some: Bitmap) -> int:
        """Return how many of *some* there are."""
        added = sum(map(some.intersection_cardinality, self.more))
        added -= sum(map(some.intersection_cardinality, self.less))
        if self.outer is not None:
            added += self.outer.shared(some)
        if self.inner is not None:
            added -= self.inner.shared(some)
        return int(added)

    def united(self, limit: int, also: UInt32 = _NOBODY, dirty: Bitmap | None = None) -> Faces:
        """Return them, who are below *limit*; do not change it.

        Args:
            limit: of all ordinals.
            also: others (in any order) who are to be in it.
            dirty: who may be in several bins or in none, and in the answer or not.
        """
        if self.is_one and not len(also):
            held = self.outer
            return Faces(united(self.more), limit) if held is None else held.another()
        if self.outer is None or not self.outer.has_words:
            return Faces(self._bitmap(limit, from_ordinals(also)), limit)
        words = self._words(self.outer, limit, also, dirty)
        return Faces.of_words(words, limit, None if dirty else self.count + len(also))

    def _words(self, outer: Faces, limit: int, also: UInt32, dirty: Bitmap | None) -> Words:
        """Return words, into which sparse bins are put bit by bit.

        Of ten million contacts that is 0.1 ms a bin. Uniting sparse bitmaps takes longer, and
        making words of them longest.
        """
        words, inner = outer.reaching(limit).words, self.inner
        parts = [
            *((held, add_bits) for held in self.more),
            *((held, take_bits) for held in self.less),
        ]
        if inner is not None and inner.has_words:
            words = words ^ inner.reaching(limit).words  # of which it is a part
        else:
            words = words.copy()
            if inner is not None:
                parts.insert(0, (inner.bitmap, take_bits))  # *more* may hold some of it
        for held, put in parts:
            if len(held) * _SPARSE > limit:
                words ^= filled_words_of(held, limit)  # all of it is to be added, or taken
            else:
                put(words, ordinals_of(held - dirty if dirty else held))
        add_bits(words, also)  # whom *less* may hold
        return words

    def _bitmap(self, limit: int, also: Bitmap) -> Bitmap:
        """Return a bitmap.

        A dense union is worked on in place, bin by bin: a bin takes 1.5 us of a million ordinals
        and 20 of ten million, where uniting the bins first takes as long as five. Of a sparse one
        each operation is a copy, so that bins are united first.
        """
        more = (*self.more, also)
        if self.outer is None:
            return united(more)
        outer = self.outer.bitmap
        found = outer if self.inner is None else outer - self.inner.bitmap
        if len(found) * _DENSE < limit:
            if not self.less:
                return found | united(more)
            found = found | united(self.more) if self.more else found
            return (found - united(self.less)) | also  # whom *less* may hold
        if self.inner is None:
            found = copied(found)
        for held in self.more:
            found |= held
        for held in self.less:
            found -= held
        found |= also
        return found


def united(bins: tuple[Bitmap, ...]) -> Bitmap:
    """Return the union of bins; a single one is returned itself."""
    if not bins:
        return Bitmap()
    if len(bins) > _FEW:
        return Bitmap.union(*bins)
    found = bins[0]
    for held in bins[1:]:
        found = found | held
    return found
