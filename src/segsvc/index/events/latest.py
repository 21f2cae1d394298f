"""The latest event times of each contact: "at least k times since" as one comparison.

A contact did something at least k times since an instant just when its k-th latest event is not
earlier. Caches beside the log, made once a question needs them and then brought up to the last row.
Those that were asked for over the whole store get bins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from segsvc.bitmap import Faces, from_ordinals
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.index.events.per_contact import grown, touched
from segsvc.index.ranges import RangeBins

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

T = TypeVar("T", bound=np.generic)

_DEPTHS = (1, 3, 8)
DEEPEST = _DEPTHS[-1]
"""The greatest k that is kept."""

NEAR_ROWS = 65_536
"""Rows that a question may wait for; what is farther behind is left to `upkeep`."""

_FEW = 4
_SPARE = 16
"""1 / SPARE more contacts fit before times are copied, some 10 ms a column at ten million contacts:
without room, at the first event of the next new contact."""

_PIECE_ROWS = 16_384


class LatestTimes:
    """The k-th latest times of one log, for k up to the greatest that was asked for."""

    def __init__(self, log: EventLog, *, mirrored: bool = False) -> None:
        """*mirrored*: a time t counts as 2^32 - 2 - t, so that the earliest are the latest."""
        self._log = log
        self._mirrored = mirrored
        self._kept = _Columns(0, mirrored=mirrored)
        self._made: _Columns | None = None
        self._wanted = 0
        self._binned: set[int] = set()
        """Which k were asked for over the whole store, and shall have bins with their columns."""
        self._bins: dict[int, RangeBins] = {}

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        binned = sum(bins.nbytes for bins in self._bins.values())
        return self._kept.nbytes + (self._made.nbytes if self._made else 0) + binned

    def is_near(self, k: int) -> bool:
        """Whether `nth` would read only a few rows; if not, `upkeep` will see to it."""
        self._wanted = max(self._wanted, k)
        known = self._kept.known if k <= self._kept.depth else 0
        return len(self._log) - known <= NEAR_ROWS

    def foresee(self) -> None:
        """Leave the latest time of each contact to `upkeep`, before anybody asks.

        Not where few have an event, whose rows are read as quickly, nor in small stores.
        """
        contacts = self._log.contact_limit
        if contacts >= NEAR_ROWS and len(self._log) * _FEW >= contacts:
            self._wanted = max(self._wanted, 1)

    def nth(self, k: int) -> UInt32:
        """Return the k-th latest time of each contact plus one, by ordinal (uint32).

        0: the contact has fewer events. Contacts beyond the end have none. *k* is at most
        `DEEPEST`.
        """
        self._wanted = max(self._wanted, k)
        while k > self._kept.depth:
            for _ in self.upkeep():
                pass
        for _ in self._kept.follow(self._log, self._wrote):
            pass
        return self._kept.times[k - 1]

    def between(self, k: int, low: int, high: int) -> Faces | None:
        """Return for whom low <= `nth` <= high, *low* being positive; None: there are no bins."""
        self.nth(k)
        return self._bins_of(k).between(low, high)

    def foresee_bins(self, k: int) -> None:
        """Have bins made, or brought up to date, for the next `between`; `nth` was asked for."""
        self._bins_of(k).foresee()

    def wish(self, k: int) -> None:
        """Have bins made of the k-th latest times, once those are there."""
        self._binned.add(k)

    def _bins_of(self, k: int) -> RangeBins:
        if k not in self._bins:
            self._bins[k] = self._log.ranges.over(self._size, lambda some: self._keys(k, some))
        return self._bins[k]

    def bins_cost(self, k: int) -> float | None:
        """Guess the milliseconds of `between`; None: there are no bins."""
        bins = self._bins.get(k)
        return bins.cost() if bins is not None and bins.is_ready else None

    def _size(self) -> int:
        return min(self._log.contact_limit, len(self._kept.times[0]))

    def _keys(self, k: int, contacts: slice | UInt32) -> tuple[Int64, Bool]:
        times = self._kept.times[k - 1][contacts]
        return times.astype(np.int64), times != 0

    def _wrote(self, ordinals: UInt32) -> None:
        if self._bins:
            changed = from_ordinals(ordinals)
            for bins in self._bins.values():
                bins.wrote_of(changed)

    def upkeep(self) -> Iterator[None]:
        """Take in, piece by piece, what was asked for; rows may be written in between."""
        if self._wanted <= self._kept.depth:
            yield from self._kept.follow(self._log, self._wrote)
        else:
            yield from self._deepen()
        for k in [k for k in self._binned if k <= self._kept.depth]:
            self._bins_of(k).foresee()
            self._binned.discard(k)

    def _deepen(self) -> Iterator[None]:
        """Make as many latest times as are asked for. Bins are lost, and wished for again."""
        if self._made is None or self._made.depth < self._wanted:
            depth = next(depth for depth in _DEPTHS if depth >= self._wanted)
            self._made = _Columns(depth, mirrored=self._mirrored)
        made = self._made
        yield from made.follow(self._log)
        if self._made is made:
            self._kept, self._made = made, None
            self._binned.update(self._bins)
            for bins in self._bins.values():
                bins.forget()

    def moved(self, ordinal: int) -> None:
        """Read one contact's rows anew, whose owner is another one now."""
        for columns in (self._kept, self._made):
            if columns is not None and columns.known:
                rows = self._log.rows_of(ordinal)
                columns.reach(self._log.contact_limit)
                columns.replace(ordinal, self._log.instants(rows[rows < columns.known]))
        self._wrote(np.array([ordinal], np.uint32))


