"""Questions to one value, free of time and of negation: what tests come down to.

A condition's test (``last order was more than 30 days ago``) is lowered, at one instant, to a
predicate on stored values (``In(-inf, 1704067200)``) and a flag that says whether to complement
the answer. The index answers predicates on attributes and on properties of events alike. A
missing value satisfies no predicate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from segsvc.domain.decimals import EVERY_NUMBER, Interval


@dataclass(frozen=True, slots=True)
class Present:
    """The value is there; for text sets and lists: it is not empty."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text equals one of *values* (a set or list: some element does).

    Values are as given by the user: a text column folds them, a key column does not.
    """

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOfValues:
    """The text set holds every one of *values*."""

    values: tuple[str, ...]


class Place(StrEnum):
    """Where in a text a needle must stand."""

    ANYWHERE = "contains"
    START = "starts with"
    END = "ends with"


@dataclass(frozen=True, slots=True)
class Contains:
    """The text (a list: some element) has *needle* at *place*."""

    needle: str
    place: Place


@dataclass(frozen=True, slots=True)
class In:
    """low <= value <= high: int64 numbers at their scale, instants, or packed dates with a year.

    Bounds are Python ints and may exceed int64.
    """

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class MonthDays:
    """The packed date's month and day (``month * 100 + day``) is one of *month_days*."""

    month_days: frozenset[int]


@dataclass(frozen=True, slots=True)
class Is:
    """The boolean is *value*."""

    value: bool


Predicate: TypeAlias = Present | OneOf | AllOfValues | Contains | In | MonthDays | Is


class Reduction(StrEnum):
    """How the selected events of one contact become one number or instant."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    FIRST_TIME = "first time"
    LAST_TIME = "last time"


@dataclass(frozen=True, slots=True)
class PropertyPredicate:
    """A predicate on a property of an event; *negated* events are those it does not hold for."""

    property: str
    predicate: Predicate
    negated: bool = False


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Contacts whose selected events, reduced, lie in an interval.

    Selected are the events of *behavior* with ``first <= time <= last`` for which all of *where*
    hold. Contacts without a selected event never answer; nor, where *property* is named, those
    none of whose selected events carries it. COUNT, FIRST_TIME and LAST_TIME name no property.
    The interval is in whole units of the property: its scale is applied by the index. Times are
    UTC seconds.
    """

    behavior: str
    where: tuple[PropertyPredicate, ...]
    first: int
    last: int
    reduction: Reduction = Reduction.COUNT
    property: str = ""
    interval: Interval = EVERY_NUMBER
