"""Who satisfies a query: from columns per contact where they tell, else from rows.

- Windows that end now: the k-th latest times say who did something at least k times, totals say
  how much; a comparison per contact, however many events there are.
- Few contacts: their own rows, along the chains.
- Everything else: the rows of the blocks that the window touches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, Faces, from_sorted, ordinals_of
from segsvc.domain.columns import Bool, UInt32
from segsvc.domain.predicate import EventQuery, Reduction
from segsvc.index.events.doers import Doers
from segsvc.index.events.latest import DEEPEST, LatestTimes
from segsvc.index.events.properties import Rows
from segsvc.index.events.reduce import (
    Owners,
    Part,
    reduced,
    totals_inside,
)
from segsvc.index.events.selection import Selection
from segsvc.index.events.totals import Summed, WindowTotals
from segsvc.index.intervals import inside

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

TIME_LIMIT = 2**32 - 1
_TOTALLED = {Reduction.SUM, Reduction.AVERAGE}

_SORTED = 256
"""Up to 1 / 256 of the contacts, sorting owners beats a mask over all contacts."""

_WALK_MS = 1.0
_DEARER = 2.0
"""A walk along the chains may take longer than one answer without: the next leaf needs it too."""

_WORTH_BINS = 64
"""From 1 / 64 of the contacts on, bins are worth having to answer within some."""

_WORTH_READING = 8
"""Up to 1 / 8 of all totals are sooner read one by one than all in a row."""

_DOERS_MS = 0.02
_MS_PER_CONTACT = 5e-7
_MS_PER_ROW = 8e-6


class Columns(NamedTuple):
    """Arrays by ordinal and what they must satisfy; zeros, as beyond the end, do not."""

    arrays: tuple[npt.NDArray[Any], ...]
    test: Callable[..., Bool]
    binned: Callable[[], Faces | None] = lambda: None
    """Answers for all contacts without reading the arrays, once there are bins."""
    foresee: Callable[[], None] = lambda: None
    """Has bins made, or brought up to date, for the next question."""

    def holders(self, limit: int) -> Faces:
        """Return all contacts that satisfy it, who are all below *limit*."""
        found = self.binned()
        if found is not None:
            return found
        size = min(limit, *map(len, self.arrays))
        return Faces.of_mask(self.test(*(held[:size] for held in self.arrays)), limit)

    def holders_among(self, members: UInt32) -> UInt32:
        """Return those of *members* (ascending) that satisfy it."""
        size = min(len(held) for held in self.arrays)
        if len(members) * _WORTH_BINS > size:
            self.foresee()
        members = members[: np.searchsorted(members, np.uint32(size))]
        return members[self.test(*(held[members] for held in self.arrays))]


_NOBODY = Columns((np.zeros(0, np.uint32),), lambda held: held > 0)

EVENTS = Summed("", counts=True)
"""All events, however often."""


class Answers:
    """Answers queries about one log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.selection = Selection(log)
        self.latest = LatestTimes(log)
        self.earliest = LatestTimes(log, mirrored=True)
        self.totals = WindowTotals(log)
        self.doers = Doers(log)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        held = (self.latest, self.earliest, self.totals, self.doers)
        return sum(part.nbytes for part in held)

    def moved(self, ordinal: int) -> None:
        """Take in that one contact's rows are others now."""
        if ordinal >= self._log.contact_limit:
            return  # who never had a row is in no column
        for held in (self.latest, self.earliest, self.totals, self.doers):
            held.moved(ordinal)

    def having(self, query: EventQuery, within: Bitmap | None) -> Bitmap:
        """Return the contacts (of *within*) who satisfy *query*."""
        if within is None or self._is_empty(query):
            return self.holders(query).bitmap
        found = self._among(query, ordinals_of(within))
        return self.holders(query).bitmap & within if found is None else from_sorted(found)

    def _is_empty(self, query: EventQuery) -> bool:
        return query.first > min(query.last, self._log.blocks.latest)

    def holders(self, query: EventQuery) -> Faces:
        """Return the contacts who satisfy *query*."""
        limit = self._log.contact_limit
        if self._is_empty(query):
            return Faces(Bitmap(), limit)
        columns = self._columns(query)
        if columns is not None:
            return columns.holders(limit)
        self._wish(query)
        if _is_any(query, len(self._log)):
            return self._seen(query)
        return Faces.of_mask(self._reduced(query, self.selection.parts(query), limit), limit)

    def _wish(self, query: EventQuery) -> None:
        """Have bins made with the columns that are not there yet, for whoever asks next."""
        if query.where or query.last < self._log.blocks.latest:
            return
        match query.reduction:
            case Reduction.COUNT:
                low, high = query.interval.unscaled(0)
                if low <= DEEPEST and high >= len(self._log):
                    self.latest.wish(max(low, 1))
            case Reduction.LAST_TIME:
                self.latest.wish(1)
            case Reduction.FIRST_TIME:
                self.earliest.wish(1)

    def _among(self, query: EventQuery, members: UInt32) -> UInt32 | None:
        """Answer for some contacts alone; None: that is dearer than for all."""
        columns = self._columns(query) if self._is_ready(query) else None
        if columns is not None:
            return columns.holders_among(members)
        walk = self._log.walk(members, query.first, _WALK_MS + _DEARER * self.cost(query))
        if walk is None:
            return None
        chosen = self.selection.chosen(query, walk.rows)
        parts = [(walk.rows[chosen], walk.places[chosen])]
        return members[self._reduced(query, parts, len(members))]

    def _columns(self, query: EventQuery) -> Columns | None:
        """Return the columns that answer *query*; None: none do, or not yet."""
        if query.where or query.last < self._log.blocks.latest:
            return None
        if query.first <= 0 and _is_any(query, len(self._log)):
            return Columns((self._log.last_rows,), lambda row: row > 0, self._doers)
        if not (self._is_totalled(query) or self._is_ready(query)):
            return None
        low, high = query.interval.unscaled(0)
        match query.reduction:
            case Reduction.COUNT:
                return self._counted(query.first, max(low, 1), min(high, len(self._log)))
            case Reduction.LAST_TIME:
                return _nth(self.latest, 1, max(low, query.first, 0) + 1, high + 1)
            case Reduction.FIRST_TIME if query.first <= 0:
                return _nth(self.earliest, 1, max(TIME_LIMIT - high, 1), TIME_LIMIT - low)
            case Reduction.SUM | Reduction.AVERAGE:
                return self._totalled(query)
            case _:
                return None

    def _doers(self) -> Faces | None:
        if self.doers.is_near:
            return Faces(self.doers.all(), self._log.contact_limit)
        return None

    def _counted(self, first: int, low: int, high: int) -> Columns:
        since = np.uint32(max(first, 0) + 1)
        if low > high:
            return _NOBODY
        if low <= DEEPEST and high == len(self._log):
            return _nth(self.latest, low, int(since), TIME_LIMIT)
        if high < DEEPEST:
            one_more = self.latest.nth(high + 1)
            return Columns(
                (self.latest.nth(low), one_more),
                lambda held, more: (held >= since) & (more < since),
            )
        counts = self.totals.since(EVENTS, first)
        assert counts is not None, "counts are exact"
        return Columns(
            (counts,),
            lambda held: inside(held, low, high),
            lambda: self._with_total(EVENTS, first, low, high),
            lambda: self.totals.foresee(EVENTS, first),
        )

    def _with_total(self, what: Summed, first: int, low: int, high: int) -> Faces | None:
        """Return whose total since *first* lies in low..high, 0 not being in it.

        From bins of the totals; or from those of the latest times, where few have an event since
        *first* and only their totals are read. None: there are no bins, or too many have one.
        """
        found = self.totals.between(what, first, low, high)
        if found is not None or first <= 0:
            return found
        having = self.latest.between(1, first + 1, TIME_LIMIT)
        if having is None or having.count * _WORTH_READING > having.limit:
            return None
        totals = self.totals.since(what, first)
        assert totals is not None, "they were exact just now"
        among = Columns((totals,), lambda held: inside(held, low, high))
        return Faces(from_sorted(among.holders_among(ordinals_of(having.bitmap))), having.limit)

    def _totalled(self, query: EventQuery) -> Columns | None:
        interval, scale = query.interval, self._log.scale(query.property)
        summed = Summed(query.property, counts=False)
        sums = self.totals.since(summed, query.first)
        if sums is None:
            return None
        low, high = interval.unscaled(scale)
        if query.reduction is Reduction.SUM and not low <= 0 <= high:
            return Columns(
                (sums,),
                lambda held: inside(held, low, high),
                lambda: self._with_total(summed, query.first, low, high),
                lambda: self.totals.foresee(summed, query.first),
            )
        counts = self.totals.since(Summed(query.property, counts=True), query.first)
        assert counts is not None, "counts are exact"
        return Columns(
            (sums, counts),
            lambda held, of: totals_inside(query.reduction, held, of, interval, scale),
        )

    def _is_totalled(self, query: EventQuery) -> bool:
        """Whether totals answer *query*: reading the rows of its window once makes them."""
        counts = query.reduction is Reduction.COUNT and not self._depth(query)
        return counts or query.reduction in _TOTALLED

    def _is_ready(self, query: EventQuery) -> bool:
        """Whether the columns that answer *query*, if any do, are kept already."""
        match query.reduction:
            case Reduction.COUNT:
                depth = self._depth(query)
                if depth:
                    return self.latest.is_near(depth)
                return self.totals.is_near(EVENTS, query.first)
            case Reduction.LAST_TIME:
                return self.latest.is_near(1)
            case Reduction.FIRST_TIME:
                return self.earliest.is_near(1)
            case Reduction.SUM | Reduction.AVERAGE:
                return self.totals.is_near(Summed(query.property, counts=False), query.first)
            case _:
                return False

    def _depth(self, query: EventQuery) -> int:
        """Return the greatest k whose latest times answer a COUNT; 0: they do not."""
        low, high = query.interval.unscaled(0)
        if high >= len(self._log):
            return max(low, 1) if low <= DEEPEST else 0
        return max(high, 0) + 1 if high < DEEPEST else 0

    def _seen(self, query: EventQuery) -> Faces:
        """Return who has a selected event."""
        limit = self._log.contact_limit
        few: list[UInt32] = []
        count = 0
        seen: Bool | None = None
        for _, owners in self.selection.parts(query, repeats=True):
            if seen is None:
                few.append(owners)
                count += len(owners)
                if count * _SORTED > limit:
                    seen = np.zeros(limit, np.bool_)
                    seen[np.concatenate(few)] = True
            else:
                seen[owners] = True
        if seen is not None:
            return Faces.of_mask(seen, limit)
        return Faces(from_sorted(np.sort(np.concatenate(few))) if few else Bitmap(), limit)

    def _reduced(self, query: EventQuery, parts: Iterable[tuple[Rows, Owners]], size: int) -> Bool:
        """Return which owners 0..size-1 of the selected rows pass."""
        scale = self._log.scale(query.property) if query.property else 0
        measured = (self._measured(query, rows, owners) for rows, owners in parts)
        return reduced(query.reduction, measured, size, query.interval, scale)

    def _measured(self, query: EventQuery, rows: Rows, owners: Owners) -> Part:
        if query.reduction is Reduction.COUNT:
            return owners, None
        if not query.property:
            return owners, self._log.instants(rows)
        values = self._log.values(query.property, rows)
        present = self._log.present(query.property, rows)
        return (owners, values) if present is None else (owners[present], values[present])

    def prepare(self, query: EventQuery) -> Iterator[None]:
        """Do, piece by piece, what `having` would do first; rows may be written in between."""
        covers = query.first <= self._log.blocks.latest <= query.last
        if covers and not query.where and self._is_totalled(query):
            summed = Summed(query.property, counts=query.reduction is Reduction.COUNT)
            yield from self.totals.prepare(summed, query.first)

    def upkeep(self) -> Iterator[None]:
        """Make or renew, piece by piece, what answers of late would have been quicker with."""
        self.latest.foresee()
        yield from self.latest.upkeep()
        yield from self.earliest.upkeep()
        yield from self.doers.upkeep()
        yield from self.selection.upkeep()

    def cost(self, query: EventQuery) -> float:
        """Guess the milliseconds of `holders`."""
        contacts = 0.02 + self._log.contact_limit * _MS_PER_CONTACT
        if query.where or query.last < self._log.blocks.latest:
            return contacts + self.selection.cost_rows(query) * _MS_PER_ROW
        if query.first <= 0 and _is_any(query, len(self._log)):
            return _DOERS_MS if self.doers.is_near else contacts
        if self._is_ready(query):
            binned = self._bins_cost(query)
            return contacts if binned is None else binned
        return contacts + self.selection.cost_rows(query) * _MS_PER_ROW

    def _bins_cost(self, query: EventQuery) -> float | None:
        """Guess the milliseconds of an answer by columns that have bins; None: they have none."""
        match query.reduction:
            case Reduction.COUNT:
                low, high = query.interval.unscaled(0)
                k = max(low, 1)
                if high < len(self._log):
                    return None
                return self.latest.bins_cost(k) if k <= DEEPEST else None
            case Reduction.LAST_TIME:
                return self.latest.bins_cost(1)
            case Reduction.FIRST_TIME:
                return self.earliest.bins_cost(1)
            case Reduction.SUM:
                return self.totals.bins_cost(Summed(query.property, counts=False), query.first)
            case _:
                return None


def _nth(times: LatestTimes, k: int, low: int, high: int) -> Columns:
    """Return who has a k-th latest time, as *times* keep them, in low..high."""
    return Columns(
        (times.nth(k),),
        lambda held: inside(held, low, high),
        lambda: times.between(k, low, high),
        lambda: times.foresee_bins(k),
    )


def _is_any(query: EventQuery, rows: int) -> bool:
    """Whether one selected event is all that is asked for."""
    low, high = query.interval.unscaled(0)
    return query.reduction is Reduction.COUNT and low <= 1 and high >= rows
