"""Bins: who has a value in a range, without reading every value.

The column is the truth and bins are a cache beside it: whoever was written since is *dirty*, and
an answer is what whole bins hold, less the dirty, and with those of the dirty and of the bins at
the edges whose value, read from the column, lies inside. Bins are cut at quantiles; a value that
fills a bin has one to itself, which is never looked into. Unions of all bins from every 32nd on
make any range the difference of two. Of large bins it is known in which part each value lies, so
that few are read (`segsvc.index.parts`).

That is enough to count: lengths add up, and the set itself is made when it is needed. Nothing
here stops others for long: bins are built and folded in slices (`upkeep`), and until they are
there the column is scanned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from segsvc.bitmap import (
    Bitmap,
    Faces,
    Words,
    combine,
    from_ordinals,
    from_sorted,
    ordinals_of,
    room_for,
)
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.decimals import INT64_MAX, INT64_MIN
from segsvc.index.bins import Bins, Keys
from segsvc.index.parts import INSIDE, READ, Between, OneOf, Test
from segsvc.index.spans import Span
from segsvc.index.written import Written

_WIDE = 128
"""A bin is wide when it holds at least 1 / 128 of all contacts: words of those unite fastest."""

_KEPT = 32
"""Words of so many wide bins are kept, those asked for last: four bytes for each contact."""

_MS_PER_MILLION = 0.06
_MS_PER_DIRTY = 2e-5
_TOO_DIRTY = 8
_TOO_MANY_BINS = 8


@dataclass(frozen=True, slots=True)
class RangeShape:
    """How finely columns are cut, and when.

    Attributes:
        bins: how many quantiles; the most frequent values may double it.
        every: a union of all later bins is kept at each so many bins.
        fold_at: the dirty contacts that are put into their bins at the next chance.
        least: smaller columns are scanned; None: all are.
        at_once: whether the first question waits for the bins.
        cut_from: the members of a bin that is worth being cut up into parts.
        words_from: the contacts from which on unions of many are kept as words.
    """

    bins: int = 1_024
    every: int = 32
    fold_at: int = 16_384
    least: int | None = 65_536
    at_once: bool = False
    cut_from: int = 2_048
    words_from: int = combine.LEAST_FOR_WORDS


class Ranges:
    """The bins of all columns of a store, and the work that questions to them have left over."""

    def __init__(self, shape: RangeShape) -> None:
        self._shape = shape
        self._waiting: dict[RangeBins, None] = {}

    def over(self, size: Callable[[], int], keys: Keys) -> RangeBins:
        """Return bins over one column."""
        return RangeBins(self._shape, size, keys, self._wait)

    def _wait(self, bins: RangeBins) -> None:
        self._waiting.pop(bins, None)
        self._waiting[bins] = None

    @property
    def is_waiting(self) -> bool:
        """Whether `upkeep` has something to do."""
        return bool(self._waiting)

    def upkeep(self) -> bool:
        """Do a slice (about 2 ms) of what makes later answers quicker; say if more is left."""
        for bins in self._waiting:
            if not bins.upkeep():
                del self._waiting[bins]
            break
        return bool(self._waiting)


class RangeBins:
    """Bins over one column of *size()* contacts. Made by `Ranges`, which *waits* with its work."""

    def __init__(
        self,
        shape: RangeShape,
        size: Callable[[], int],
        keys: Keys,
        wait: Callable[[RangeBins], None] = lambda bins: None,
    ) -> None:
        self._shape = shape
        self._wait = wait
        self._size = size
        self._keys = keys
        self._bins = self._none()
        self._wide: dict[int, tuple[Bitmap, Words]] = {}
        """The words of wide bins that were asked for, and the bins they were made of."""
        self._is_widened = False
        self._written = Written(Bitmap())
        """Who is dirty."""
        self._rewritten = Written(Bitmap())
        """Who was written since the work under way began."""
        self._work: Iterator[None] | None = None
        self._uncut: Sequence[int] = ()
        """Bins that are to be cut up, behind whatever others wait for."""

    def _none(self) -> Bins:
        shape = self._shape
        return Bins(self._keys, shape.bins, shape.every, shape.words_from)

    @property
    def is_ready(self) -> bool:
        """Whether there are bins."""
        return len(self._bins) > 0

    @property
    def nbytes(self) -> int:
        """Bytes held, an estimate."""
        words = sum(words.nbytes for _, words in self._wide.values())
        return self._bins.nbytes(self._size()) + words

    def cost(self) -> float:
        """Guess the milliseconds of a question, when there are bins."""
        return _MS_PER_MILLION * self._size() / 1e6 + _MS_PER_DIRTY * self._written.most + 0.02

    def wrote(self, ordinals: UInt32) -> None:
        """Note that values of contacts were set or unset, in the column already."""
        if self._has_members:
            self.wrote_of(from_ordinals(ordinals))

    @property
    def _has_members(self) -> bool:
        """Whether there are bins, or some are being made."""
        return self._work is not None or self.is_ready

    def wrote_of(self, changed: Bitmap) -> None:
        """See `wrote`."""
        if not self._has_members:
            return
        self._written.add(changed)
        if self._work is not None:
            self._rewritten.add(changed)
        most = max(self._size(), self._shape.fold_at)
        if self._written.most * _TOO_DIRTY > most and len(self._dirty) * _TOO_DIRTY > most:
            self.forget()

    @property
    def _dirty(self) -> Bitmap:
        """Who was written since the bins were made; never changed, only replaced."""
        return self._written.contacts

    def forget(self) -> None:
        """Start anew, at the next question."""
        self._bins, self._wide = self._none(), {}
        self._written, self._work, self._uncut = Written(Bitmap()), None, ()

    def upkeep(self) -> bool:
        """Do a slice (2 ms) of what questions have found worth doing; say if more is left."""
        if self._work is not None and next(self._work, self) is self:
            self._work = None
            if self._uncut:
                places, self._uncut = self._uncut, ()
                self._begin(self._bins.cut_up(self._shape.cut_from, places))
        return self._work is not None

    def foresee(self) -> None:
        """Begin what would make answers quicker, before anybody asks."""
        if self._work is None:
            if not self.is_ready:
                least = self._shape.least
                if least is not None and self._size() >= least:
                    self._begin(self._build())
            elif len(self._bins) > _TOO_MANY_BINS * self._shape.bins:
                self._begin(self._build())
            elif len(self._dirty) > self._shape.fold_at:
                self._begin(self._fold())

    def _ask(self) -> bool:
        """Return whether bins can answer, and begin what would make them answer better."""
        self.foresee()
        while self._shape.at_once and self._work is not None:
            self.upkeep()
        return self.is_ready

    def _begin(self, work: Iterator[None]) -> None:
        self._work, self._rewritten = work, Written(Bitmap())
        self._wait(self)

    def between(self, low: int, high: int) -> Faces | None:
        """Return who has low <= value <= high, not to be changed; None: scan the column."""
        low, high = max(low, INT64_MIN), min(high, INT64_MAX)
        if low > high:
            return Faces(Bitmap(), self._size())
        if not self._ask():
            return None
        bins, test = self._bins, Between(low, high)
        first, last, cut = test.located(bins.edges, INT64_MAX)
        return self._refined(bins.span(first, last), cut, test)

    def one_of(self, values: Int64) -> Faces | None:
        """Return who has one of *values* (ascending); see `between`."""
        if len(values) == 1:
            return self.between(int(values[0]), int(values[0]))
        if not self._ask():
            return None
        bins, test = self._bins, OneOf(values)
        whole, cut = test.located(bins.edges, INT64_MAX)
        return self._refined(bins.some(whole), cut, test, whole)

    def present(self) -> Faces | None:
        """Return who has a value; see `between`."""
        return self.between(INT64_MIN, INT64_MAX)

    def after(self, value: int) -> int | None:
        """Return the least value greater than *value*; there must be bins."""
        dirty = self._dirty
        found = [self._least(dirty, value) if dirty else None]
        for held in self._bins.held[self._bins.place_of(value + 1) :]:
            least = self._least(held - dirty if dirty else held, value)
            if least is not None:
                found.append(least)
                break
        return min((least for least in found if least is not None), default=None)

    def _least(self, contacts: Bitmap, value: int) -> int | None:
        keys, there = self._keys(ordinals_of(contacts))
        later = keys[there & (keys > value)]
        return int(later.min()) if len(later) else None

    def _refined(
        self, whole: Span, cut: list[int], test: Test, places: list[int] | None = None
    ) -> Faces:
        """Return *whole*, with whoever of the bins *cut* and of the dirty passes a test.

        *places*: the bins that *whole* unites, if it is some.
        """
        size, dirty = self._size(), self._dirty
        if not dirty and not cut:
            return self._united(whole, places, size)
        passed = self._passed(cut, test)
        count = whole.count + passed.count - (whole.shared(dirty) if dirty else 0)

        def patched() -> Faces:
            also = passed.ordinals()
            if not dirty and places is None:
                return whole.united(size, also)
            found = self._united(whole, places, size, dirty)
            if dirty or found.has_words:
                return found.patched(dirty, from_ordinals(also), size)
            return Faces(found.bitmap | from_ordinals(also), size)

        return Faces.later(count, size, patched)

    def _passed(self, cut: list[int], test: Test) -> _Passed:
        """Return who of the bins *cut*, and of the dirty, passes."""
        sure: list[tuple[UInt32, Bool]] = []
        read: list[UInt32] = []
        for place in cut:
            held, parts = self._bins.held[place], self._bins.parts[place]
            members = ordinals_of(held)
            if parts is None:
                read.append(members)
                self._want_parts(place)
            else:
                states = parts.states(test)
                inside = states == INSIDE
                if self._dirty:
                    inside[np.searchsorted(members, ordinals_of(held & self._dirty))] = False
                sure.append((members, inside))
                read.append(members[states == READ])
        if self._dirty:
            read = [ordinals_of(Bitmap.union(self._dirty, *map(from_sorted, read)))]
        ordinals = np.concatenate(read)
        keys, there = self._keys(ordinals)
        return _Passed(sure, ordinals[there & test.passed(keys)])

    def _want_parts(self, place: int) -> None:
        """Have a bin cut up for the next question, now that there is one to it."""
        if self._work is None and len(self._bins.held[place]) >= self._shape.cut_from:
            self._begin(self._bins.cut_up(self._shape.cut_from, (place,)))

    def _united(
        self, whole: Span, places: list[int] | None, size: int, dirty: Bitmap | None = None
    ) -> Faces:
        """Return *whole* united; of words if it is of several bins and all are wide.

        While some are *dirty*, bins need not add up: it is made at once.
        """
        if whole.is_one:
            return whole.united(size)
        if places is None or min(map(len, whole.more)) * _WIDE < size:
            if dirty:
                return whole.united(size, dirty=dirty)
            return Faces.later(whole.count, size, lambda: whole.united(size))
        if self._work is None and not self._is_widened:
            self._begin(self._widen())
        bins = tuple(zip(places, whole.more, strict=True))

        def wide() -> tuple[Faces, ...]:
            return tuple(
                Faces.of_words(self._words(place, held, size), size, len(held))
                for place, held in bins
            )

        return Faces.united(wide(), size) if dirty else Faces.union(whole.count, size, wide)

    def _words(self, place: int, held: Bitmap, size: int) -> Words:
        """Return the words of a wide bin, kept for the next question; not to be changed."""
        kept = self._wide.pop(place, None)
        if kept is None or kept[0] is not held or len(kept[1]) != room_for(size):
            if len(self._wide) >= _KEPT:
                del self._wide[next(iter(self._wide))]
            kept = held, Faces(held, size).words
        self._wide[place] = kept
        return kept[1]

    def _widen(self) -> Iterator[None]:
        """Make words of the widest bins, before anybody asks for those."""
        self._is_widened, size, held = True, self._size(), self._bins.held
        for place in sorted(range(len(held)), key=lambda place: len(held[place]))[-_KEPT:]:
            if len(held[place]) * _WIDE >= size:
                self._words(place, held[place], size)
                yield

    def _build(self) -> Iterator[None]:
        self._is_widened = False
        bins = self._none()
        yield from bins.build(self._size())
        self._bins, self._written, self._wide = bins, Written(self._rewritten.contacts), {}
        self._uncut = range(len(bins))

    def _fold(self) -> Iterator[None]:
        """Put the dirty into their bins. They stay dirty meanwhile, so that no answer can miss."""
        folded, self._is_widened = self._dirty, False
        size = self._size()
        yield from self._bins.fold(folded, size)
        self._written = Written((self._dirty - folded) | self._rewritten.contacts)
        yield from self._bins.split(2 * max(size // self._shape.bins, 1), size)


class _Passed:
    """Who passes a test: those *sure* to whom a mask says so, and those who were *read*."""

    def __init__(self, sure: list[tuple[UInt32, Bool]], read: UInt32) -> None:
        self._sure = sure
        self._read = read
        self.count = len(read) + sum(int(np.count_nonzero(inside)) for _, inside in sure)
        """How many there are."""

    def ordinals(self) -> UInt32:
        """Return them, in any order."""
        return np.concatenate([self._read, *(members[inside] for members, inside in self._sure)])


__all__ = ["RangeBins", "RangeShape", "Ranges"]
