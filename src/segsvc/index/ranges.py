"""Bins: who has a value in a range, without reading every value.

The column is the truth and bins are a cache beside it: whoever was written since is *dirty*, and
an answer is what whole bins hold, less the dirty, and with those of the dirty and of the bins at
the edges whose value, read from the column, lies inside. Bins are cut at quantiles; a value that
fills a bin has one to itself, which is never looked into. Unions of all bins from every 32nd on
make any range the difference of two.

Nothing here stops others for long: bins are built and folded in slices (`upkeep`), and until they
are there the column is scanned.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from segsvc.bitmap import (
    Bitmap,
    Faces,
    Words,
    from_ordinals,
    from_sorted,
    ordinals_of,
    room_for,
)
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.decimals import INT64_MAX, INT64_MIN
from segsvc.index.range_build import bin_edges, binned

Keys: TypeAlias = Callable[[slice | UInt32], tuple[Int64, Bool]]
"""Returns the values of contacts (int64, n), and who has one (bool, n)."""

_BINS_PER_SLICE = 32
_FEW = 4
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
    """

    bins: int = 1_024
    every: int = 32
    fold_at: int = 16_384
    least: int | None = 65_536
    at_once: bool = False


class Ranges:
    """The bins of all columns of a store, and the work that questions to them have left over."""

    def __init__(self, shape: RangeShape) -> None:
        self._shape = shape
        self._waiting: dict[RangeBins, None] = {}

    def over(self, size: Callable[[], int], keys: Keys) -> RangeBins:
        """Return bins over one column."""
        return RangeBins(self._shape, size, keys, self._wait)

    def _wait(self, bins: RangeBins) -> None:
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
        self._edges: Int64 = np.zeros(0, np.int64)
        self._bins: list[Bitmap] = []
        self._marks: list[int] = []
        self._suffixes: list[Bitmap] = []
        self._wide: dict[int, tuple[Bitmap, Words]] = {}
        """The words of wide bins that were asked for, and the bins they were made of."""
        self._dirty = Bitmap()
        self._rewritten = Bitmap()
        self._work: Iterator[None] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether there are bins."""
        return bool(self._bins)

    @property
    def nbytes(self) -> int:
        """Bytes held, an estimate: two per value and bin, and the unions."""
        held = sum(map(len, self._bins))
        whole = min(2 * held, self._size() // 8)
        words = sum(words.nbytes for _, words in self._wide.values())
        return 2 * held + len(self._suffixes) * whole // 2 + words

    def cost(self) -> float:
        """Guess the milliseconds of a question, when there are bins."""
        return _MS_PER_MILLION * self._size() / 1e6 + _MS_PER_DIRTY * len(self._dirty) + 0.02

    def wrote(self, ordinals: UInt32) -> None:
        """Note that values of contacts were set or unset, in the column already."""
        if self._work is None and not self._bins:
            return
        changed = from_sorted(ordinals)
        self._dirty = self._dirty | changed
        self._rewritten = self._rewritten | changed
        if len(self._dirty) * _TOO_DIRTY > max(self._size(), self._shape.fold_at):
            self.forget()

    def forget(self) -> None:
        """Start anew, at the next question."""
        self._bins, self._marks, self._suffixes, self._wide = [], [], [], {}
        self._dirty, self._work = Bitmap(), None

    def upkeep(self) -> bool:
        """Do a slice (2 ms) of what questions have found worth doing; say if more is left."""
        if self._work is not None and next(self._work, self) is self:
            self._work = None
        return self._work is not None

    def foresee(self) -> None:
        """Begin what would make answers quicker, before anybody asks."""
        if self._work is None:
            if not self._bins:
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
        return bool(self._bins)

    def _begin(self, work: Iterator[None]) -> None:
        self._work = work
        self._wait(self)

    def between(self, low: int, high: int) -> Faces | None:
        """Return who has low <= value <= high, not to be changed; None: scan the column."""
        low, high = max(low, INT64_MIN), min(high, INT64_MAX)
        if low > high:
            return Faces(Bitmap(), self._size())
        if not self._ask():
            return None
        first = int(np.searchsorted(self._edges, np.int64(low)))
        last = int(np.searchsorted(self._edges, np.int64(high), side="right"))
        edges = []
        if first == len(self._bins) or self._edges[first] > low:
            edges.append(first - 1)
        if high < self._end(last - 1):
            last -= 1
            if last not in edges:
                edges.append(last)
        return self._refined(
            self._span(first, last), edges, lambda keys: (keys >= low) & (keys <= high)
        )

    def one_of(self, values: Int64) -> Faces | None:
        """Return who has one of *values* (ascending); see `between`."""
        if len(values) == 1:
            return self.between(int(values[0]), int(values[0]))
        if not self._ask():
            return None
        places = np.unique(np.searchsorted(self._edges, values, side="right") - 1)
        single = self._edges[places] == np.append(self._edges[1:] - 1, INT64_MAX)[places]
        found, edges = self._joined(places[single].tolist()), places[~single].tolist()
        return self._refined(found, edges, lambda keys: np.isin(keys, values))

    def present(self) -> Faces | None:
        """Return who has a value; see `between`."""
        return self.between(INT64_MIN, INT64_MAX)

    def after(self, value: int) -> int | None:
        """Return the least value greater than *value*; there must be bins."""
        dirty = self._dirty
        found = [self._least(dirty, value) if dirty else None]
        for place in range(
            int(np.searchsorted(self._edges, np.int64(value + 1), "right")) - 1, len(self._bins)
        ):
            held = self._bins[place]
            least = self._least(held - dirty if dirty else held, value)
            if least is not None:
                found.append(least)
                break
        return min((least for least in found if least is not None), default=None)

    def _least(self, contacts: Bitmap, value: int) -> int | None:
        keys, there = self._keys(ordinals_of(contacts))
        later = keys[there & (keys > value)]
        return int(later.min()) if len(later) else None

    def _end(self, place: int) -> int:
        """Return the greatest value that a bin may hold."""
        return int(self._edges[place + 1]) - 1 if place + 1 < len(self._edges) else INT64_MAX

    def _span(self, first: int, last: int) -> Faces:
        """Return what the bins first..last-1 hold."""
        if last - first <= self._shape.every * 3 // 2:
            return self._joined(range(first, last))
        found = self._from(first)
        return self._faces(found if last == len(self._bins) else found - self._from(last))

    def _faces(self, found: Bitmap) -> Faces:
        return Faces(found, self._size())

    def _joined(self, places: Sequence[int]) -> Faces:
        """Return what some bins hold; in words if they are several and all wide."""
        size, bins = self._size(), [self._bins[place] for place in places]
        if len(bins) < 2 or min(map(len, bins)) * _WIDE < size:
            return self._faces(_union(bins))
        words = self._words(places[0]) | self._words(places[1])
        for place in places[2:]:
            words |= self._words(place)
        return Faces.of_words(words, size)

    def _words(self, place: int) -> Words:
        """Return the words of a wide bin, kept for the next question; not to be changed."""
        held, size = self._bins[place], self._size()
        kept = self._wide.pop(place, None)
        if kept is None or kept[0] is not held or len(kept[1]) != room_for(size):
            if len(self._wide) >= _KEPT:
                del self._wide[next(iter(self._wide))]
            kept = held, self._faces(held).words
        self._wide[place] = kept
        return kept[1]

    def _from(self, place: int) -> Bitmap:
        """Return what the bins from *place* on hold."""
        nearest = bisect_left(self._marks, place)
        if nearest and place - self._marks[nearest - 1] < self._marks[nearest] - place:
            nearest -= 1
        mark, found = self._marks[nearest], self._suffixes[nearest]
        if mark == place:
            return found
        if mark > place:
            return _union([*self._bins[place:mark], found])
        found = found - self._bins[mark]
        for held in self._bins[mark + 1 : place]:
            found -= held
        return found

    def _refined(self, found: Faces, edges: list[int], inside: Callable[[Int64], Bool]) -> Faces:
        """Return *found*, with whoever of the bins *edges* and of the dirty lies *inside*."""
        doubtful = self._dirty
        if edges:
            doubtful = Bitmap.union(doubtful, *(self._bins[place] for place in edges))
        if not doubtful:
            return found
        ordinals = ordinals_of(doubtful)
        keys, there = self._keys(ordinals)
        holds = from_sorted(ordinals[there & inside(keys)])
        if self._dirty or found.has_words:
            return found.patched(doubtful, holds, self._size())
        return self._faces(found.bitmap | holds)  # whole bins hold nobody of the others

    def _build(self) -> Iterator[None]:
        self._rewritten = Bitmap()
        size = self._size()
        edges = bin_edges(self._keys, size, self._shape.bins)
        yield
        bins: list[Bitmap] = []
        for made in binned(self._keys, size, edges):
            if made is not None:
                bins.append(made)
            if made is None or len(bins) % _BINS_PER_SLICE == 0:
                yield
        marks, later = [*range(0, len(bins), self._shape.every), len(bins)], Bitmap()
        suffixes = [later]
        for mark, end in zip(marks[-2::-1], marks[:0:-1], strict=True):
            later = Bitmap.union(later, *bins[mark:end])
            suffixes.append(later)
            yield
        self._edges, self._bins, self._dirty, self._wide = edges, bins, self._rewritten, {}
        self._marks, self._suffixes = marks, suffixes[::-1]

    def _fold(self) -> Iterator[None]:
        """Put the dirty into their bins. They stay dirty meanwhile, so that no answer can miss."""
        folded, self._rewritten = self._dirty, Bitmap()
        ordinals = ordinals_of(folded)
        keys, there = self._keys(ordinals)
        ordinals, keys = ordinals[there], keys[there]
        places = np.searchsorted(self._edges, keys, side="right") - 1
        order = np.argsort(places, kind="stable")
        cuts = np.searchsorted(places[order], np.arange(len(self._bins) + 1)).tolist()
        yield
        for place in range(len(self._bins)):
            new = ordinals[order[cuts[place] : cuts[place + 1]]]
            held = self._bins[place] - folded
            self._bins[place] = held | from_ordinals(new) if len(new) else held
            if place % _BINS_PER_SLICE == 0:
                yield
        for at, mark in enumerate(self._marks[:-1]):
            later = from_sorted(ordinals[keys >= self._edges[mark]])
            self._suffixes[at] = (self._suffixes[at] - folded) | later
            yield
        self._dirty = (self._dirty - folded) | self._rewritten
        yield from self._split(np.unique(places).tolist())

    def _split(self, grown: list[int]) -> Iterator[None]:
        """Halve those of the bins *grown* that have become too large, until none is."""
        most = 2 * max(self._size() // self._shape.bins, 1)
        for first in reversed(grown):
            waiting = [first]
            while waiting:
                place = waiting.pop()
                if len(self._bins[place]) > most and self._edges[place] < self._end(place):
                    self._halve(place)
                    waiting += [place, place + 1]
                    yield
        for at in range(len(self._marks) - 1, 0, -1):
            self._mark_between(at)
            yield

    def _mark_between(self, at: int) -> None:
        """Keep more unions where many bins have come between a mark and the one before it."""
        later = self._suffixes[at]
        places = range(self._marks[at - 1] + self._shape.every, self._marks[at], self._shape.every)
        if len(places) < 2:
            return
        ends = [*places[1:], self._marks[at]]
        suffixes: list[Bitmap] = []
        for place, end in zip(places[::-1], ends[::-1], strict=True):
            later = Bitmap.union(later, *self._bins[place:end])
            suffixes.insert(0, later)
        self._marks[at:at] = places
        self._suffixes[at:at] = suffixes

    def _halve(self, place: int) -> None:
        held = self._bins[place]
        ordinals = ordinals_of(held)
        keys, _ = self._keys(ordinals)
        least, end = int(self._edges[place]), self._end(place)
        cut = min(max(int(np.median(keys)), least + 1), end)
        above = from_sorted(ordinals[keys >= cut])
        self._bins[place : place + 1] = [held - above, above]
        self._edges = np.insert(self._edges, place + 1, cut)
        self._marks = [mark + (mark > place) for mark in self._marks]


def _union(bins: list[Bitmap]) -> Bitmap:
    """Return the union of bins, the largest last; a single one is returned itself.

    CRoaring's union of many begins with a bitset per container, which few bins are not worth.
    """
    if len(bins) > _FEW:
        return Bitmap.union(*bins[::-1])
    found = bins[-1] if bins else Bitmap()
    for held in bins[-2::-1]:
        found = found | held
    return found


__all__ = ["Keys", "RangeBins", "RangeShape", "Ranges"]
