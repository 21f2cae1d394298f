"""How time alone moves the answers of leaves: over the edges of windows."""

from __future__ import annotations

from segsvc.bitmap import Bitmap
from segsvc.condition.view import Times
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.crossing import crossed, next_crossing
from segsvc.domain.window import Window

Moving = tuple[Window, Times]
"""A window that time moves, and the instants that it moves over."""


def window_flips(parts: list[Moving], since: int, until: int, calendar: LocalCalendar) -> Bitmap:
    """Return contacts with an instant that is inside one of the windows at just one instant."""
    return Bitmap.union(
        Bitmap(),
        *(
            times.between(first, last)
            for window, times in parts
            for first, last in crossed(window, since, until, calendar)
        ),
    )


def next_window_flip(parts: list[Moving], at: int, calendar: LocalCalendar) -> int | None:
    """Return an instant > *at* before which no instant enters or leaves its window."""
    edges = (next_crossing(window, at, calendar, times.after) for window, times in parts)
    return min((edge for edge in edges if edge is not None), default=None)
