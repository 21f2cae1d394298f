"""Triggers as dicts, sets and lists: what `segsvc.automation` must come to, said plainly."""

from __future__ import annotations

from dataclasses import dataclass, field

DAY = 86_400
KEPT = 30 * DAY


@dataclass
class Item:
    """A place in a stream; *contact* is None for a stop, and for entries nobody gets any more."""

    sequence: int
    contact: int | None
    revision: int
    at: int
    kind: str


@dataclass
class NaiveTrigger:
    """One trigger; *cooldown*: 0 is once, None is every entry, else days."""

    segment: str
    cooldown: int | None
    state: str = "paused"
    last: dict[int, int] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    sequence: int = 0
    acknowledged: int = 0
    made: int = 0

    def admits(self, contact: int, at: int) -> bool:
        if self.cooldown is None or contact not in self.last:
            return True
        return bool(self.cooldown) and at - self.last[contact] >= self.cooldown * DAY

    def enter(self, contacts: set[int], revision: int, at: int, kind: str) -> None:
        entering = sorted(held for held in contacts if self.admits(held, at))
        if entering:
            self.items = [held for held in self.items if held.at > at - KEPT]
        for contact in entering:
            self.last[contact] = at
            self.made += 1
            self.add(contact, revision, at, kind)

    def add(self, contact: int | None, revision: int, at: int, kind: str) -> None:
        self.sequence += 1
        self.items.append(Item(self.sequence, contact, revision, at, kind))

    def stop(self, revision: int, at: int) -> None:
        self.items = []
        self.add(None, revision, at, "stop_in_flow")

    def acknowledge(self, sequence: int) -> None:
        self.acknowledged = max(self.acknowledged, sequence)
        self.items = [held for held in self.items if held.sequence > sequence]

    def merge(self, source: int, into: int) -> None:
        if source in self.last:
            self.last[into] = max(self.last.get(into, 0), self.last.pop(source))
        taken = any(held.contact == into for held in self.items)
        for held in self.items:
            if held.contact == source:
                held.contact = None if taken else into
