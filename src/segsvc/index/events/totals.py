"""Sums and counts per contact of the events since an instant, moved along with it.

A window that ends now is asked for again and again while its start creeps forward: the totals of
the last few windows are kept, brought up to the last row and slid to the start asked for. Those of
all time stay where they are, and get bins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Faces
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.index.events.blocks import pieces
from segsvc.index.events.per_contact import grown, touched
from segsvc.index.ranges import RangeBins

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

_KEPT = 6
_KEPT_OF_ALL_TIME = 4
_SLID_ROWS = 2**20
"""Rows up to which totals are slid to another start; farther ones are made anew."""

_CREPT_SECONDS = 3_600
"""How far the start of a window creeps; what begins farther off is another window."""

_REMEMBERED = 16
"""Windows of which it is known that they were asked for."""

_PIECE_ROWS = 131_072
_LIMIT = 2**62


@dataclass(frozen=True, slots=True)
class Summed:
    """What is totalled: the values of a number property, or how many events there are.

    *counts*: the number of events that have *property*; "" stands for all events.
    """

    property: str
    counts: bool


class Totals:
    """The totals (int64) by ordinal of the events with ``time >= since`` in the first `known` rows.

    *exact* turns false when the sum of all magnitudes might not fit; it is not used then.
    """

    def __init__(self, what: Summed, since: int) -> None:
        self.what = what
        self.since = since
        self.known = 0
        self.exact = True
        self.values: npt.NDArray[Any] = np.zeros(0, np.uint32 if what.counts else np.int64)
        self._magnitude = 0
        self.bins: RangeBins | None = None
        """Over the totals that are not 0, once somebody asked for those of all contacts."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.values.nbytes + (0 if self.bins is None else self.bins.nbytes)

    def between(self, log: EventLog, low: int, high: int) -> Faces | None:
        """Return whose total lies in low..high, 0 not being in it; None: there are no bins."""
        return self.bins_over(log).between(low, high)

    def bins_over(self, log: EventLog) -> RangeBins:
        """Return the bins of the totals, which may be empty yet."""
        if self.bins is None:
            self.bins = log.ranges.over(
                lambda: min(log.contact_limit, len(self.values)), self._keys
            )
        return self.bins

    def _keys(self, contacts: slice | UInt32) -> tuple[Int64, Bool]:
        values = self.values[contacts]
        return values.astype(np.int64), values != 0

    def copied(self) -> Totals:
        """Return totals of their own that are the same for now."""
        made = Totals(self.what, self.since)
        made.known, made.exact, made._magnitude = self.known, self.exact, self._magnitude
        made.values = self.values.copy()
        return made

    def follow(self, log: EventLog) -> Iterator[None]:
        """Take in the rows behind `known`, piece by piece; others may slide it in between."""
        if not len(self.values):
            zeros = yield from touched(log.contact_limit, self.values.dtype)
            if not len(self.values):
                self.values = zeros
        while self.known < len(log):
            runs = log.blocks.runs(self.since, log.blocks.latest, self.known)
            self.values = grown(self.values, log.contact_limit)
            if runs:
                piece = pieces(runs[:1], _PIECE_ROWS)[0]
                self._take(log, piece.rows, self.since, log.blocks.latest, 1, whole=piece.whole)
                self.known = piece.rows.stop
                yield
            else:
                self.known = len(log)

    def slide(self, log: EventLog, since: int) -> None:
        """Let the totals begin at another instant; the rows taken in stay the same."""
        first, last = min(since, self.since), max(since, self.since) - 1
        sign = 1 if since < self.since else -1
        for run in log.blocks.runs(first, last, 0, self.known):
            self._take(log, run.rows, first, last, sign, whole=run.whole)
        self.since = since

    def _take(
        self, log: EventLog, rows: slice, first: int, last: int, sign: int, *, whole: bool
    ) -> None:
        mask = log.has_all(rows, self.what.property, None if whole else (first, last))
        ordinals = log.owners(rows)
        values = None if self.what.counts else log.values(self.what.property, rows)
        if mask is not None:
            places = np.flatnonzero(mask)
            ordinals = ordinals[places]
            values = None if values is None else values[places]
        self._add(ordinals, values, sign)

    def _add(self, ordinals: UInt32, values: npt.NDArray[np.integer] | None, sign: int) -> None:
        if not len(ordinals):
            return
        if values is not None:
            self._magnitude += max(int(values.max()), -int(values.min())) * len(values)
            self.exact = self.exact and self._magnitude < _LIMIT
            if not self.exact:
                return
        added = np.uint32(1) if values is None else values.astype(self.values.dtype)
        (np.add if sign > 0 else np.subtract).at(self.values, ordinals, added)
        if self.bins is not None:
            self.bins.wrote(ordinals)

    def moved(self, log: EventLog, ordinal: int) -> None:
        """Total one contact's rows anew, whose owner is another one now."""
        if not self.known:
            return
        self.values = grown(self.values, log.contact_limit)
        rows = log.rows_of(ordinal)
        rows = rows[(rows < self.known) & (log.instants(rows) >= self.since)]
        mask = log.has_all(rows, self.what.property, None)
        rows = rows if mask is None else rows[mask]
        self.values[ordinal] = 0
        if self.bins is not None:
            self.bins.wrote(np.array([ordinal], np.uint32))
        values = None if self.what.counts else log.values(self.what.property, rows)
        self._add(log.owners(rows), values, 1)


