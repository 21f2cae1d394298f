"""Bins of one column: bitmaps by ranges of values, and unions of all from some of them on.

Bitmaps are never changed, only replaced, so that answers may be made of them later.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from segsvc.bitmap import Bitmap, Faces, from_ordinals, from_sorted, ordinals_of
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.decimals import INT64_MAX
from segsvc.index.parts import Parts
from segsvc.index.range_build import bin_edges, binned
from segsvc.index.spans import Span

Keys: TypeAlias = Callable[[slice | UInt32], tuple[Int64, Bool]]
"""Returns the values of contacts (int64, n), and who has one (bool, n)."""

_BINS_PER_SLICE = 32
_OFTENER = 4
_BYTES_PER_CONTAINER = 48

_SPARSE = 128
"""A union that holds no more than 1 / 128 of all contacts is kept as a bitmap."""


class Bins:
    """Bin i holds who had a value from edge i to before edge i + 1, once `build` is through."""

    def __init__(self, keys: Keys, count: int, every: int, words_from: int) -> None:
        """Cut nothing yet.

        Args:
            keys: reads the column.
            count: how many quantiles.
            every: a union is kept at each so many bins.
            words_from: the contacts from which on unions are kept as words.
        """
        self._keys = keys
        self._count = count
        self._every = every
        self._words_from = words_from
        self.edges: Int64 = np.zeros(0, np.int64)
        """The least value of each bin, ascending; the first is the least int64."""
        self.held: list[Bitmap] = []
        self.parts: list[Parts | None] = []
        """Of each bin, once `cut_up` has made them."""
        self._marks: list[int] = []
        self._suffixes: list[Faces] = []
        self._grown: list[int] = []

    def __len__(self) -> int:
        return len(self.held)

    def nbytes(self, size: int) -> int:
        """Return the bytes held, an estimate: two per value and bin, the unions, and the parts."""
        held = sum(map(len, self.held))
        parts = sum(len(cut.codes) + cut.edges.nbytes for cut in self.parts if cut is not None)
        containers = min(held, len(self.held) * -(-size // 65_536))
        return (
            parts
            + 2 * held
            + _BYTES_PER_CONTAINER * containers
            + sum(suffix.nbytes for suffix in self._suffixes)
        )

    def end(self, place: int) -> int:
        """Return the greatest value that a bin may hold."""
        return int(self.edges[place + 1]) - 1 if place + 1 < len(self.edges) else INT64_MAX

    def place_of(self, value: int) -> int:
        """Return which bin holds *value*."""
        return int(np.searchsorted(self.edges, np.int64(value), "right")) - 1

    def span(self, first: int, last: int) -> Span:
        """Return what the bins first..last-1 hold, in as few pieces as there are."""
        outer, more, less = self._from(first)
        if last == len(self.held):
            cut = Span(outer, None, more, less)
        else:
            inner, beyond, within = self._from(last)
            cut = Span(outer, inner, more + within, less + beyond)
        return cut if cut.pieces < last - first else self.some(range(first, last))

    def some(self, places: Sequence[int]) -> Span:
        """Return what some bins hold."""
        return Span(more=tuple(self.held[place] for place in places))

    def _from(self, place: int) -> tuple[Faces, tuple[Bitmap, ...], tuple[Bitmap, ...]]:
        """Return the union nearest to *place*; what it lacks of later bins; what is too much."""
        nearest = bisect_left(self._marks, place)
        if nearest and place - self._marks[nearest - 1] < self._marks[nearest] - place:
            nearest -= 1
        mark, found = self._marks[nearest], self._suffixes[nearest]
        return found, tuple(self.held[place:mark]), tuple(self.held[mark:place])

    def build(self, size: int) -> Iterator[None]:
        """Cut the column of *size* contacts into bins, slice by slice."""
        self.edges = bin_edges(self._keys, size, self._count)
        self._every = max(min(self._every * len(self.edges) // self._count, self._every), 1)
        yield
        bins: list[Bitmap] = []
        for made in binned(self._keys, size, self.edges):
            if made is not None:
                bins.append(made)
            if made is None or len(bins) % _BINS_PER_SLICE == 0:
                yield
        marks, later = self._marked(len(bins)), Bitmap()
        suffixes = [self._formed(Faces(later, size))]
        for mark, end in zip(marks[-2::-1], marks[:0:-1], strict=True):
            later = Bitmap.union(later, *bins[mark:end])
            suffixes.append(self._formed(Faces(later, size)))
            yield
        self.held, self._marks, self._suffixes = bins, marks, suffixes[::-1]
        self.parts = [None] * len(bins)

    def _formed(self, union: Faces) -> Faces:
        """Return a union in the form that bins are soonest put into."""
        if union.limit >= self._words_from and len(union) * _SPARSE > union.limit:
            union.to_words()
        return union

    def cut_up(self, least: int, places: Sequence[int]) -> Iterator[None]:
        """Cut those of the bins that hold *least* members or more up into parts, one by one.

        Who is dirty meanwhile may be told a wrong part.
        """
        for place in places:
            held, first, last = self.held[place], int(self.edges[place]), self.end(place)
            if self.parts[place] is None and len(held) >= least and first < last:
                self.parts[place] = Parts.of(self._keys(ordinals_of(held))[0], first, last)
                yield

    def _marked(self, count: int) -> list[int]:
        """Return from which bins on unions are kept: more of them towards the end.

        Sets of few are dear to unite and cheap to keep; of times, it is the latest that are asked
        for most.
        """
        often = max(self._every // _OFTENER, 1)
        last = count * 7 // 8 // self._every * self._every
        return [*range(0, last, self._every), *range(last, count, often), count]

    def fold(self, moved: Bitmap, size: int) -> Iterator[None]:
        """Put whoever *moved*, of *size* contacts, into the bins of their values, slice by slice.

        Nothing may be asked about them meanwhile.
        """
        ordinals = ordinals_of(moved)
        keys, there = self._keys(ordinals)
        ordinals, keys = ordinals[there], keys[there]
        places = np.searchsorted(self.edges, keys, side="right") - 1
        order = np.argsort(places, kind="stable")
        cuts = np.searchsorted(places[order], np.arange(len(self.held) + 1)).tolist()
        yield
        for place in range(len(self.held)):
            new = ordinals[order[cuts[place] : cuts[place + 1]]]
            if len(new) or self.held[place].intersect(moved):
                held = self.held[place] - moved
                self.held[place] = held | from_ordinals(new) if len(new) else held
                self.parts[place] = None
            if place % _BINS_PER_SLICE == 0:
                yield
        for at, mark in enumerate(self._marks[:-1]):
            later = from_sorted(ordinals[keys >= self.edges[mark]])
            self._suffixes[at] = self._formed(self._suffixes[at].patched(moved, later, size))
            yield
        self._grown = np.unique(places).tolist()

    def split(self, most: int, size: int) -> Iterator[None]:
        """Halve those of the bins grown last that hold more than *most*, until none does.

        All that are in bins are below *size*.
        """
        for first in reversed(self._grown):
            waiting = [first]
            while waiting:
                place = waiting.pop()
                if len(self.held[place]) > most and self.edges[place] < self.end(place):
                    self._halve(place)
                    waiting += [place, place + 1]
                    yield
        for at in range(len(self._marks) - 1, 0, -1):
            self._mark_between(at, size)
            yield

    def _mark_between(self, at: int, size: int) -> None:
        """Keep more unions where many bins have come between a mark and the one before it."""
        later = self._suffixes[at].bitmap
        places = range(self._marks[at - 1] + self._every, self._marks[at], self._every)
        if len(places) < 2:
            return
        ends = [*places[1:], self._marks[at]]
        suffixes: list[Faces] = []
        for place, end in zip(places[::-1], ends[::-1], strict=True):
            later = Bitmap.union(later, *self.held[place:end])
            suffixes.insert(0, self._formed(Faces(later, size)))
        self._marks[at:at] = places
        self._suffixes[at:at] = suffixes

    def _halve(self, place: int) -> None:
        held = self.held[place]
        ordinals = ordinals_of(held)
        keys, _ = self._keys(ordinals)
        least, end = int(self.edges[place]), self.end(place)
        cut = min(max(int(np.median(keys)), least + 1), end)
        above = from_sorted(ordinals[keys >= cut])
        self.held[place : place + 1] = [held - above, above]
        self.parts[place : place + 1] = [None, None]
        self.edges = np.insert(self.edges, place + 1, cut)
        self._marks = [mark + (mark > place) for mark in self._marks]
