"""What a store holds, as dicts of contacts and lists of events, and how writes change it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field

from segsvc.v1 import condition_pb2, ingest_pb2, schema_pb2
from segsvc.v1 import ingest_service_pb2 as pb
from tests.oracle.calendar import Calendar
from tests.oracle.values import Kept, TextSet, kept

WEEK = 604_800
AHEAD = 300
CONSENT = ("unsubscribed", "not_subscribed", "subscribed")
LIFECYCLE = {
    ingest_pb2.LIFECYCLE_LABEL_LOYAL: "loyal",
    ingest_pb2.LIFECYCLE_LABEL_HIGH_POTENTIAL: "high_potential",
    ingest_pb2.LIFECYCLE_LABEL_NURTURE_NEEDED: "nurture_needed",
    ingest_pb2.LIFECYCLE_LABEL_DORMANT: "dormant",
    ingest_pb2.LIFECYCLE_LABEL_CHURNED: "churned",
}


@dataclass
class Event:
    """One thing a contact did; *id_until*: the time up to which a repeat is a duplicate."""

    behavior: str
    time: int
    properties: dict[str, Kept]
    id: str = ""
    id_until: int = 0


@dataclass
class Contact:
    """One person."""

    attributes: dict[str, Kept] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class Footprint:
    """What one write was about, as far as the causes of deltas depend on it (SEMANTICS 6)."""

    merges: tuple[tuple[str, str], ...] = ()
    deleted: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    redrawn: bool = False
    """Whether days or weeks are others now, which is as if every segment were defined."""

    @property
    def merged(self) -> frozenset[str]:
        """Both sides of all merges."""
        return frozenset(held for pair in self.merges for held in pair)


@dataclass
class Recorded:
    """What became of the events of a request."""

    accepted: int = 0
    created: int = 0
    duplicates: int = 0
    clamped: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


class World:
    """One store."""

    def __init__(
        self,
        calendar: Calendar,
        attributes: Iterable[schema_pb2.Attribute],
        behaviors: Iterable[schema_pb2.Behavior],
        at: int,
    ) -> None:
        self.calendar = calendar
        self.attributes = {held.name: held for held in attributes}
        self.behaviors = {
            held.name: {prop.name: prop for prop in held.properties} for held in behaviors
        }
        self.at = at
        self.contacts: dict[str, Contact] = {}
        self.aliases: dict[str, str] = {}
        self.deleted: dict[str, int] = {}
        self.segments: dict[str, condition_pb2.Condition] = {}
        self.listened: set[str] = set()
        """Segments that triggers wait for."""
        self.footprint = Footprint()
        """Of the last write that changed or might have changed something."""

    def resolve(self, contact_id: str) -> str:
        """Follow the aliases that merges left."""
        while contact_id in self.aliases:
            contact_id = self.aliases[contact_id]
        return contact_id

    def find(self, contact_id: str) -> Contact | None:
        """Return a live contact by its id or an alias."""
        return self.contacts.get(self.resolve(contact_id))

    def upsert(self, rows: Iterable[ingest_pb2.ContactRow]) -> int:
        """Apply rows in order; return how many contacts they made."""
        before, written = len(self.contacts), set()
        for row in rows:
            owner = self.resolve(row.contact_id)
            if owner not in self.contacts or row.set or row.unset or _edits(row):
                written.add(owner)
            contact = self.contacts.setdefault(owner, Contact())
            for name, value in row.set.items():
                self._put(contact, name, kept(value, self.attributes[name]))
            for name in row.unset:
                self._put(contact, name, None)
            for edit in row.edits:
                held = contact.attributes.get(edit.attribute)
                texts = TextSet(held if isinstance(held, TextSet) else ())
                gone = TextSet()
                for element in edit.add:
                    texts.add(element)
                for element in edit.remove:
                    gone.add(element)
                left = TextSet({key: text for key, text in texts.items() if key not in gone})
                self._put(contact, edit.attribute, left or None)
        self.footprint = Footprint(written=frozenset(written))
        return len(self.contacts) - before

    @staticmethod
    def _put(contact: Contact, name: str, value: Kept | None) -> None:
        contact.attributes.pop(name, None)
        if value is not None:
            contact.attributes[name] = value

    def record(self, request: pb.RecordEventsRequest) -> Recorded:
        """Apply events in order, unless one is wrong and the request wants all or none."""
        trial, written = copy.deepcopy(self.contacts), set()
        before, done = len(trial), Recorded()
        creates = request.on_unknown_contact != ingest_pb2.ON_UNKNOWN_CONTACT_REFUSE
        for number, row in enumerate(request.rows.rows):
            time, owner = min(row.time.seconds, self.at), self.resolve(row.contact_id)
            unknown = owner not in trial and not creates
            ahead = row.time.seconds > self.at + AHEAD
            if ahead or unknown or time <= self._deleted_at(row.contact_id):
                done.refused.append(number)
                continue
            events = trial.setdefault(owner, Contact()).events
            checks = bool(row.event_id) and not request.skip_event_id_check
            if checks and self._repeats(row, events):
                done.duplicates += 1
                continue
            if time < row.time.seconds:
                done.clamped.append(number)
            properties = self._properties(row)
            event_id, until = (row.event_id, self.at + WEEK) if checks else ("", 0)
            events.append(Event(row.behavior, time, properties, event_id, until))
            written.add(owner)
            done.accepted += 1
        if not done.refused or request.on_invalid == ingest_pb2.ON_INVALID_SKIP:
            self.contacts, done.created = trial, len(trial) - before
            self.footprint = Footprint(written=frozenset(written))
        return done

    def _deleted_at(self, contact_id: str) -> int:
        when = self.deleted.get(contact_id, -1)
        return when if self.at < when + WEEK else -1

    def _repeats(self, row: ingest_pb2.EventRow, events: list[Event]) -> bool:
        return any(
            (held.behavior, held.id) == (row.behavior, row.event_id) and self.at < held.id_until
            for held in events
        )

    def _properties(self, row: ingest_pb2.EventRow) -> dict[str, Kept]:
        definitions = self.behaviors[row.behavior]
        found = {name: kept(value, definitions[name]) for name, value in row.properties.items()}
        return {name: value for name, value in found.items() if value is not None}

    def delete(self, contact_ids: Iterable[str]) -> int:
        """Erase contacts; return how many there were."""
        before, deleted = len(self.contacts), set()
        for contact_id in contact_ids:
            owner = self.resolve(contact_id)
            if self.contacts.pop(owner, None) is not None:
                deleted.add(owner)
                ends = [owner, *(held for held in self.aliases if self.resolve(held) == owner)]
                for held in ends:
                    self.aliases.pop(held, None)
                    self.deleted[held] = self.at
        self.footprint = Footprint(deleted=frozenset(deleted))
        return before - len(self.contacts)

    def merge(self, pairs: Iterable[tuple[str, str]]) -> int | None:
        """Unite pairs in order; return how many were two, None: one is not known."""
        asked = list(pairs)
        if any(self.find(held) is None for pair in asked for held in pair):
            return None
        merges = []
        for pair in asked:
            source, into = map(self.resolve, pair)
            if source != into:
                self._unite(self.contacts.pop(source), self.contacts[into])
                self.aliases[source] = into
                merges.append((source, into))
        self.footprint = Footprint(merges=tuple(merges))
        return len(merges)

    def _unite(self, source: Contact, into: Contact) -> None:
        for name, value in source.attributes.items():
            held = into.attributes.setdefault(name, value)
            if isinstance(held, TextSet):
                assert isinstance(value, TextSet)
                into.attributes[name] = TextSet({**value, **held})
            elif name in {"email_status", "sms_status"}:
                into.attributes[name] = min(str(value), str(held), key=CONSENT.index)
        remembered = {
            (held.behavior, held.id) for held in into.events if held.id and self.at < held.id_until
        }
        for event in source.events:
            again = (event.behavior, event.id) in remembered and self.at < event.id_until
            if not again:
                into.events.append(event)

    def label(self, request: pb.SetLifecycleLabelsRequest) -> int:
        """Apply lifecycle labels of known contacts; return how many rows applied."""
        rows = [row for row in request.rows.rows if self.find(row.contact_id) is not None]
        written = {self.resolve(row.contact_id) for row in rows}
        if request.clear_others:
            written |= {
                name for name, held in self.contacts.items() if "lifecycle" in held.attributes
            }
            for contact in self.contacts.values():
                self._put(contact, "lifecycle", None)
        for row in rows:
            contact = self.find(row.contact_id)
            assert contact is not None
            self._put(contact, "lifecycle", LIFECYCLE.get(row.label))
        self.footprint = Footprint(written=frozenset(written))
        return len(rows)

    def save(self, segment_id: str, condition: condition_pb2.Condition) -> None:
        """Make a segment or give it another condition."""
        self.segments[segment_id] = condition
        self.footprint = Footprint(defined=frozenset({segment_id}))

    def move(self, calendar: Calendar) -> None:
        """Read local days and weeks otherwise from now on."""
        self.calendar = calendar
        self.footprint = Footprint(redrawn=True)

    def drop(self, segment_id: str) -> set[str]:
        """Forget a segment: its condition is written into those that refer to it."""
        gone = self.segments.pop(segment_id)
        users = {held for held, tree in self.segments.items() if segment_id in references(tree)}
        for held in users:
            self.segments[held] = _inlined(self.segments[held], segment_id, gone)
        self.footprint = Footprint(defined=frozenset({segment_id, *users}))
        return users

    def reachable(self, segment_id: str) -> set[str]:
        """Return the segments that a segment refers to, directly or not."""
        found: set[str] = set()
        for held in references(self.segments[segment_id]):
            found |= {held, *self.reachable(held)}
        return found

    def instants(self) -> set[int]:
        """Return every instant that the store holds."""
        found = {event.time for contact in self.contacts.values() for event in contact.events}
        for contact in self.contacts.values():
            held = [*contact.attributes.values()]
            held += [value for event in contact.events for value in event.properties.values()]
            found |= {value for value in held if type(value) is int}
        return found


def _edits(row: ingest_pb2.ContactRow) -> bool:
    return any(edit.add or edit.remove for edit in row.edits)


def children(condition: condition_pb2.Condition) -> list[tuple[str, condition_pb2.Condition]]:
    """Return the children of a node, with the paths to them."""
    match condition.WhichOneof("kind"):
        case "not":
            return [("not.child", getattr(condition, "not").child)]
        case "all_of" | "any_of" as kind:
            held = getattr(condition, kind).children
            return [(f"{kind}.children[{place}]", child) for place, child in enumerate(held)]
        case _:
            return []


def references(condition: condition_pb2.Condition) -> set[str]:
    """Return the segments that a condition names."""
    found = {condition.segment.segment_id} if condition.WhichOneof("kind") == "segment" else set()
    return found.union(*(references(child) for _, child in children(condition)))


def _inlined(
    condition: condition_pb2.Condition, segment_id: str, meaning: condition_pb2.Condition
) -> condition_pb2.Condition:
    if condition.WhichOneof("kind") == "segment" and condition.segment.segment_id == segment_id:
        if not condition.segment.not_in:
            return meaning
        negation = condition_pb2.Condition()
        getattr(negation, "not").child.CopyFrom(meaning)
        return negation
    changed = copy.deepcopy(condition)
    for _, child in children(changed):
        child.CopyFrom(_inlined(child, segment_id, meaning))
    return changed
