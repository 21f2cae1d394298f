"""Windows inside conditions: what is wrong with one, and how it reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from segsvc.condition.quoting import instant_text
from segsvc.condition.view import Problem
from segsvc.domain.calendar import FIRST_INSTANT, LAST_INSTANT
from segsvc.domain.dates import YEARLESS_LIMIT, to_text
from segsvc.domain.window import (
    MAX_AMOUNT,
    After,
    AfterDate,
    Before,
    BeforeDate,
    Between,
    BetweenAgo,
    BetweenDates,
    During,
    InTheLast,
    InTheNext,
    MoreThanAgo,
    OnDate,
    Span,
    Window,
)


def check_window(window: Window) -> Iterator[Problem]:
    """Report what is wrong with *window*; paths are those of the contract's Window."""
    match window:
        case InTheLast(span):
            yield from _check_span("window.in_the_last", span, calendar=True)
        case MoreThanAgo(span):
            yield from _check_span("window.more_than_ago", span)
        case InTheNext(span):
            yield from _check_span("window.in_the_next", span)
        case BetweenAgo(newer, older):
            wrong = [
                *_check_span("window.between_ago.from", newer),
                *_check_span("window.between_ago.to", older),
            ]
            yield from wrong
            if not wrong and newer.seconds >= older.seconds:
                described = "'from' must be shorter than 'to'"
                yield Problem("window.between_ago", described, "BOUNDS_REVERSED")
        case Before(instant):
            yield from _check_instant("window.before", instant)
        case After(instant):
            yield from _check_instant("window.after", instant)
        case Between(start, end):
            yield from _check_instant("window.between.start", start)
            yield from _check_instant("window.between.end", end)
            if start > end:
                yield Problem("window.between", "start must not be after end", "BOUNDS_REVERSED")
        case OnDate(day):
            yield from _check_date("window.on_date", day)
        case BeforeDate(day):
            yield from _check_date("window.before_date", day)
        case AfterDate(day):
            yield from _check_date("window.after_date", day)
        case BetweenDates(start, end):
            yield from _check_date("window.between_dates.start", start)
            yield from _check_date("window.between_dates.end", end)
            if start > end:
                described = "start must not be after end"
                yield Problem("window.between_dates", described, "BOUNDS_REVERSED")
        case During():
            return


def _check_span(path: str, span: Span, *, calendar: bool = False) -> Iterator[Problem]:
    if not 1 <= span.amount <= MAX_AMOUNT:
        yield Problem(f"{path}.amount", f"must be 1..{MAX_AMOUNT:,}, is {span.amount}")
    if span.is_calendar and not calendar:
        described = "must be hour, day or week; only 'in the last' takes months"
        yield Problem(f"{path}.unit", described, "WINDOW_WRONG")


def _check_instant(path: str, instant: int) -> Iterator[Problem]:
    if not FIRST_INSTANT <= instant <= LAST_INSTANT:
        yield Problem(path, "must lie in the years 1..9999")


def _check_date(path: str, day: int) -> Iterator[Problem]:
    if day < YEARLESS_LIMIT:
        yield Problem(path, "needs a year")
        return
    try:
        date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError as wrong:
        yield Problem(path, str(wrong))


def describe_window(window: Window) -> str:
    """Say *window* in the text form."""
    match window:
        case InTheLast(span):
            return f"in the last {span_text(span)}"
        case MoreThanAgo(span):
            return f"more than {span_text(span)} ago"
        case BetweenAgo(newer, older):
            return f"between {span_text(newer)} and {span_text(older)} ago"
        case InTheNext(span):
            return f"in the next {span_text(span)}"
        case During(period):
            return str(period)
        case Before(instant):
            return f"before {instant_text(instant)}"
        case After(instant):
            return f"after {instant_text(instant)}"
        case Between(start, end):
            return f"between {instant_text(start)} and {instant_text(end)}"
        case OnDate(day):
            return f"on {to_text(day)}"
        case BeforeDate(day):
            return f"before {to_text(day)}"
        case AfterDate(day):
            return f"after {to_text(day)}"
        case BetweenDates(start, end):
            return f"between {to_text(start)} and {to_text(end)}"


def span_text(span: Span) -> str:
    """Write ``1 day`` or ``30 days``."""
    return f"{span.amount} {span.unit}{'' if span.amount == 1 else 's'}"