class WindowTotals:
    """The totals that were asked for last, of one log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._kept: list[Totals] = []
        """The last used comes last."""
        self._asked: deque[tuple[Summed, int]] = deque(maxlen=_REMEMBERED)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(totals.nbytes for totals in self._kept)

    def since(self, what: Summed, first: int) -> npt.NDArray[Any] | None:
        """Return the totals by ordinal of all events with time >= *first*; None: inexact.

        Contacts beyond the end have no event.
        """
        totals = self._totals(what, first)
        return totals.values if totals.exact else None

    def _totals(self, what: Summed, first: int) -> Totals:
        for _ in self.prepare(what, first):
            pass
        totals = self._kept[-1]
        if totals.since != self._start(first):
            totals.slide(self._log, self._start(first))
        return totals

    def between(self, what: Summed, first: int, low: int, high: int) -> Faces | None:
        """Return for whom low <= `since` <= high; None: there are no bins.

        0 must not be among low..high, and the totals must be exact.
        """
        if self._start(first):
            return None
        return self._totals(what, first).between(self._log, low, high)

    def foresee(self, what: Summed, first: int) -> None:
        """Have bins made, or brought up to date, for the next `between`."""
        if not self._start(first):
            self._totals(what, first).bins_over(self._log).foresee()

    def bins_cost(self, what: Summed, first: int) -> float | None:
        """Guess the milliseconds of `between`; None: there are no bins."""
        totals = self._nearest(what, self._start(first))
        if totals is None or totals.bins is None or not totals.bins.is_ready:
            return None
        return totals.bins.cost()

    def is_near(self, what: Summed, first: int) -> bool:
        """Whether `since` needs no totals made anew, and reads only a few of the last rows."""
        totals = self._nearest(what, self._start(first))
        return totals is not None and len(self._log) - totals.known <= _PIECE_ROWS

    def prepare(self, what: Summed, first: int) -> Iterator[None]:
        """Do, piece by piece, what `since` would do first; rows may be written in between."""
        start = self._start(first)
        totals = self._nearest(what, start)
        if totals is None:
            totals = Totals(what, start)
        elif self._comes_again(what, start) and not _is_crept(totals.since, start):
            totals = totals.copied()
        else:
            self._kept.remove(totals)
        self._kept = self._fewer([*self._kept, totals])
        self._asked.append((what, start))
        yield from totals.follow(self._log)

    def _fewer(self, kept: list[Totals]) -> list[Totals]:
        """Return what may stay of *kept*, in its order."""
        moving = [totals for totals in kept if totals.since][-_KEPT:]
        ever = [totals for totals in kept if not totals.since][-_KEPT_OF_ALL_TIME:]
        return [totals for totals in kept if totals in moving or totals in ever]

    def _comes_again(self, what: Summed, start: int) -> bool:
        """Whether a window was asked for before, so that it should have totals of its own.

        Two that are asked for in turn must not slide one's totals to and fro; one that is asked
        for once may have those of another.
        """
        return any(of == what and _is_crept(since, start) for of, since in self._asked)

    def _start(self, first: int) -> int:
        return max(first, 0)

    def _nearest(self, what: Summed, first: int) -> Totals | None:
        """Return totals that can be slid to *first* with little work; not those of all time."""
        near = [
            (self._between(totals.since, first), place)
            for place, totals in enumerate(self._kept)
            if totals.what == what and (not totals.since) == (not first)
        ]
        rows, place = min(near, default=(_SLID_ROWS + 1, 0))
        return self._kept[place] if rows <= _SLID_ROWS else None

    def _between(self, one: int, other: int) -> int:
        if one == other:
            return 0
        return self._log.blocks.count(min(one, other), max(one, other) - 1)

    def moved(self, ordinal: int) -> None:
        """Total one contact's rows anew, whose owner is another one now."""
        for totals in self._kept:
            totals.moved(self._log, ordinal)


def _is_crept(since: int, start: int) -> bool:
    return abs(since - start) <= _CREPT_SECONDS
