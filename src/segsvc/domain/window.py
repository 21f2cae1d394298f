"""Windows of time: which instants lie inside at *t*, and for how long one instant stays inside.

The two questions are duals. `bounds` answers "at t, which e are inside?", `stay` answers "this e
is inside for which t?". SEMANTICS section 3 is the table behind both; every window holds an
instant for one unbroken range of t.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from segsvc.domain.calendar import (
    DISTANT_FUTURE,
    DISTANT_PAST,
    LAST_DAY,
    CalendarPeriod,
    LocalCalendar,
    add_months,
)
from segsvc.domain.dates import FIRST_DATE, LAST_DATE, day_number, pack_day

MAX_AMOUNT = 100_000
"""The largest N of a span: 100,000 weeks are 1,900 years."""


class TimeUnit(StrEnum):
    """What the N of a span counts. A day is 86,400 s; months and years are local calendar ones."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_SECONDS = {TimeUnit.HOUR: 3_600, TimeUnit.DAY: 86_400, TimeUnit.WEEK: 604_800}
_MONTHS = {TimeUnit.MONTH: 1, TimeUnit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, *amount* >= 1 of a *unit*."""

    amount: int
    unit: TimeUnit

    @property
    def is_calendar(self) -> bool:
        """Whether its length depends on the calendar (months and years)."""
        return self.unit in _MONTHS

    @property
    def seconds(self) -> int:
        """Its length; only for hours, days and weeks."""
        return self.amount * _SECONDS[self.unit]

    @property
    def months(self) -> int:
        """Its length; only for months and years."""
        return self.amount * _MONTHS[self.unit]


@dataclass(frozen=True, slots=True)
class InTheLast:
    """t - N < e <= t; for months and years: from the start of the local day N months back."""

    span: Span


@dataclass(frozen=True, slots=True)
class MoreThanAgo:
    """e <= t - N."""

    span: Span


@dataclass(frozen=True, slots=True)
class BetweenAgo:
    """t - older < e <= t - newer, where newer < older."""

    newer: Span
    older: Span


@dataclass(frozen=True, slots=True)
class InTheNext:
    """t < e <= t + N."""

    span: Span


@dataclass(frozen=True, slots=True)
class During:
    """Inside a local calendar period, its future part included."""

    period: CalendarPeriod


@dataclass(frozen=True, slots=True)
class Before:
    """e < instant."""

    instant: int


@dataclass(frozen=True, slots=True)
class After:
    """e > instant."""

    instant: int


@dataclass(frozen=True, slots=True)
class Between:
    """start <= e <= end."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OnDate:
    """Inside the local day (packed date)."""

    date: int


@dataclass(frozen=True, slots=True)
class BeforeDate:
    """Before the local day starts (packed date)."""

    date: int


@dataclass(frozen=True, slots=True)
class AfterDate:
    """Once the local day is over (packed date)."""

    date: int


@dataclass(frozen=True, slots=True)
class BetweenDates:
    """Inside the local days start..end, both included (packed dates)."""

    start: int
    end: int


Window: TypeAlias = (
    InTheLast
    | MoreThanAgo
    | BetweenAgo
    | InTheNext
    | During
    | Before
    | After
    | Between
    | OnDate
    | BeforeDate
    | AfterDate
    | BetweenDates
)


def bounds(window: Window, t: int, calendar: LocalCalendar) -> tuple[int, int]:
    """Return the first and the last instant inside *window* at *t* (``first > last``: none)."""
    match window:
        case InTheLast(span) if span.is_calendar:
            today = calendar.local_day(t)
            return calendar.day_start(add_months(today, -span.months)), t
        case InTheLast(span):
            return t - span.seconds + 1, t
        case MoreThanAgo(span):
            return DISTANT_PAST, t - span.seconds
        case BetweenAgo(newer, older):
            return t - older.seconds + 1, t - newer.seconds
        case InTheNext(span):
            return t + 1, t + span.seconds
        case During(period):
            start, end = calendar.period(period, t)
            return start, end - 1
        case _:
            return _fixed_bounds(window, calendar)


def _fixed_bounds(window: Window, calendar: LocalCalendar) -> tuple[int, int]:
    match window:
        case Before(instant):
            return DISTANT_PAST, instant - 1
        case After(instant):
            return instant + 1, DISTANT_FUTURE
        case Between(start, end):
            return start, end
        case OnDate(day):
            return _days(day, day, calendar)
        case BeforeDate(day):
            return DISTANT_PAST, calendar.day_start(day_number(day)) - 1
        case AfterDate(day):
            return calendar.day_start(day_number(day) + 1), DISTANT_FUTURE
        case BetweenDates(start, end):
            return _days(start, end, calendar)
        case _:
            raise AssertionError(window)


def _days(first: int, last: int, calendar: LocalCalendar) -> tuple[int, int]:
    start = calendar.day_start(day_number(first))
    return start, calendar.day_start(day_number(last) + 1) - 1


def date_bounds(window: Window, t: int, calendar: LocalCalendar) -> tuple[int, int]:
    """Return the first and the last packed date whose day *starts* inside *window* at *t*.

    The first lies after the last when there is none, also beyond the years 1..9999.
    """
    first, last = bounds(window, t, calendar)
    first_day, last_day = calendar.local_day(first - 1) + 1, calendar.local_day(last)
    if last_day < 1 or first_day > LAST_DAY:
        return LAST_DATE, FIRST_DATE
    return pack_day(first_day), pack_day(last_day)


def stay(window: Window, e: int, calendar: LocalCalendar) -> tuple[int, int]:
    """Return [enter, leave): the t at which *e* is inside *window* (``enter >= leave``: never)."""
    match window:
        case InTheLast(span) if span.is_calendar:
            return e, _months_later(e, span.months, calendar)
        case InTheLast(span):
            return e, e + span.seconds
        case MoreThanAgo(span):
            return e + span.seconds, DISTANT_FUTURE
        case BetweenAgo(newer, older):
            return e + newer.seconds, e + older.seconds
        case InTheNext(span):
            return e - span.seconds, e
        case During(period):
            return _period_stay(period, e, calendar)
        case _:
            first, last = _fixed_bounds(window, calendar)
            inside = first <= e <= last
            return (DISTANT_PAST, DISTANT_FUTURE) if inside else (0, 0)


def _months_later(e: int, months: int, calendar: LocalCalendar) -> int:
    """Find the start of the first day from which ``today - months`` is after the day of *e*."""
    day = calendar.local_day(e)
    leave = add_months(day, months)
    while add_months(leave, -months) <= day:
        leave += 1
    return calendar.day_start(leave)


_AHEAD = {
    CalendarPeriod.YESTERDAY: CalendarPeriod.TODAY,
    CalendarPeriod.LAST_WEEK: CalendarPeriod.THIS_WEEK,
    CalendarPeriod.LAST_MONTH: CalendarPeriod.THIS_MONTH,
    CalendarPeriod.LAST_YEAR: CalendarPeriod.THIS_YEAR,
}


def _period_stay(period: CalendarPeriod, e: int, calendar: LocalCalendar) -> tuple[int, int]:
    day = calendar.local_day(e)
    if period not in _AHEAD:
        first, end = calendar.period_days(period, day)
    else:
        _, following = calendar.period_days(_AHEAD[period], day)
        first, end = calendar.period_days(_AHEAD[period], following)
    return calendar.day_start(first), calendar.day_start(end)
