"""Windows: spans of time around the moment a condition is evaluated at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, Literal, TypeVar

from segsvc.client.values import day, moment
from segsvc.v1 import window_pb2 as pb

T = TypeVar("T")

Period = Literal[
    "today",
    "yesterday",
    "this week",
    "last week",
    "this month",
    "last month",
    "this year",
    "last year",
]


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time."""

    amount: int
    unit: Literal["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]

    def to_proto(self) -> pb.Span:
        """Return the span as its message."""
        return pb.Span(amount=self.amount, unit=f"TIME_UNIT_{self.unit}")


def hours(amount: int) -> Span:
    """So many times 3,600 seconds."""
    return Span(amount, "HOUR")


def days(amount: int) -> Span:
    """So many times 86,400 seconds."""
    return Span(amount, "DAY")


def weeks(amount: int) -> Span:
    """So many times 604,800 seconds."""
    return Span(amount, "WEEK")


def months(amount: int) -> Span:
    """Calendar months of the store; only for in_the_last."""
    return Span(amount, "MONTH")


def years(amount: int) -> Span:
    """Calendar years of the store; only for in_the_last."""
    return Span(amount, "YEAR")


class Windowed(Generic[T]):
    """Something with a time, which may lie in a window; each method gives the condition so."""

    def in_window(self, window: pb.Window) -> T:
        """In a window given as its message."""
        raise NotImplementedError

    def in_the_last(self, span: Span) -> T:
        """No longer ago than *span*, up to now."""
        return self.in_window(pb.Window(in_the_last=span.to_proto()))

    def more_than_ago(self, span: Span) -> T:
        """At least *span* ago."""
        return self.in_window(pb.Window(more_than_ago=span.to_proto()))

    def between_ago(self, nearer: Span, farther: Span) -> T:
        """At least *nearer* and less than *farther* ago."""
        ages = pb.SpanRange(to=farther.to_proto(), **{"from": nearer.to_proto()})
        return self.in_window(pb.Window(between_ago=ages))

    def in_the_next(self, span: Span) -> T:
        """After now, and at most *span* from now."""
        return self.in_window(pb.Window(in_the_next=span.to_proto()))

    def during(self, period: Period) -> T:
        """In a period of the store's calendar around today."""
        name = f"CALENDAR_PERIOD_{period.upper().replace(' ', '_')}"
        return self.in_window(pb.Window(calendar=name))

    def before(self, when: datetime | date) -> T:
        """Before an instant, or before the first instant of a local day."""
        if isinstance(when, datetime):
            return self.in_window(pb.Window(before=moment(when)))
        return self.in_window(pb.Window(before_date=day(when)))

    def after(self, when: datetime | date) -> T:
        """After an instant, or after the last instant of a local day."""
        if isinstance(when, datetime):
            return self.in_window(pb.Window(after=moment(when)))
        return self.in_window(pb.Window(after_date=day(when)))

    def between(self, start: datetime | date, end: datetime | date) -> T:
        """Between two instants, or on a local day from *start* to *end*; both included."""
        if isinstance(start, datetime) and isinstance(end, datetime):
            instants = pb.InstantRange(start=moment(start), end=moment(end))
            return self.in_window(pb.Window(between=instants))
        if isinstance(start, datetime) or isinstance(end, datetime):
            raise TypeError("between takes two datetimes or two dates")
        dates = pb.DateRange(start=day(start), end=day(end))
        return self.in_window(pb.Window(between_dates=dates))

    def on(self, local_day: date) -> T:
        """On one local day of the store."""
        return self.in_window(pb.Window(on_date=day(local_day)))
