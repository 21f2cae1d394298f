"""Instant tests: a window of time, or presence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segsvc.condition.presence import Presence
from segsvc.condition.view import Problem
from segsvc.condition.windows import check_window, describe_window
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.predicate import In, Predicate, Present
from segsvc.domain.schema import ValueType
from segsvc.domain.window import Window, bounds, stay


@dataclass(frozen=True, slots=True)
class InstantTest:
    """A question to an instant: inside a window, or is it there."""

    test: Window | Presence

    types = frozenset({ValueType.INSTANT})

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate at *at* and whether to complement it."""
        if isinstance(self.test, Presence):
            return Present(), self.test is Presence.NOT_SET
        return In(*bounds(self.test, at, calendar)), False

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Return when *value* next enters or leaves the window."""
        if isinstance(self.test, Presence) or not isinstance(value, int):
            return None
        return next_of(stay(self.test, value, calendar), after)

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        if isinstance(self.test, Presence):
            return f"{subject} {self.test}"
        return f"{subject} {describe_window(self.test)}"

    def check(self) -> Iterator[Problem]:
        """Report what is wrong with the window."""
        if not isinstance(self.test, Presence):
            yield from check_window(self.test)


def next_of(edges: tuple[int, int], after: int) -> int | None:
    """Return the first of *edges* later than *after*; an empty stay has none."""
    enter, leave = edges
    if enter >= leave:
        return None
    return min((edge for edge in edges if edge > after), default=None)
