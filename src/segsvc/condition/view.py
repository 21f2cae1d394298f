"""What a leaf needs from the index, and what it says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol, TypeAlias

from segsvc.bitmap import Bitmap, Faces
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import EventQuery, Predicate
from segsvc.domain.schema import Schema

Value: TypeAlias = str | Decimal | bool | int | tuple[str, ...]
"""A stored value as people see it: text or key, number, boolean, instant or packed date, set."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a contact, with the properties it carries."""

    behavior: str
    time: int
    properties: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Reads:
    """What a leaf's answer depends on, besides the universe and the time."""

    attributes: frozenset[str] = frozenset()
    behaviors: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()


class Times(Protocol):
    """Instants of contacts. Past instants and contacts that are gone may still be named."""

    def between(self, first: int, last: int) -> Bitmap:
        """Return contacts that have, or had, an instant with first <= instant <= last."""

    def after(self, instant: int) -> int | None:
        """Return the first instant later than *instant*."""


class View(Protocol):
    """A store's index at one revision. All answers lie inside the universe.

    *within*, where given, is a subset of the universe and limits the answer; an implementation
    does work in proportion to it. Answers are values: the caller must not change them, and no
    later write does. Only `universe` is what the index itself goes on with.
    """

    @property
    def schema(self) -> Schema:
        """The store's attributes and behaviors."""

    @property
    def calendar(self) -> LocalCalendar:
        """Days and weeks of the store's time zone."""

    @property
    def limit(self) -> int:
        """One more than the highest ordinal there has been; it never shrinks."""

    def universe(self) -> Bitmap:
        """Return the live contacts."""

    def attribute(self, name: str, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """Return the contacts whose attribute *name* satisfies *predicate*."""

    def attribute_holders(self, name: str, predicate: Predicate) -> Faces:
        """Return `attribute` of all contacts, in the form it comes in; not to be changed."""

    def behavior_holders(self, query: EventQuery) -> Faces:
        """Return `behavior` of all contacts, in the form it comes in."""

    def sampled(self, salt: str, below: int) -> Faces:
        """Return `sample` of all contacts, in the form it comes in."""

    def behavior(self, query: EventQuery, within: Bitmap | None) -> Bitmap:
        """Return the contacts who satisfy *query*."""

    def net_spend(self, first: int, last: int, interval: Interval, within: Bitmap | None) -> Bitmap:
        """Return the contacts with at least one event of the three order behaviors, each with
        ``first <= time <= last`` and a value, whose placed less cancelled and refunded value
        lies in *interval*.
        """

    def sample(self, salt: str, below: int, within: Bitmap | None) -> Bitmap:
        """Return the contacts whose hash salted with *salt* is less than *below* (0..2^64)."""

    def segment(self, segment_id: str, at: int, within: Bitmap | None) -> Bitmap:
        """Return the members of a segment at *at*."""

    def segment_next_edge(self, segment_id: str, ordinal: int, after: int) -> int | None:
        """Return `Leaf.next_edge` over the leaves of a segment's condition."""

    def attribute_times(self, name: str) -> Times:
        """Return the instants of an instant attribute."""

    def event_times(self, behavior: str, name: str = "") -> Times:
        """Return the times of a behavior's events, or their instant property *name*."""

    def times_at_hand(self, reads: Reads) -> bool:
        """Whether flips of a leaf that reads this are told without first reading everything."""

    def value(self, name: str, ordinal: int) -> Value | None:
        """Return one contact's attribute, as given by the caller; None when missing."""

    def events(self, behavior: str, ordinal: int) -> Iterator[Event]:
        """Return all events of one contact, latest first."""

    def attribute_cost(self, name: str, predicate: Predicate) -> float:
        """Guess the milliseconds of `attribute` without *within*; cheap to ask."""

    def behavior_cost(self, query: EventQuery) -> float:
        """Guess the milliseconds of `behavior` without *within*; cheap to ask."""

    def net_spend_cost(self, first: int, last: int) -> float:
        """Guess the milliseconds of `net_spend` without *within*; cheap to ask."""

    def prepare_attribute(self, name: str, predicate: Predicate) -> Iterator[None]:
        """Do, a few milliseconds at a time, the long part of `attribute`; see `Leaf.prepare`."""

    def prepare_behavior(self, query: EventQuery) -> Iterator[None]:
        """Do, a few milliseconds at a time, the long part of `behavior`; see `Leaf.prepare`."""

    def prepare_event_times(self, behavior: str, name: str = "") -> Iterator[None]:
        """Do, a few milliseconds at a time, what the first call of `event_times` does."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a condition: the path inside the leaf or node, and what it is."""

    path: str
    description: str
    reason: str = "VALUE_INVALID"
    """A ConditionProblemReason of the contract, without its prefix."""

    def under(self, path: str) -> Problem:
        """Return the problem as seen from above *path*."""
        return replace(self, path=f"{path}.{self.path}")


@dataclass(frozen=True, slots=True)
class Actual:
    """A fact behind a leaf's answer for one contact: ``("country", "Germany")``."""

    name: str
    value: Value | None


class Leaf(Protocol):
    """One condition about a contact that is not made of others."""

    def matches(self, view: View, at: int, within: Bitmap | None) -> Bitmap:
        """Return the contacts (of *within*) for whom it is true at the instant *at*."""

    def holders(self, view: View, at: int) -> Faces:
        """Return `matches` of all contacts, below the view's limit, in the form it comes in.

        Not to be changed.
        """

    def reads(self) -> Reads:
        """Return what it reads."""

    def cost(self, view: View, at: int) -> float:
        """Guess the milliseconds of `holders`."""

    def prepare(self, view: View, at: int) -> Iterator[None]:
        """Do, a few milliseconds at a time, what would make `matches` over the store take long.

        Nothing depends on it, and data may change in between: what was read is kept, and `matches`
        reads the rest.
        """

    def next_edge(self, view: View, ordinal: int, after: int) -> int | None:
        """Return an instant > *after* up to which time alone cannot change one contact's answer.

        None: it never can. The answer need not change there.
        """

    def flips(self, view: View, since: int, until: int) -> Bitmap:
        """Return contacts among whom is everyone whose answer differs by time alone.

        That is, between the instants *since* and *until*. Others, also contacts that are gone, may
        be among them.
        """

    def next_flip(self, view: View, at: int) -> int | None:
        """Return an instant > *at* before which time alone changes nobody's answer.

        None: it never does. It may be too early, never too late; asked of the index, not polled.
        """

    def prepare_flips(self, view: View) -> Iterator[None]:
        """Do, a few milliseconds at a time, what makes the first `next_flip` take long."""

    def actuals(self, view: View, ordinal: int, at: int) -> tuple[Actual, ...]:
        """Return the values that decide one contact's answer."""

    def describe(self) -> str:
        """Say it in the text form of conditions."""

    def check(self, schema: Schema) -> Iterator[Problem]:
        """Report what is wrong with it."""


def complement(view: View, matched: Bitmap, within: Bitmap | None) -> Bitmap:
    """Return the contacts (of *within*) that are not in *matched*."""
    return (view.universe() if within is None else within) - matched
