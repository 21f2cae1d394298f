"""Local days of a time zone, found by asking `zoneinfo` what the wall shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = 86_400
NEVER = 10**18
"""Further away than any instant, in both directions."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_FIRST, _LAST = -62_135_500_000, 253_402_200_000
"""Zones are asked only inside the years 1..9999."""


class Calendar:
    """Days are numbered as by `date.toordinal`; *week_start* is 0 for Monday."""

    def __init__(self, zone: str, week_start: int = 0) -> None:
        self.zone = zone
        self.week_start = week_start

    def start(self, day: int) -> int:
        """Return the first instant of *day*."""
        return _start(self.zone, day)

    def day(self, instant: int) -> int:
        """Return the day that holds *instant*."""
        day = _wall(self.zone, instant) // DAY + _EPOCH_DAY
        while self.start(day) > instant:
            day -= 1
        while self.start(day + 1) <= instant:
            day += 1
        return day

    def today(self, instant: int) -> date:
        """Return the day that holds *instant* as a date."""
        return date.fromordinal(self.day(instant))

    def week(self, day: int) -> int:
        """Return the first day of the week that holds *day*."""
        while (day - 1) % 7 != self.week_start:
            day -= 1
        return day


def months_before(day: date, months: int) -> date | None:
    """Go back whole months, clipping to the end of the month; None: before the year 1."""
    count = day.year * 12 + day.month - 1 - months
    if count < 12:
        return None
    reached = date(count // 12, count % 12 + 1, 1)
    return reached.replace(day=min(day.day, _length(reached)))


def month_after(day: date) -> date:
    """Return the first of the next month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def is_leap(year: int) -> bool:
    """Whether the year has a 29 February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _length(month: date) -> int:
    return (month_after(month) - month).days


def _wall(zone: str, instant: int) -> int:
    """Return what the wall shows, as if it were UTC seconds."""
    moment = _EPOCH + timedelta(seconds=min(max(instant, _FIRST), _LAST))
    offset = moment.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return instant + int(offset.total_seconds())


@cache
def _start(zone: str, day: int) -> int:
    if not 1 <= day <= date.max.toordinal():
        return -NEVER if day < 1 else NEVER
    offset = datetime.combine(date.fromordinal(day), time(), ZoneInfo(zone)).utcoffset()
    assert offset is not None
    shown = (day - _EPOCH_DAY) * DAY
    found = shown - int(offset.total_seconds())
    if _wall(zone, found) == shown:
        return found
    early, late = found - DAY, found  # the wall jumps over midnight in between
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if _wall(zone, middle) >= shown else (middle, late)
    return late
