"""Neighbouring bins as one set: counted without being united, united when the set is needed."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.bitmap import Bitmap, copied

_FEW = 4
"""Up to so many bins are united one by one; CRoaring's union of many begins with bitsets."""

_DENSE = 16


@dataclass(frozen=True, slots=True)
class Span:
    """Who is in *outer* but not in *inner*, with *more* and without *less*.

    *inner* is a part of *outer*; what *more* adds is in neither or in *inner* only, what *less*
    takes away is in *outer* or in *more* only. So lengths add up. None of it ever changes.
    """

    outer: Bitmap | None = None
    inner: Bitmap | None = None
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
            added += some.intersection_cardinality(self.outer)
        if self.inner is not None:
            added -= some.intersection_cardinality(self.inner)
        return int(added)

    def members(self, limit: int, also: Bitmap | None = None) -> Bitmap:
        """Return them, who are below *limit*, and *also* others; do not change it.

        A dense union is worked on in place, bin by bin: a bin takes 1.5 us of a million ordinals
        and 20 of ten million, where uniting the bins first takes as long as five. Of a sparse one
        each operation is a copy, so that bins are united first.
        """
        more = self.more if also is None else (*self.more, also)
        if self.outer is None:
            return united(more)
        found = self.outer if self.inner is None else self.outer - self.inner
        if len(found) * _DENSE < limit:
            if not self.less:
                return found | united(more) if more else found
            found = found | united(self.more) if self.more else found
            found = found - united(self.less)  # which may hold some of *also*
            return found if also is None else found | also
        if self.inner is None and (self.more or self.less or also is not None):
            found = copied(found)
        for held in self.more:
            found |= held
        for held in self.less:
            found -= held
        if also is not None:
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
