"""Local days, weeks, months and years of one time zone, as exact UTC seconds.

A *day number* is ``date.toordinal()``: 1 is 0001-01-01. A local day is the half-open range from
the first instant the wall clock shows it to the same of the next day; a skipped day is empty.
"""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segsvc.domain.errors import InvalidArgument

DISTANT_PAST = -(2**62)
"""Stands for "no lower bound" in instants: before every instant the service holds."""
DISTANT_FUTURE = 2**62
"""Stands for "no upper bound" in instants: after every instant the service holds."""

FIRST_INSTANT = -62_135_596_800
"""0001-01-01T00:00:00Z, the earliest instant of an attribute or property."""
LAST_INSTANT = 253_402_300_799
"""9999-12-31T23:59:59Z, the latest instant of an attribute or property."""

FIRST_EVENT, LAST_EVENT = 0, 4_291_747_199
"""1970-01-01 .. 2105-12-31, in UTC: the earliest and the latest time of an event."""

LAST_DAY = date.max.toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY = 86_400


class Weekday(StrEnum):
    """The day a store's week starts on."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """Monday is 0, as in ``date.weekday()``."""
        return list(Weekday).index(self)


class CalendarPeriod(StrEnum):
    """A local calendar period, relative to the instant of evaluation."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this week"
    LAST_WEEK = "last week"
    THIS_MONTH = "this month"
    LAST_MONTH = "last month"
    THIS_YEAR = "this year"
    LAST_YEAR = "last year"


_BACK = {
    CalendarPeriod.YESTERDAY: CalendarPeriod.TODAY,
    CalendarPeriod.LAST_WEEK: CalendarPeriod.THIS_WEEK,
    CalendarPeriod.LAST_MONTH: CalendarPeriod.THIS_MONTH,
    CalendarPeriod.LAST_YEAR: CalendarPeriod.THIS_YEAR,
}


def check_time_zone(name: str, field: str = "time_zone") -> ZoneInfo:
    """Return the IANA zone called *name*, or raise `InvalidArgument` on *field*."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument.of(
            field, f"{name!r} is not an IANA time zone, like 'Europe/Berlin'"
        ) from None


class LocalCalendar:
    """Days and periods of one zone. Answers are remembered, so asking again costs a lookup."""

    def __init__(self, zone: str, week_start: Weekday = Weekday.MONDAY) -> None:
        self.zone = zone
        self.week_start = week_start
        self._zone = check_time_zone(zone)
        self._starts: dict[int, int] = {}

    def day_start(self, day: int) -> int:
        """Return the first instant of *day*; days outside 1..9999 are infinitely far away."""
        if day < 1:
            return DISTANT_PAST
        if day > LAST_DAY:
            return DISTANT_FUTURE
        start = self._starts.get(day)
        if start is None:
            start = self._starts[day] = self._find_start(day)
        return start

    def local_day(self, instant: int) -> int:
        """Return the day that holds *instant*, clamped to 0..LAST_DAY + 1."""
        if instant < FIRST_INSTANT - _DAY:
            return 0
        if instant > LAST_INSTANT + _DAY:
            return LAST_DAY + 1
        day = instant // _DAY + _EPOCH_DAY
        while self.day_start(day + 1) <= instant:
            day += 1
        while self.day_start(day) > instant:
            day -= 1
        return day

    def period_days(self, period: CalendarPeriod, day: int) -> tuple[int, int]:
        """Return [first, end) days of *period* as seen from *day*."""
        if period in _BACK:
            first, _ = self.period_days(_BACK[period], day)
            return self.period_days(_BACK[period], first - 1)[0], first
        if period is CalendarPeriod.TODAY:
            return day, day + 1
        if period is CalendarPeriod.THIS_WEEK:
            first = day - (day - 1 - self.week_start.number) % 7
            return first, first + 7
        if not 1 <= day <= LAST_DAY:
            return day, day
        today = date.fromordinal(day)
        if period is CalendarPeriod.THIS_MONTH:
            first = day - today.day + 1
            return first, add_months(first, 1)
        first = date(today.year, 1, 1).toordinal()
        return first, add_months(first, 12)

    def period(self, period: CalendarPeriod, instant: int) -> tuple[int, int]:
        """Return [start, end) instants of *period* as seen at *instant*."""
        first, end = self.period_days(period, self.local_day(instant))
        return self.day_start(first), self.day_start(end)

    def next_midnight(self, instant: int) -> int:
        """Return the first instant after *instant* that starts a local day."""
        day = self.local_day(instant) + 1
        while self.day_start(day) <= instant:
            day += 1
        return self.day_start(day)

    def _find_start(self, day: int) -> int:
        midnight = datetime.combine(date.fromordinal(day), time())
        guess = (day - _EPOCH_DAY) * _DAY - self._offset_of_wall(midnight)
        if guess + self._offset_at(guess) == (day - _EPOCH_DAY) * _DAY:
            return guess
        # Midnight falls into a gap: the day starts where the clock jumps, at or before the guess.
        before, after = guess - 2 * _DAY, guess
        jumped = self._offset_at(after)
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset_at(middle) == jumped:
                after = middle
            else:
                before = middle
        return after

    def _offset_of_wall(self, wall: datetime) -> int:
        return _seconds(wall.replace(tzinfo=self._zone).utcoffset())

    def _offset_at(self, instant: int) -> int:
        clamped = min(max(instant, FIRST_INSTANT + 2 * _DAY), LAST_INSTANT - 2 * _DAY)
        return _seconds((_EPOCH + timedelta(seconds=clamped)).astimezone(self._zone).utcoffset())


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None, "zone-aware datetimes always have an offset"
    return int(offset.total_seconds())


def add_months(day: int, months: int) -> int:
    """Move *day* by *months*, clipping to the end of the month reached.

    Returns 0 or LAST_DAY + 1 when that leaves the years 1..9999.

    >>> add_months(date(2024, 3, 31).toordinal(), -1) == date(2024, 2, 29).toordinal()
    True
    """
    if not 1 <= day <= LAST_DAY:
        return day
    origin = date.fromordinal(day)
    count = origin.year * 12 + origin.month - 1 + months
    year, month = count // 12, count % 12 + 1
    if year < 1:
        return 0
    if year > 9999:
        return LAST_DAY + 1
    first_of_next = date(year + month // 12, month % 12 + 1, 1) if count < 119_999 else None
    last = 31 if first_of_next is None else (first_of_next - timedelta(days=1)).day
    return date(year, month, min(origin.day, last)).toordinal()
