"""Draws of instants, dates, spans and windows, mostly on the edges of what a store holds."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from segsvc.v1 import value_pb2, window_pb2
from tests.oracle.calendar import DAY, Calendar
from tests.oracle.windows import SECONDS, seconds
from tests.oracle.world import World

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Africa/Monrovia",
)
"""DST by night, at midnight, by half an hour; a skipped day; offsets of odd seconds."""

DAYS = (
    date(2024, 2, 28),
    date(2024, 2, 29),
    date(2023, 2, 28),
    date(2100, 2, 28),
    date(2023, 12, 31),
    date(2024, 3, 31),
    date(2024, 11, 3),
    date(2018, 11, 4),
    date(2022, 3, 27),
    date(2011, 12, 29),
    date(2011, 12, 31),
    date(2010, 11, 7),
    date(1971, 12, 31),
    date(1972, 1, 7),
)
"""Days around which clocks change, months are short and years end."""

TRICKY = (
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("Asia/Beirut", date(2022, 3, 27)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Apia", date(2011, 12, 31)),
    ("Africa/Monrovia", date(1972, 1, 7)),
    ("Europe/Berlin", date(2024, 3, 31)),
)
"""Midnights that do not exist or come twice, a day that is skipped, a change of 44:30."""

FIRST, LAST = -62_135_596_800, 253_402_300_799
LAST_EVENT = 4_291_747_199
_AMOUNTS = (1, 2, 7, 24, 30, 365)
_STEPS = (-1, 0, 0, 1)
_UNITS = tuple(window_pb2.TimeUnit.values())[1:]
_SHORT = tuple(SECONDS)


@st.composite
def beginnings(draw: st.DrawFn) -> tuple[Calendar, int]:
    """Draw where and when a store begins."""
    anywhere = st.tuples(st.sampled_from(ZONES), st.sampled_from(DAYS))
    zone, day = draw(anywhere | st.sampled_from(TRICKY))
    calendar = Calendar(zone, draw(st.integers(0, 6)))
    after = draw(st.sampled_from((-1, 0, 1, 43_200)) | st.integers(0, DAY))
    return calendar, calendar.start(day.toordinal()) + after


@st.composite
def spans(draw: st.DrawFn, units: tuple[int, ...] = _SHORT) -> window_pb2.Span:
    """Draw a span of one of *units*: often one of few."""
    amount = draw(st.sampled_from(_AMOUNTS) | st.integers(1, 1_000))
    return window_pb2.Span(amount=amount, unit=draw(st.sampled_from(units)))


@st.composite
def moments(draw: st.DrawFn, world: World, first: int = FIRST, last: int = LAST) -> int:
    """Draw an instant on or a second beside some edge."""
    calendar, now = world.calendar, world.at
    match draw(st.integers(0, 5)):
        case 0:
            found = now + draw(st.sampled_from((-1, 1))) * seconds(draw(spans()))
        case 1:
            found = calendar.start(calendar.day(now) + draw(st.integers(-9, 9)))
        case 2:
            day = date.fromordinal(calendar.day(now))
            months = day.year * 12 + day.month - 1 + draw(st.integers(-13, 13))
            day_of_month = draw(st.sampled_from((1, 2, 28, 29, 30, 31)))
            first_of_month = date(months // 12, months % 12 + 1, 1).toordinal()
            found = calendar.start(first_of_month + day_of_month - 1)
        case 3:
            known = sorted(world.instants())
            found = draw(st.sampled_from(known)) if known else now
        case 4:
            found = now
        case _:
            found = draw(st.sampled_from((first, last)) | st.integers(0, LAST_EVENT))
    return min(max(found + draw(st.sampled_from(_STEPS)), first), last)


@st.composite
def later(draw: st.DrawFn, world: World, limit: int = 500 * DAY) -> int:
    """Draw an instant not before now: often when some window opens or ends."""
    known = sorted(world.instants())
    if known and draw(st.booleans()):
        reached = draw(st.sampled_from(known)) + seconds(draw(spans()))
    elif draw(st.booleans()):
        reached = draw(moments(world))
    else:
        reached = world.at + draw(st.integers(0, 40 * DAY))
    reached += draw(st.sampled_from(_STEPS))
    return min(max(reached, world.at), world.at + limit, LAST_EVENT)


@st.composite
def days(draw: st.DrawFn, world: World) -> value_pb2.Date:
    """Draw a date with a year."""
    calendar = world.calendar
    around = st.integers(-40, 40).map(lambda step: calendar.day(world.at) + step)
    known = st.sampled_from((*DAYS, date(1, 1, 1), date(9999, 12, 31))).map(date.toordinal)
    found = date.fromordinal(draw(around | known | st.integers(1, date.max.toordinal())))
    return value_pb2.Date(year=found.year, month=found.month, day=found.day)


@st.composite
def birthdays(draw: st.DrawFn, world: World) -> value_pb2.Date:
    """Draw a date, often without its year or on 29 February."""
    found = draw(days(world))
    if draw(st.integers(0, 3)) == 0:
        found = value_pb2.Date(year=draw(st.sampled_from((0, 2000, 2024))), month=2, day=29)
    elif draw(st.booleans()):
        found.year = 0
    return found


@st.composite
def windows(draw: st.DrawFn, world: World, *, future: bool) -> window_pb2.Window:
    """Draw a window of any kind; *in the next* only with *future*."""
    kinds = [held.name for held in window_pb2.Window.DESCRIPTOR.oneofs_by_name["kind"].fields]
    if not future:
        kinds.remove("in_the_next")
    kind = draw(st.sampled_from((*kinds, "calendar", "calendar", "calendar")))
    found = window_pb2.Window()
    match kind:
        case "in_the_last":
            found.in_the_last.CopyFrom(draw(spans(_UNITS)))
        case "more_than_ago" | "in_the_next":
            getattr(found, kind).CopyFrom(draw(spans()))
        case "between_ago":
            newer, older = sorted((draw(spans()), draw(spans())), key=seconds)
            if seconds(newer) == seconds(older):
                older.amount += 1
            found.between_ago.to.CopyFrom(older)
            getattr(found.between_ago, "from").CopyFrom(newer)
        case "calendar":
            found.calendar = draw(st.sampled_from(window_pb2.CalendarPeriod.values()[1:]))
        case "before" | "after":
            getattr(found, kind).seconds = draw(moments(world))
        case "between":
            start, end = sorted((draw(moments(world)), draw(moments(world))))
            found.between.start.seconds, found.between.end.seconds = start, end
        case "on_date" | "before_date" | "after_date":
            getattr(found, kind).CopyFrom(draw(days(world)))
        case "between_dates":
            first, last = sorted((draw(days(world)), draw(days(world))), key=_in_order)
            found.between_dates.start.CopyFrom(first)
            found.between_dates.end.CopyFrom(last)
        case _:
            raise NotImplementedError(f"a window of the kind {kind}")
    return found


@st.composite
def moving_windows(draw: st.DrawFn) -> window_pb2.Window:
    """Draw a window that time moves within hours, days or weeks."""
    span = st.builds(
        window_pb2.Span, amount=st.integers(1, 3), unit=st.sampled_from(tuple(SECONDS))
    )
    match draw(st.integers(0, 3)):
        case 0:
            return window_pb2.Window(in_the_last=draw(span))
        case 1:
            return window_pb2.Window(more_than_ago=draw(span))
        case 2:
            periods = st.sampled_from(window_pb2.CalendarPeriod.values()[1:5])
            return window_pb2.Window(calendar=draw(periods))
        case _:
            newer, length = draw(span), draw(span)
            older = window_pb2.Span(amount=seconds(newer) // 3_600 + 1, unit="TIME_UNIT_HOUR")
            older.amount += seconds(length) // 3_600
            found = window_pb2.Window()
            found.between_ago.to.CopyFrom(older)
            getattr(found.between_ago, "from").CopyFrom(newer)
            return found


def _in_order(day: value_pb2.Date) -> tuple[int, int, int]:
    return day.year, day.month, day.day
