"""Which instants lie in a window (SEMANTICS 3 and 7), one instant at a time."""

from __future__ import annotations

from datetime import date, timedelta

from segsvc.v1 import condition_pb2, value_pb2, window_pb2
from tests.oracle.calendar import DAY, NEVER, Calendar, is_leap, months_before

SECONDS = {
    window_pb2.TIME_UNIT_HOUR: 3_600,
    window_pb2.TIME_UNIT_DAY: DAY,
    window_pb2.TIME_UNIT_WEEK: 7 * DAY,
}
MONTHS = {window_pb2.TIME_UNIT_MONTH: 1, window_pb2.TIME_UNIT_YEAR: 12}


def seconds(span: window_pb2.Span) -> int:
    """Return the length of hours, days or weeks."""
    return span.amount * SECONDS[span.unit]


def inside(window: window_pb2.Window, e: int, t: int, calendar: Calendar) -> bool:
    """Whether *e* lies in *window* as seen at *t*."""
    kind = window.WhichOneof("kind")
    match kind:
        case "in_the_last":
            span = window.in_the_last
            if span.unit in MONTHS:
                first = months_before(calendar.today(t), span.amount * MONTHS[span.unit])
                start = -NEVER if first is None else calendar.start(first.toordinal())
                return start <= e <= t
            return t - seconds(span) < e <= t
        case "more_than_ago":
            return e <= t - seconds(window.more_than_ago)
        case "between_ago":
            newer: window_pb2.Span = getattr(window.between_ago, "from")
            return t - seconds(window.between_ago.to) < e <= t - seconds(newer)
        case "in_the_next":
            return t < e <= t + seconds(window.in_the_next)
        case "calendar":
            first_day, end_day = period(window.calendar, calendar.day(t), calendar)
            return calendar.start(first_day) <= e < calendar.start(end_day)
        case "before":
            return e < window.before.seconds
        case "after":
            return e > window.after.seconds
        case "between":
            return window.between.start.seconds <= e <= window.between.end.seconds
        case "on_date":
            day = _number(window.on_date)
            return calendar.start(day) <= e < calendar.start(day + 1)
        case "before_date":
            return e < calendar.start(_number(window.before_date))
        case "after_date":
            return e >= calendar.start(_number(window.after_date) + 1)
        case "between_dates":
            first, last = _number(window.between_dates.start), _number(window.between_dates.end)
            return calendar.start(first) <= e < calendar.start(last + 1)
        case _:
            raise NotImplementedError(f"a window of the kind {kind}")


def period(wanted: int, day: int, calendar: Calendar) -> tuple[int, int]:
    """Return the first day of a calendar period around *day*, and the first day after it."""
    today = date.fromordinal(day)
    year, month = today.year, today.month
    week = calendar.week(day)
    return {
        window_pb2.CALENDAR_PERIOD_TODAY: (day, day + 1),
        window_pb2.CALENDAR_PERIOD_YESTERDAY: (day - 1, day),
        window_pb2.CALENDAR_PERIOD_THIS_WEEK: (week, week + 7),
        window_pb2.CALENDAR_PERIOD_LAST_WEEK: (week - 7, week),
        window_pb2.CALENDAR_PERIOD_THIS_MONTH: (_first(year, month), _first(year, month + 1)),
        window_pb2.CALENDAR_PERIOD_LAST_MONTH: (_first(year, month - 1), _first(year, month)),
        window_pb2.CALENDAR_PERIOD_THIS_YEAR: (_first(year, 1), _first(year + 1, 1)),
        window_pb2.CALENDAR_PERIOD_LAST_YEAR: (_first(year - 1, 1), _first(year, 1)),
    }[wanted]


def _first(year: int, month: int) -> int:
    """Return the first day of a month; month 0 and 13 are in the years beside."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    if not 1 <= year <= 9999:
        return 0 if year < 1 else date.max.toordinal() + 1
    return date(year, month, 1).toordinal()


def _number(day: value_pb2.Date) -> int:
    return date(day.year, day.month, day.day).toordinal()


def is_anniversary(test: condition_pb2.AnniversaryTest, month: int, day: int, today: date) -> bool:
    """Whether the yearly return of a month and day is when *test* says."""
    kind = test.WhichOneof("when")
    match kind:
        case "today":
            steps = range(1)
        case "in_the_next_days":
            steps = range(test.in_the_next_days)
        case "in_the_last_days":
            steps = range(1 - test.in_the_last_days, 1)
        case "month":
            return month == test.month
        case "this_month":
            return month == today.month
        case _:
            raise NotImplementedError(f"an anniversary {kind}")
    return any(_held_on(today + timedelta(days=step), month, day) for step in steps)


def _held_on(on: date, month: int, day: int) -> bool:
    if (month, day) == (2, 29) and not is_leap(on.year):
        day = 28
    return (on.month, on.day) == (month, day)
