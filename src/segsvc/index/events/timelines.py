"""Timelines of one log: event times and instant properties, kept up with the rows on demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, from_sorted
from segsvc.condition.view import Times
from segsvc.domain.columns import Int64, UInt32
from segsvc.index.timeline import Timeline

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

EVENT_TIME = ""
"""Stands for the time of the events themselves among names of properties."""

_PIECE_ROWS = 16_384
_RUN_ROWS = 65_536
_OWNER = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


class _Grows(Times, Protocol):
    @property
    def nbytes(self) -> int: ...

    def add(self, times: Int64, owners: UInt32) -> None: ...


class EventTimelines:
    """Caches by property name, made when first asked for."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._held: dict[str, _Grows] = {}
        self._known: dict[str, int] = {}

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(timeline.nbytes for timeline in self._held.values())

    def has(self, name: str) -> bool:
        """Whether a timeline has been made."""
        return name in self._held

    def of(self, name: str) -> Times:
        """Return the timeline of an instant property, or of `EVENT_TIME`, up to the last row."""
        for _ in self.prepare(name):
            pass
        return self._held[name]

    def prepare(self, name: str) -> Iterator[None]:
        """Do, piece by piece, what `of` would do first; rows may be written in between."""
        self._held.setdefault(name, SecondRuns() if name == EVENT_TIME else Timeline())
        while (known := self._known.get(name, 0)) < len(self._log):
            stop = min(known + _PIECE_ROWS, len(self._log))
            self._add(name, np.arange(known, stop))
            self._known[name] = stop
            yield

    def moved(self, rows: Int64) -> None:
        """Take in *rows* again, whose owner is another one now."""
        for name, known in self._known.items():
            self._add(name, rows[rows < known])

    def _add(self, name: str, rows: Int64) -> None:
        owners = self._log.owners(rows)
        if name == EVENT_TIME:
            self._held[name].add(self._log.times(rows), owners)
        else:
            instants, present = self._log.numbers(name, rows)
            self._held[name].add(instants[present], owners[present])


class SecondRuns:
    """A `Timeline` of seconds that fit in 32 bits, in 8 bytes for each.

    Runs stay short, so that taking in a batch never waits for a great merge. Batches that come in
    the order of time make runs that hardly overlap, and few of them are looked into.
    """

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.uint64]] = []
        """Each sorted: the time in the upper half, the contact in the lower."""
        self._ranges: list[tuple[int, int]] = []

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(run.nbytes for run in self._runs)

    def add(self, times: Int64, owners: UInt32) -> None:
        """Take in seconds (int64, n) of contacts (uint32, n)."""
        if not len(times):
            return
        run = (times.astype(np.uint64) << _SHIFT) | owners
        run.sort()
        while self._runs and _are_merged(len(self._runs[-1]), len(run)):
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")
            self._ranges.pop()
        self._runs.append(run)
        self._ranges.append((int(run[0] >> _SHIFT), int(run[-1] >> _SHIFT)))

    def between(self, first: int, last: int) -> Bitmap:
        """Return contacts that have, or had, an event with first <= time <= last."""
        found = [np.zeros(0, np.uint64)]
        for run, (low, high) in zip(self._runs, self._ranges, strict=True):
            if low <= last and first <= high:
                found.append(run[_place(run, first) : _place(run, last + 1)])
        return from_sorted(np.sort((np.concatenate(found) & _OWNER).astype(np.uint32)))

    def after(self, instant: int) -> int | None:
        """Return the first time later than *instant*."""
        found = [
            low if low > instant else int(run[_place(run, instant + 1)] >> _SHIFT)
            for run, (low, high) in zip(self._runs, self._ranges, strict=True)
            if high > instant
        ]
        return min(found, default=None)


def _are_merged(before: int, length: int) -> bool:
    return before < 4 * length and before + length <= _RUN_ROWS


def _place(run: npt.NDArray[np.uint64], time: int) -> int:
    bound = min(max(time, 0), 2**32 - 1)
    return int(np.searchsorted(run, np.uint64(bound) << _SHIFT))
