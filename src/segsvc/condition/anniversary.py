"""Anniversary tests: the month and day of a date against the local calendar, year aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from segsvc.condition.view import Problem
from segsvc.domain.calendar import LAST_DAY, LocalCalendar
from segsvc.domain.predicate import MonthDays, Predicate
from segsvc.domain.schema import ValueType
from segsvc.domain.window import MAX_AMOUNT

_LEAP_DAY, _EVE = 229, 228
_WHOLE_YEAR = 366


class AnniversaryKind(StrEnum):
    """Which anniversaries are asked for."""

    TODAY = "today"
    IN_THE_NEXT_DAYS = "in the next"
    IN_THE_LAST_DAYS = "in the last"
    IN_MONTH = "in month"
    THIS_MONTH = "this month"


_COUNTED = frozenset({AnniversaryKind.IN_THE_NEXT_DAYS, AnniversaryKind.IN_THE_LAST_DAYS})


@dataclass(frozen=True, slots=True)
class AnniversaryTest:
    """Whether the anniversary of a date falls on certain local days.

    *amount* is the number of days, today included, or the month 1..12; 0 for TODAY and
    THIS_MONTH. 29 February is held on 28 February in common years.
    """

    kind: AnniversaryKind
    amount: int = 0

    types = frozenset({ValueType.DATE})

    def lower(self, at: int, calendar: LocalCalendar, scale: int) -> tuple[Predicate, bool]:
        """Return the predicate at *at*; it is never complemented."""
        today = calendar.local_day(at)
        month = self._month(today)
        if month is not None:
            return MonthDays(frozenset(month * 100 + day for day in range(1, 32))), False
        first, last = self._days(today)
        return MonthDays(_held_on(first, last)), False

    def _month(self, today: int) -> int | None:
        if self.kind is AnniversaryKind.IN_MONTH:
            return self.amount
        if self.kind is AnniversaryKind.THIS_MONTH:
            return date.fromordinal(min(today, LAST_DAY)).month
        return None

    def _days(self, today: int) -> tuple[int, int]:
        length = min(self.amount, _WHOLE_YEAR)
        if self.kind is AnniversaryKind.IN_THE_NEXT_DAYS:
            return today, today + length - 1
        if self.kind is AnniversaryKind.IN_THE_LAST_DAYS:
            return today - length + 1, today
        return today, today

    def next_turn(self, at: int, calendar: LocalCalendar) -> int | None:
        """Return the next midnight: only there answers change. None: they never do."""
        return None if self.kind is AnniversaryKind.IN_MONTH else calendar.next_midnight(at)

    def next_edge(self, value: object, after: int, calendar: LocalCalendar) -> int | None:
        """Return the start of the next local day on which the answer may turn."""
        if self.kind is AnniversaryKind.IN_MONTH or not isinstance(value, int):
            return None
        year = date.fromordinal(min(calendar.local_day(after), LAST_DAY)).year
        days = [
            day for turn in range(year - 1, year + 3) for day in self._edges(turn, value % 10_000)
        ]
        starts = (calendar.day_start(day) for day in days)
        return min((start for start in starts if start > after), default=None)

    def _edges(self, year: int, month_day: int) -> tuple[int, ...]:
        if not 1 <= year <= date.max.year:
            return ()
        month, day = divmod(month_day, 100)
        if self.kind is AnniversaryKind.THIS_MONTH:
            first = date(year, month, 1).toordinal()
            return first, first + 28, first + 29, first + 30, first + 31
        common = month_day == _LEAP_DAY and not _is_leap(year)
        held = date(year, month, 28 if common else day).toordinal()
        length = max(min(self.amount, _WHOLE_YEAR), 1)
        if self.kind is AnniversaryKind.IN_THE_NEXT_DAYS:
            return held - length + 1, held + 1
        return held, held + length

    def describe(self, subject: str) -> str:
        """Say it in the text form."""
        match self.kind:
            case AnniversaryKind.IN_MONTH:
                tail = f" {self.amount}"
            case AnniversaryKind.IN_THE_NEXT_DAYS | AnniversaryKind.IN_THE_LAST_DAYS:
                tail = f" {self.amount} day{'' if self.amount == 1 else 's'}"
            case _:
                tail = ""
        return f"{subject} anniversary {self.kind}{tail}"

    def check(self) -> Iterator[Problem]:
        """Report what is wrong with the amount."""
        if self.kind is AnniversaryKind.IN_MONTH:
            if not 1 <= self.amount <= 12:
                yield Problem("month", f"must be 1..12, is {self.amount}")
        elif self.kind in _COUNTED and not 1 <= self.amount <= MAX_AMOUNT:
            name = "in_the_" + self.kind.rsplit(" ", 1)[1] + "_days"
            yield Problem(name, f"must be 1..{MAX_AMOUNT:,} days, is {self.amount}")


def _held_on(first: int, last: int) -> frozenset[int]:
    """Return the month-days whose anniversary is held on the days first..last."""
    held = set()
    for day in range(max(first, 1), min(last, LAST_DAY) + 1):
        on = date.fromordinal(day)
        held.add(on.month * 100 + on.day)
        if on.month * 100 + on.day == _EVE and not _is_leap(on.year):
            held.add(_LEAP_DAY)
    return frozenset(held)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
