"""Which instants time itself moves over the edges of a window, and when it next does.

With a contact's instant *e* and the evaluation instant *t*, an edge lies either a fixed number of
seconds after *e* (`shifts`) or at local midnights (`turns_daily`), or never moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.window import (
    BetweenAgo,
    During,
    InTheLast,
    InTheNext,
    MoreThanAgo,
    Window,
    bounds,
)

NextInstant = Callable[[int], int | None]
"""Returns the first stored instant later than the one given."""


def shifts(window: Window) -> tuple[int, ...]:
    """Return the seconds after *e* at which *e* may enter or leave *window*."""
    match window:
        case InTheLast(span):
            return (0,) if span.is_calendar else (0, span.seconds)
        case MoreThanAgo(span):
            return (span.seconds,)
        case BetweenAgo(newer, older):
            return newer.seconds, older.seconds
        case InTheNext(span):
            return -span.seconds, 0
        case _:
            return ()


def turns_daily(window: Window) -> bool:
    """Whether local midnights may move *window*."""
    return isinstance(window, During) or (isinstance(window, InTheLast) and window.span.is_calendar)


def moves(window: Window) -> bool:
    """Whether time alone may move anything into or out of *window*."""
    return bool(shifts(window)) or turns_daily(window)


def crossed(
    window: Window, since: int, until: int, calendar: LocalCalendar
) -> Iterator[tuple[int, int]]:
    """Yield ranges (both ends included) that hold every *e* inside at just one of two instants."""
    (first, last), (new_first, new_last) = (
        bounds(window, since, calendar),
        bounds(window, until, calendar),
    )
    yield min(first, new_first), max(first, new_first) - 1
    yield min(last, new_last) + 1, max(last, new_last)


def next_crossing(
    window: Window, at: int, calendar: LocalCalendar, later: NextInstant
) -> int | None:
    """Return an instant > *at* before which no stored instant enters or leaves *window*.

    None: none ever will.
    """
    found = [
        instant + shift for shift in shifts(window) if (instant := later(at - shift)) is not None
    ]
    if turns_daily(window):
        found.append(calendar.next_midnight(at))
    return min(found, default=None)
