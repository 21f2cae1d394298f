"""Size, entered and left of every segment by hour and by local day, kept as small rows.

Only steps in which something changed have a row: in between the size stands still.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from segsvc.domain.calendar import LocalCalendar
from segsvc.segment.delta import Delta

HOUR = 3_600
KEPT_HOURS = 90 * 24 * HOUR
"""Seconds for which hours are kept; days are kept as long as the segment."""


@dataclass(frozen=True, slots=True)
class Point:
    """One step, [start, end): members at its end, and how often contacts entered and left."""

    start: int
    end: int
    size: int
    entered: int
    left: int


class _Rows:
    """Rows of one segment at one interval, by ascending start."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows

    def add(self, start: int, entered: int, left: int) -> bool:
        """Add to the row at *start*; return whether that is a new one."""
        is_new = not self.rows or self.rows[-1][0] < start
        if is_new:
            self.rows.append([start, 0, 0, self.rows[-1][3] if self.rows else 0])
        last = self.rows[-1]
        last[1] += entered
        last[2] += left
        last[3] += entered - left
        return is_new

    def drop_before(self, start: int) -> None:
        """Forget old rows, but keep one that tells the size at *start*."""
        first = bisect_right(self.rows, start, key=lambda row: row[0]) - 1
        if first > 0:
            del self.rows[:first]

    def point(self, start: int, end: int, since: int) -> Point:
        """Unite the rows that begin in [since, end): one, or more where the time zone changed."""
        first = bisect_left(self.rows, since, key=lambda row: row[0])
        last = bisect_left(self.rows, end, key=lambda row: row[0])
        entered, left = (sum(row[kind] for row in self.rows[first:last]) for kind in (1, 2))
        return Point(start, end, self.rows[last - 1][3] if last else 0, entered, left)


class SegmentHistory:
    """The history of all segments of one store. Deleted segments have none."""

    def __init__(self) -> None:
        self._hours: dict[str, _Rows] = {}
        self._days: dict[str, _Rows] = {}

    def record(
        self,
        deltas: Iterable[Delta],
        at: int,
        calendar: LocalCalendar,
        segments: Container[object],
    ) -> None:
        """Take in the deltas of one revision; *segments* holds the ids of those there are."""
        day = None
        for delta in deltas:
            if delta.segment_id not in segments:
                self._hours.pop(delta.segment_id, None)
                self._days.pop(delta.segment_id, None)
                continue
            day = calendar.day_start(calendar.local_day(at)) if day is None else day
            change = len(delta.entered), len(delta.left)
            hours = self._hours.setdefault(delta.segment_id, _Rows([]))
            if hours.add(at - at % HOUR, *change):
                hours.drop_before(at - KEPT_HOURS)
            self._days.setdefault(delta.segment_id, _Rows([])).add(day, *change)

    def points(
        self, segment_id: str, steps: Iterable[tuple[int, int]], made: int, *, daily: bool
    ) -> Iterator[Point]:
        """Yield a point for each step [start, end) of a segment made at an instant; they ascend."""
        rows = (self._days if daily else self._hours).get(segment_id, _Rows([]))
        for start, end in steps:
            # The day a segment was made in may have begun earlier, in the time zone of then.
            yield rows.point(start, end, 0 if start <= made else start)

    def facts(self) -> dict[str, Any]:
        """Return everything as JSON-able rows."""
        return {
            "hours": {held: rows.rows for held, rows in self._hours.items()},
            "days": {held: rows.rows for held, rows in self._days.items()},
        }

    @classmethod
    def load(cls, facts: dict[str, Any]) -> SegmentHistory:
        """Undo `facts`."""
        loaded = cls()
        loaded._hours = {held: _Rows(rows) for held, rows in facts["hours"].items()}
        loaded._days = {held: _Rows(rows) for held, rows in facts["days"].items()}
        return loaded


DEFAULT_STEPS = 30


def steps_of(
    calendar: LocalCalendar, start: int | None, end: int, made: int, *, daily: bool
) -> list[tuple[int, int]]:
    """Return the steps [start, end) that hold instants from *start* up to before *end*.

    Args:
        start: None: `DEFAULT_STEPS` steps, the one before *end* included.
        made: when the segment was made; steps before are left out.
    """
    last = end - 1
    if daily:
        final = calendar.local_day(last)
        first = final - DEFAULT_STEPS + 1 if start is None else calendar.local_day(start)
        first = max(first, calendar.local_day(made))
        days = (
            (calendar.day_start(day), calendar.day_start(day + 1))
            for day in range(first, final + 1)
        )
        return [held for held in days if held[0] < held[1]]
    final = last - last % HOUR
    begin = final - (DEFAULT_STEPS - 1) * HOUR if start is None else start - start % HOUR
    begin = max(begin, made - made % HOUR)
    return [(hour, hour + HOUR) for hour in range(begin, final + 1, HOUR)]
