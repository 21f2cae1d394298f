"""Date tests: the local day of a date in a window, or presence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segsvc.condition.instant import next_of
from segsvc.condition.presence import Presence
from segsvc.condition.view import Problem
from segsvc.condition.windows import check_window, describe_window
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.crossing import next_crossing
from segsvc.domain.dates import YEARLESS_LIMIT, day_number
from segsvc.domain.predicate import In, Predicate, Present
from segsvc.domain.schema import ValueType
from segsvc.domain.window import Window, date_bounds, stay


@dataclass(frozen=True, slots=True)
class DateTest:
    """A question to a date, which counts as the first instant of its local day.

    A date without its year satisfies only *is set*.
    """

    test: Window | Presence

    types = frozenset({ValueType.DATE})

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate at *at* and whether to complement it."""
        if isinstance(self.test, Presence):
            return Present(), self.test is Presence.NOT_SET
        return In(*date_bounds(self.test, at, calendar)), False

    def next_turn(self, at: int, calendar: LocalCalendar) -> int | None:
        """Return an instant > *at* before which no answer changes, whatever dates there are.

        A day begins at a midnight, but hours, days and weeks after it need not: not where the
        clock changes in between. None: no answer ever changes by time.
        """
        if isinstance(self.test, Presence):
            return None
        return next_crossing(self.test, at, calendar, calendar.next_midnight)

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Return when the date's day next enters or leaves the window."""
        if isinstance(self.test, Presence) or not isinstance(value, int):
            return None
        if value < YEARLESS_LIMIT:
            return None
        return next_of(stay(self.test, calendar.day_start(day_number(value)), calendar), after)

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        if isinstance(self.test, Presence):
            return f"{subject} {self.test}"
        return f"{subject} {describe_window(self.test)}"

    def check(self) -> Iterator[Problem]:
        """Report what is wrong with the window."""
        if not isinstance(self.test, Presence):
            yield from check_window(self.test)