class _Columns:
    """The first *depth* latest times of each contact, over the first `known` rows."""

    def __init__(self, depth: int, *, mirrored: bool) -> None:
        self.depth = depth
        self._mirrored = mirrored
        self.known = 0
        self.times: list[UInt32] = [np.zeros(0, np.uint32) for _ in range(depth)]

    @property
    def nbytes(self) -> int:
        return sum(held.nbytes for held in self.times)

    def follow(
        self, log: EventLog, wrote: Callable[[UInt32], None] = lambda ordinals: None
    ) -> Iterator[None]:
        if not self.known:
            yield from self._make_room(log.contact_limit)
        while self.known < len(log):
            rows = slice(self.known, min(self.known + _PIECE_ROWS, len(log)))
            ordinals = log.owners(rows)
            times = self._stored(log.instants(rows))
            if log.has_dead:
                alive = log.are_alive(ordinals)
                ordinals, times = ordinals[alive], times[alive]
            self.known = rows.stop
            self.reach(log.contact_limit)
            self._take(ordinals, times)
            wrote(ordinals)
            yield

    def reach(self, limit: int) -> None:
        """Hold times of all contacts below *limit*: rows may move to one who had none."""
        self.times = [grown(held, limit) for held in self.times]

    def _make_room(self, limit: int) -> Iterator[None]:
        for place in range(self.depth):
            zeros = yield from touched(limit, np.uint32, spare=limit // _SPARE)
            if not len(self.times[place]):
                self.times[place] = zeros

    def _stored(self, times: UInt32) -> UInt32:
        return ~times if self._mirrored else times + np.uint32(1)

    def _take(self, ordinals: UInt32, times: UInt32) -> None:
        if not len(ordinals) or not self.depth:
            return
        if self.depth == 1:
            np.maximum.at(self.times[0], ordinals, times)
            return
        keys = ordinals.astype(np.uint64) << np.uint64(32)
        keys |= ~times
        keys.sort()
        owners = (keys >> np.uint64(32)).astype(np.uint32)
        newest = ~keys.astype(np.uint32)
        ranks = _ranks(owners)
        for rank in range(min(self.depth, int(ranks.max()) + 1)):
            chosen = np.flatnonzero(ranks == rank)
            self._insert(owners[chosen], newest[chosen], rank)

    def _insert(self, ordinals: UInt32, times: UInt32, start: int) -> None:
        """Put one more time of distinct contacts in its place, which is not before *start*.

        What it takes the place of moves one down; most contacts soon have nothing that could.
        """
        for held in self.times[start:]:
            there = held[ordinals]
            held[ordinals] = np.maximum(there, times)
            times = np.minimum(there, times)
            moving = np.flatnonzero(times)
            ordinals, times = ordinals[moving], times[moving]

    def replace(self, ordinal: int, times: UInt32) -> None:
        newest = np.sort(self._stored(times))[::-1]
        for place, held in enumerate(self.times):
            held[ordinal] = int(newest[place]) if place < len(newest) else 0


def _ranks(owners: UInt32) -> Int64:
    """Return how many equal ones precede each of *owners*, which ascend."""
    starts = np.flatnonzero(np.concatenate([[True], owners[1:] != owners[:-1]]))
    lengths = np.diff(starts, append=len(owners))
    return np.arange(len(owners)) - np.repeat(starts, lengths)
