"""The entry stream of one trigger: what was made and not acknowledged yet, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from segsvc.domain.columns import Int64, UInt32
from segsvc.domain.errors import OffsetOutOfRange
from segsvc.domain.section import Section, Sections
from segsvc.index import BytesSection

KEPT_SECONDS = 30 * 86_400
"""How long entries are kept at least that nobody acknowledges."""

NOBODY = np.uint32(2**32 - 1)
"""Stands in the place of a sequence number that is no contact's entry."""


class EntryKind(IntEnum):
    """Why contacts entered, or that everybody before must be stopped."""

    MERGED = 1
    SEGMENT_UPDATE = 2
    DATA = 3
    TIME = 4
    ACTIVATION = 5
    STOP_IN_FLOW = 6


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Consecutive sequence numbers of one revision and kind.

    *ordinals* (uint32) holds a contact, or `NOBODY`, for each from *first* on.
    """

    first: int
    ordinals: UInt32
    revision: int
    at: int
    kind: EntryKind

    @property
    def last(self) -> int:
        """The last of its sequence numbers."""
        return self.first + len(self.ordinals) - 1


class _Rows:
    """A queue of rows in one array: appended at the end, dropped at the front."""

    def __init__(self, rows: np.ndarray[Any, np.dtype[Any]]) -> None:
        self._held = rows
        self._start, self._end = 0, len(rows)

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def live(self) -> np.ndarray[Any, np.dtype[Any]]:
        return self._held[self._start : self._end]

    def append(self, rows: np.ndarray[Any, np.dtype[Any]]) -> None:
        if self._end + len(rows) > len(self._held):
            kept = self.live
            room = max(len(kept) * 3 // 2, len(kept) + len(rows), 16)
            self._held = np.empty((room, *kept.shape[1:]), kept.dtype)
            self._held[: len(kept)] = kept
            self._start, self._end = 0, len(kept)
        self._held[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    def drop(self, count: int) -> None:
        self._start += count


class EntryLog:
    """Sequence numbers from 1; those up to `acknowledged`, or withdrawn, are not kept."""

    def __init__(self, last: int = 0) -> None:
        self.last = last
        """The last sequence number given."""
        self.acknowledged = last
        self.expired = 0
        """Entries that were dropped because nobody acknowledged them."""
        self.made = 0
        """Entries made so far; stops are not counted."""
        self._ordinals = _Rows(np.zeros(0, np.uint32))
        self._runs = _Rows(np.zeros((0, 4), np.int64))
        """Last sequence, revision, at, kind of each run."""

    def __len__(self) -> int:
        """Entries and stops that are kept."""
        return len(self._ordinals)

    @property
    def nbytes(self) -> int:
        """Bytes of what is kept."""
        return self._ordinals.live.nbytes + self._runs.live.nbytes

    @property
    def oldest_at(self) -> int | None:
        """When the oldest that is kept was made."""
        return int(self._runs.live[0, 2]) if len(self._runs) else None

    def append(self, entrants: UInt32, revision: int, at: int, kind: EntryKind) -> None:
        """Add an entry of each contact, and drop what is too old."""
        self._expire(at - KEPT_SECONDS)
        self.made += len(entrants)
        self._add(entrants, revision, at, kind)

    def stop(self, revision: int, at: int) -> None:
        """Withdraw every entry that is kept, and add a stop."""
        self._drop_up_to(self.last)
        self._add(np.full(1, NOBODY), revision, at, EntryKind.STOP_IN_FLOW)

    def acknowledge(self, sequence: int) -> None:
        """Drop everything up to *sequence*; one that is acknowledged already changes nothing."""
        if sequence > self.acknowledged:
            self.acknowledged = sequence
            self._drop_up_to(sequence)

    def check_given(self, sequence: int) -> None:
        """Raise `OffsetOutOfRange` when *sequence* was not given yet."""
        if sequence > self.last:
            raise OffsetOutOfRange(sequence, self.last)

    def after(self, sequence: int, limit: int) -> Run | None:
        """Return the first run later than *sequence*, at most *limit* long; None: there is none."""
        first = max(sequence + 1, self._first)
        if first > self.last:
            return None
        ends = self._runs.live[:, 0]
        place = int(np.searchsorted(ends, first))
        end, revision, at, kind = self._runs.live[place].tolist()
        start = first - self._first
        count = min(end - first + 1, limit)
        ordinals = self._ordinals.live[start : start + count]
        return Run(first, ordinals, revision, at, EntryKind(kind))

    def unite(self, merges: Sequence[tuple[int, int]]) -> None:
        """Let entries of merged contacts, (source, into) in order, be of those they are now.

        Those of a contact merged into one that has an entry here itself become nobody's.
        """
        held = self._ordinals.live
        named = np.unique(np.array(merges, np.uint32))
        places: dict[int, list[int]] = {}
        for place in np.flatnonzero(np.isin(held, named)).tolist():
            places.setdefault(int(held[place]), []).append(place)
        for source, into in merges:
            moved = places.pop(source, None)
            if moved is not None:
                taken = into in places
                held[moved] = NOBODY if taken else into
                if not taken:
                    places[into] = moved

    @property
    def _first(self) -> int:
        """The first sequence number that is kept, or the next one."""
        return self.last - len(self._ordinals) + 1

    def _add(self, ordinals: UInt32, revision: int, at: int, kind: EntryKind) -> None:
        self.last += len(ordinals)
        self._ordinals.append(ordinals)
        self._runs.append(np.array([[self.last, revision, at, kind]], np.int64))

    def _expire(self, too_old: int) -> None:
        old = int(np.searchsorted(self._runs.live[:, 2], too_old, "right"))
        if old:
            before = len(self)
            self._drop_up_to(int(self._runs.live[old - 1, 0]))
            self.expired += before - len(self)

    def _drop_up_to(self, sequence: int) -> None:
        self._ordinals.drop(max(sequence - self._first + 1, 0))
        self._runs.drop(int(np.searchsorted(self._runs.live[:, 0], sequence, "right")))

    def facts(self) -> dict[str, int]:
        """Return what is small, JSON-able."""
        return {
            "last": self.last,
            "acknowledged": self.acknowledged,
            "expired": self.expired,
            "made": self.made,
        }

    def sections(self, trigger_id: str) -> Iterator[Section]:
        """Yield the columns as sections of a snapshot."""
        yield BytesSection(f"trigger/{trigger_id}/entries", self._ordinals.live.tobytes())
        yield BytesSection(f"trigger/{trigger_id}/runs", self._runs.live.tobytes())

    @classmethod
    def load(cls, trigger_id: str, facts: dict[str, int], sections: Sections) -> EntryLog:
        """Undo `facts` and `sections`."""
        log = cls(facts["last"])
        log.acknowledged, log.expired = facts["acknowledged"], facts["expired"]
        log.made = facts["made"]
        ordinals: UInt32 = sections[f"trigger/{trigger_id}/entries"].view(np.uint32)
        runs: Int64 = sections[f"trigger/{trigger_id}/runs"].view(np.int64)
        log._ordinals, log._runs = _Rows(ordinals.copy()), _Rows(runs.reshape(-1, 4).copy())
        return log
