"""Sets of instants that windows leave over, now and at every later instant of evaluation.

A window speaks of the instant e itself or of its distance e - t to the instant of evaluation. A
`Box` bounds both. Windows whose length the calendar decides are bounded from outside, with days to
spare; their complements are bounded from inside, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from segsvc.domain.calendar import (
    DISTANT_FUTURE,
    DISTANT_PAST,
    FIRST_EVENT,
    FIRST_INSTANT,
    LAST_EVENT,
    LAST_INSTANT,
    CalendarPeriod,
    LocalCalendar,
)
from segsvc.domain.window import (
    BetweenAgo,
    During,
    InTheLast,
    InTheNext,
    MoreThanAgo,
    Window,
    bounds,
)

_DAY = 86_400
_MOST_BOXES = 64

_Period = CalendarPeriod
_REACH: dict[CalendarPeriod, tuple[int, int]] = {
    _Period.TODAY: (-3, 3),
    _Period.YESTERDAY: (-6, 0),
    _Period.THIS_WEEK: (-10, 10),
    _Period.LAST_WEEK: (-20, 0),
    _Period.THIS_MONTH: (-34, 34),
    _Period.LAST_MONTH: (-68, 0),
    _Period.THIS_YEAR: (-370, 370),
    _Period.LAST_YEAR: (-740, 0),
}
"""Days from t to the ends of a period, generously."""

_WITHIN: dict[CalendarPeriod, frozenset[CalendarPeriod]] = {
    _Period.TODAY: frozenset({_Period.THIS_WEEK, _Period.THIS_MONTH, _Period.THIS_YEAR}),
    _Period.THIS_MONTH: frozenset({_Period.THIS_YEAR}),
}
_BEFORE: dict[CalendarPeriod, CalendarPeriod] = {
    _Period.YESTERDAY: _Period.TODAY,
    _Period.LAST_WEEK: _Period.THIS_WEEK,
    _Period.LAST_MONTH: _Period.THIS_MONTH,
    _Period.LAST_YEAR: _Period.THIS_YEAR,
}


@dataclass(frozen=True, slots=True)
class Box:
    """Instants e of first..last that lie nearest..farthest seconds from t, in all of *periods*."""

    first: int = DISTANT_PAST
    last: int = DISTANT_FUTURE
    nearest: int = DISTANT_PAST
    farthest: int = DISTANT_FUTURE
    periods: frozenset[CalendarPeriod] = frozenset()

    def meet(self, other: Box) -> Box:
        """Return what lies in both."""
        return Box(
            max(self.first, other.first),
            min(self.last, other.last),
            max(self.nearest, other.nearest),
            min(self.farthest, other.farthest),
            self.periods | other.periods,
        )

    def is_possible(self, at: int) -> bool:
        """Whether it may hold an instant at *at* or later."""
        if self.first > self.last or self.nearest > self.farthest:
            return False
        if self.last - self.nearest < at:
            return False
        return not any(_exclude(one, two) for one in self.periods for two in self.periods)


def _exclude(one: CalendarPeriod, two: CalendarPeriod) -> bool:
    """Whether *one* is over before a period that holds *two*."""
    ahead = _BEFORE.get(one)
    return ahead is not None and (two is ahead or ahead in _WITHIN.get(two, ()))


Boxes = tuple[Box, ...]

INSTANTS: Boxes = (Box(FIRST_INSTANT, LAST_INSTANT),)
DATES: Boxes = (Box(FIRST_INSTANT - 2 * _DAY, LAST_INSTANT + 2 * _DAY),)
EVENTS: Boxes = (Box(FIRST_EVENT, LAST_EVENT),)


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant from which on things are judged, and the store's calendar."""

    at: int
    calendar: LocalCalendar


def narrowed(
    boxes: Boxes, window: Window, clock: Clock, *, negated: bool, days: bool = False
) -> Boxes:
    """Return what *window* (or its complement) leaves of *boxes*; *days*: e starts a local day."""
    pieces = _complement(window, clock, days) if negated else (_outer(window, clock, days),)
    met = (box.meet(piece) for box in boxes for piece in pieces)
    left = tuple(dict.fromkeys(box for box in met if box.is_possible(clock.at)))
    return left if len(left) <= _MOST_BOXES else boxes


def is_empty(window: Window, clock: Clock, boxes: Boxes, *, days: bool = False) -> bool:
    """Whether nothing of *boxes* ever lies in *window*."""
    return not narrowed(boxes, window, clock, negated=False, days=days)


def includes(window: Window | None, other: Window | None, clock: Clock) -> bool:
    """Whether whatever lies in *other* surely lies in *window*, at any t; None: ever."""
    if window is None or window == other:
        return True
    if other is None:
        return False
    if isinstance(window, During) and isinstance(other, During):
        return window.period in _WITHIN.get(other.period, ())
    inner = _inner(window, clock, days=False)
    outer = _outer(other, clock, days=False)
    return inner is not None and replace(inner.meet(outer), periods=frozenset()) == replace(
        outer, periods=frozenset()
    )


def _outer(window: Window, clock: Clock, days: bool) -> Box:
    """Bound *window* from outside."""
    if isinstance(window, During):
        nearest, farthest = _REACH[window.period]
        ends = farthest * _DAY if farthest else -1
        return Box(nearest=nearest * _DAY, farthest=ends, periods=frozenset({window.period}))
    if isinstance(window, InTheLast) and window.span.is_calendar:
        return Box(nearest=-(31 * window.span.months + 4) * _DAY, farthest=0)
    return _exact(window, clock, days)


def _inner(window: Window, clock: Clock, days: bool) -> Box | None:
    """Bound *window* from inside; None when nothing is sure to lie in it."""
    if isinstance(window, During):
        return None
    if isinstance(window, InTheLast) and window.span.is_calendar:
        return Box(nearest=-(28 * window.span.months - 4) * _DAY, farthest=0)
    return _exact(window, clock, days)


def _exact(window: Window, clock: Clock, days: bool) -> Box:
    match window:
        case InTheLast(span):
            return Box(nearest=1 - span.seconds, farthest=0)
        case MoreThanAgo(span):
            return Box(farthest=-span.seconds)
        case BetweenAgo(newer, older):
            return Box(nearest=1 - older.seconds, farthest=-newer.seconds)
        case InTheNext(span):
            return Box(nearest=1, farthest=span.seconds)
        case _:
            first, last = bounds(window, clock.at, clock.calendar)
            return _day_starts(first, last, clock.calendar) if days else Box(first, last)


def _day_starts(first: int, last: int, calendar: LocalCalendar) -> Box:
    """Shrink first..last to the day starts inside."""
    if first > DISTANT_PAST:
        first = calendar.day_start(calendar.local_day(first - 1) + 1)
    if last < DISTANT_FUTURE:
        last = calendar.day_start(calendar.local_day(last))
    return Box(first, last)


def _complement(window: Window, clock: Clock, days: bool) -> Boxes:
    inner = _inner(window, clock, days)
    if inner is None or inner.first > inner.last or inner.nearest > inner.farthest:
        return (Box(),)
    pieces = []
    if inner.first > DISTANT_PAST:
        pieces.append(Box(last=inner.first - 1))
    if inner.last < DISTANT_FUTURE:
        pieces.append(Box(first=inner.last + 1))
    if inner.nearest > DISTANT_PAST:
        pieces.append(Box(farthest=inner.nearest - 1))
    if inner.farthest < DISTANT_FUTURE:
        pieces.append(Box(nearest=inner.farthest + 1))
    return tuple(pieces)
