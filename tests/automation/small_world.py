"""A store of people with a country and a last order, two segments, and triggers on both."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.automation.naive import DAY, NaiveTrigger

HOUR = 3_600


@dataclass
class Person:
    """One contact; *number* stands for the person in triggers, and orders who came first."""

    number: int
    id: str
    country: str = ""
    ordered_at: int | None = None


@dataclass
class SmallWorld:
    """Segment "base": the country is one of some; "idle": in base, and no order for a day."""

    at: int
    people: dict[str, Person] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset({"DE"})
    triggers: dict[str, NaiveTrigger] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    created: int = 0

    def who(self, contact_id: str) -> Person:
        """Return a contact, made if it is not there."""
        own = self.aliases.get(contact_id, contact_id)
        if own not in self.people:
            self.people[own] = Person(self.created, own)
            self.created += 1
        return self.people[own]

    def members(self, segment: str) -> set[int]:
        """Return who is in a segment now, by number."""
        return {
            held.number
            for held in self.people.values()
            if held.country in self.countries
            and (segment == "base" or held.ordered_at is None or held.ordered_at <= self.at - DAY)
        }

    def all_members(self) -> dict[str, set[int]]:
        return {segment: self.members(segment) for segment in ("base", "idle")}

    def changed(self, before: dict[str, set[int]], kind: str) -> None:
        """Feed the triggers what changed since *before*."""
        for segment, members in self.all_members().items():
            self.feed(segment, members - before[segment], kind)

    def feed(self, segment: str, entered: set[int], kind: str) -> None:
        for held in self.triggers.values():
            if held.segment == segment and held.state == "active":
                held.enter(entered, 0, self.at, kind)

    def advance(self, to: int) -> None:
        """Let time pass in steps of at most an hour, none across midnight (UTC)."""
        while self.at < to:
            before = self.all_members()
            midnight = self.at - self.at % DAY + DAY
            self.at = min(self.at + HOUR, midnight, to)
            self.changed(before, "time")

    def delete(self, contact_id: str) -> None:
        """Erase a contact and its aliases."""
        own = self.aliases.get(contact_id, contact_id)
        gone = self.people.pop(own, None)
        if gone is not None:
            self.aliases = {held: into for held, into in self.aliases.items() if into != own}
            for trigger in self.triggers.values():
                trigger.last.pop(gone.number, None)

    def merge(self, source_id: str, into_id: str) -> None:
        """Unite two known contacts."""
        source, into = self.who(source_id), self.who(into_id)
        if source is into:
            return
        before = self.all_members()
        into.country = into.country or source.country
        orders = [held.ordered_at for held in (source, into) if held.ordered_at is not None]
        into.ordered_at = max(orders, default=None)
        del self.people[source.id]
        moved = {held: into.id for held, own in self.aliases.items() if own == source.id}
        self.aliases |= {**moved, source.id: into.id}
        for trigger in self.triggers.values():
            trigger.merge(source.number, into.number)
        self.changed(before, "merged")

    def due(self, trigger_id: str) -> list[tuple[int, str, str]]:
        """Return what its stream must deliver: (sequence, contact id, kind), stops without one."""
        names = {held.number: held.id for held in self.people.values()}
        return [
            (held.sequence, names.get(held.contact, ""), held.kind)
            for held in self.triggers[trigger_id].items
            if held.kind == "stop_in_flow" or held.contact in names
        ]
