"""The whole index of one store: contacts, attributes and events, written to and read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from os import cpu_count
from typing import Any, Protocol

import numpy as np

from segsvc.bitmap import Bitmap, from_bytes, from_ordinals, from_sorted, ordinals_of, to_bytes
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.columns import FieldColumn, Strings
from segsvc.domain.decimals import scaled
from segsvc.domain.errors import RowError
from segsvc.domain.predicate import EventQuery, OneOf, Present, PropertyPredicate, Reduction
from segsvc.domain.schema import Schema
from segsvc.domain.section import FrozenState, Section, Sections
from segsvc.domain.standard_schema import CONSENT_ATTRIBUTES, SUBSCRIPTION_STATUSES
from segsvc.domain.write import ContactBatch, EventBlock
from segsvc.index.apply import apply_column, apply_sets
from segsvc.index.array import BytesSection, ChunkedArray
from segsvc.index.attributes import AttributeColumn, TextAttribute, TextSetAttribute, make_column
from segsvc.index.contacts import Contacts
from segsvc.index.events import EventIds, EventLog, EventOverlay
from segsvc.index.events.event_ids import fingerprints, owner_keys
from segsvc.index.ranges import Ranges, RangeShape
from segsvc.index.suggest import count_texts, top_texts
from segsvc.index.touched import Touched
from segsvc.index.verdict import AHEAD_SECONDS, Verdict, ahead_error, deleted_error, unknown_error

_UNIVERSE = "contacts/universe"


@dataclass(frozen=True, slots=True)
class IndexStats:
    """How much there is, and bytes of memory by part."""

    contacts: int
    events: dict[str, int]
    bytes: dict[str, int]


class StoreIndex:
    """Columns and postings of one store. Synchronous and deterministic; reads no clock."""

    def __init__(
        self,
        schema: Schema,
        calendar: LocalCalendar,
        hash_key: bytes,
        ranges: RangeShape | None = None,
    ) -> None:
        self.schema = schema
        self.ranges = Ranges(ranges or RangeShape())
        self.calendar = calendar
        self.contacts = Contacts(hash_key)
        self._columns: dict[str, AttributeColumn] = {}
        self._logs: dict[str, EventLog] = {}
        self._event_ids: dict[str, EventIds] = {}
        self._frozen: list[ChunkedArray] = []

    def column(self, name: str) -> AttributeColumn:
        """Return the column of an attribute of the schema, made on first use."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = make_column(self.schema.attributes[name], self.ranges)
        column.grow(self.contacts.ordinal_limit)
        return column

    def log(self, behavior: str) -> EventLog:
        """Return the log of a behavior of the schema, made on first use."""
        definition = self.schema.behaviors[behavior]
        log = self._logs.get(behavior)
        if log is None:
            log = self._logs[behavior] = EventLog(definition, ranges=self.ranges)
        elif log.definition is not definition:
            log.define(definition)
        return log

    def _ids_of(self, behavior: str) -> EventIds:
        return self._event_ids.setdefault(behavior, EventIds(f"event/{behavior}"))

    def apply_contacts(self, batch: ContactBatch, touched: Touched) -> int:
        """Create and change contacts, row by row in effect; return how many are new."""
        ordinals, made = self.contacts.find_or_create(batch.ids)
        named = from_ordinals(ordinals)
        repeated = len(named) < len(ordinals)
        given_sets = {given.name for given in (*batch.sets, *batch.adds, *batch.removes)}
        for name in sorted(given_sets):
            column = self.column(name)
            if isinstance(column, TextSetAttribute):
                apply_sets(column, name, batch, ordinals, repeated=repeated)
        for given in batch.sets:
            column = self.column(given.name)
            if not isinstance(column, TextSetAttribute):
                apply_column(column, given, ordinals, repeated=repeated)
        touched.created |= from_sorted(made)
        for given in (*batch.sets, *batch.adds, *batch.removes):
            rows = np.concatenate([given.rows, given.unset])
            whole = len(rows) == len(ordinals)
            touched.attribute(given.name, named if whole else from_ordinals(ordinals[rows]))
        return len(made)

    def labelled(self, attribute: str) -> Bitmap:
        """Return the contacts that have the attribute."""
        return self.column(attribute).matches(Present(), None)

    def set_labels(
        self, ids: Strings, labels: FieldColumn, touched: Touched, *, clear_others: bool
    ) -> Bitmap:
        """Set one text attribute of known contacts, and unset it for everybody else if asked.

        Returns:
            Whom *ids* name.
        """
        ordinals = self.contacts.find(ids).astype(np.uint32)
        column = self.column(labels.name)
        named = from_ordinals(ordinals)
        touched.attribute(labels.name, named)
        if clear_others:
            others = self.labelled(labels.name) - named
            column.unset(ordinals_of(others))
            touched.attribute(labels.name, others)
        apply_column(column, labels, ordinals, repeated=len(named) < len(ordinals))
        return named

    def accept_events(
        self, block: EventBlock, at: int, overlay: EventOverlay, *, create_contacts: bool = True
    ) -> Verdict:
        """Judge events against the state; *overlay* gains the event ids of those kept.

        Whoever is unknown is refused unless *create_contacts*. That comes before event ids are
        looked at: a refused event must not make its repeat a duplicate.
        """
        ahead = block.times > at + AHEAD_SECONDS
        clamped = (block.times > at) & ~ahead
        deleted = np.minimum(block.times, at) <= self.contacts.deleted_at(block.ids, at)
        errors: list[RowError] = [ahead_error(row, at) for row in block.rows[ahead].tolist()]
        errors += [deleted_error(row) for row in block.rows[deleted & ~ahead].tolist()]
        kept = ~(ahead | deleted)
        if not create_contacts:
            unknown = kept & (self.contacts.find(block.ids) < 0)
            errors += [unknown_error(row) for row in block.rows[unknown].tolist()]
            kept &= ~unknown
        duplicate = np.zeros(len(kept), np.bool_)
        if block.event_ids is not None:
            places = np.flatnonzero(kept & (block.event_ids.lengths() > 0))
            ids = block.ids.take(places)
            owners = owner_keys(self.contacts.find(ids), ids)
            first, second = fingerprints(owners, block.event_ids.take(places))
            again = self._ids_of(block.behavior).known(first, second, at)
            new = np.zeros(len(places), np.bool_)
            fresh = np.flatnonzero(~again)
            new[fresh] = overlay.first_seen(block.behavior, first[fresh], second[fresh])
            duplicate[places[~new]] = True
        return Verdict(kept & ~duplicate, duplicate, clamped, tuple(errors))

    def apply_events(self, block: EventBlock, at: int, touched: Touched) -> int:
        """Record accepted events, creating unknown contacts; return how many are new."""
        ordinals, made = self.contacts.find_or_create(block.ids)
        first_row = self.log(block.behavior).append(ordinals, np.minimum(block.times, at), block)
        if block.event_ids is not None:
            places = np.flatnonzero(block.event_ids.lengths() > 0)
            owners = owner_keys(ordinals[places].astype(np.int64), block.ids.take(places))
            first, second = fingerprints(owners, block.event_ids.take(places))
            rows = (places + first_row).astype(np.uint32)
            self._ids_of(block.behavior).remember(first, second, ordinals[places], rows, at)
        touched.created |= from_sorted(made)
        touched.behavior(block.behavior, from_ordinals(ordinals))
        return len(made)

    def upkeep(self) -> Iterator[None]:
        """Make, a few milliseconds at a time, what questions are quicker with.

        Bins of every column and the latest times of every behavior, whether asked for yet or not,
        and what recent questions lacked besides. Writes and questions may come in between.
        """
        for column in list(self._columns.values()):
            column.foresee()
        for log in list(self._logs.values()):
            yield from log.upkeep()
        while self.ranges.is_waiting:
            self.ranges.upkeep()
            yield

    def delete(self, contact_id: str, at: int, touched: Touched) -> int | None:
        """Erase a contact and all its ids; return its ordinal, None when it is not known."""
        ordinal = self.contacts.find_one(contact_id)
        if ordinal is None:
            return None
        self.contacts.delete(ordinal, at)
        self._clear(ordinal)
        for log in self._logs.values():
            log.remove(ordinal)
        touched.deleted.add(ordinal)
        return ordinal

    def _clear(self, ordinal: int) -> None:
        gone = np.array([ordinal], np.uint32)
        for name in self._columns:
            self.column(name).unset(gone)

    def merge(
        self, from_id: str, into_id: str, at: int, touched: Touched
    ) -> tuple[int, int] | None:
        """Merge two known contacts; return (source, into) ordinals, None when they are the same."""
        source, into = self.contacts.find_one(from_id), self.contacts.find_one(into_id)
        if source is None or into is None or source == into:
            return None
        for name in list(self._columns):
            column = self.column(name)
            if name in CONSENT_ATTRIBUTES and self._is_stricter(column, source, into):
                assert isinstance(column, TextAttribute)
                column.move(source, into)
            else:
                column.fill(source, into)
        for behavior, log in self._logs.items():
            dropped = self._ids_of(behavior).merge(source, into, at)
            log.move(source, into, dropped.astype(np.int64))
        self.contacts.merge(source, into)
        self._clear(source)
        touched.merged |= Bitmap([source, into])
        for name in self._columns:
            touched.attribute(name, Bitmap([into]))
        for behavior in self._logs:
            touched.behavior(behavior, Bitmap([into]))
        return source, into

    @staticmethod
    def _is_stricter(column: AttributeColumn, source: int, into: int) -> bool:
        """Whether *source* has a consent status that goes before *into*'s."""
        ranks = [
            SUBSCRIPTION_STATUSES.index(value)
            if (value := column.value(ordinal)) in SUBSCRIPTION_STATUSES
            else len(SUBSCRIPTION_STATUSES)
            for ordinal in (source, into)
        ]
        return ranks[0] < ranks[1]

    def suggest(self, attribute: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return an attribute's most frequent values that start with *prefix*, with counts."""
        return self.column(attribute).suggest(prefix, limit)

    def suggest_total(self, attribute: str, prefix: str) -> int:
        """Return how many values of an attribute start with *prefix* in all."""
        return self.column(attribute).suggest_total(prefix)

    def suggest_property_total(self, behavior: str, name: str, prefix: str) -> int:
        """Return how many texts of a property start with *prefix* in all."""
        column = self.log(behavior).textual(name)
        return 0 if column is None else count_texts(*column.event_counts(), prefix)

    def suggest_property(
        self, behavior: str, name: str, prefix: str, limit: int
    ) -> list[tuple[str, int]]:
        """Return a property's most frequent texts, with how many contacts have such an event."""
        column = self.log(behavior).textual(name)
        if column is None:
            return []
        dictionary, counts = column.event_counts()
        found = [
            (text, self._who_ever(behavior, name, text))
            for text, _ in top_texts(dictionary, counts, prefix, limit)
        ]
        return sorted(found, key=lambda held: (-held[1], held[0]))

    def _who_ever(self, behavior: str, name: str, text: str) -> int:
        clause = PropertyPredicate(name, OneOf((text,)))
        ever = EventQuery(behavior, (clause,), -(2**62), 2**62)
        return len(self.log(behavior).having(ever, None))

    def percentile(self, behavior: str, name: str, percent: int, within: Bitmap | None) -> Decimal:
        """Return the nearest-rank percentile of the all-time sums of those who have one; or 0."""
        log = self.log(behavior)
        sums = log.sums(name)
        if sums is None:
            return Decimal(0)
        buyers = log.having(EventQuery(behavior, (), 0, 2**62, Reduction.MINIMUM, name), within)
        sums = np.sort(sums[ordinals_of(buyers)])
        if not len(sums):
            return Decimal(0)
        definition = self.schema.behaviors[behavior].property(name)
        assert definition is not None
        rank = max(-(-len(sums) * percent // 100), 1)
        return scaled(int(sums[rank - 1]), definition.scale)

    def freeze(self) -> FrozenState:
        """Return everything as sections; call `release` when they have been read."""
        arrays = [*self.contacts.arrays()]
        extra: list[Section] = [BytesSection(_UNIVERSE, to_bytes(self.contacts.universe))]
        for column in self._columns.values():
            arrays.extend(column.arrays())
            extra.extend(column.sections())
        for log in self._logs.values():
            arrays.extend(log.arrays())
        for ids in self._event_ids.values():
            arrays.extend(ids.arrays())
        self._frozen = arrays
        facts = {
            "contacts": self.contacts.facts(),
            "attributes": list(self._columns),
            "behaviors": {
                name: [held.name for held in log.definition.properties]
                for name, log in self._logs.items()
            },
            "event_ids": list(self._event_ids),
        }
        return FrozenState((*(array.freeze() for array in arrays), *extra), facts)

    def release(self) -> None:
        """Stop keeping what a snapshot was to read."""
        for array in self._frozen:
            array.release()
        self._frozen = []

    def load(self, facts: dict[str, Any], sections: Sections) -> None:
        """Replace everything by what a snapshot held; the schema is set before."""
        universe = from_bytes(sections[_UNIVERSE].tobytes())
        parts: list[_Part] = []
        for name in facts["attributes"]:
            self._columns[name] = make_column(self.schema.attributes[name], self.ranges)
            parts.append(self._columns[name])
        for name, properties in facts["behaviors"].items():
            definition = self.schema.behaviors[name].only(properties)
            self._logs[name] = EventLog(definition, ranges=self.ranges)
            parts.append(self._logs[name])
        parts += map(self._ids_of, facts["event_ids"])
        with ThreadPoolExecutor(cpu_count() or 1, "segsvc-load") as threads:
            waiting = [threads.submit(_load, part, sections) for part in parts]
            self.contacts.load(facts["contacts"], sections, universe)
            for held in waiting:
                held.result()
        for name, log in self._logs.items():
            log.define(self.schema.behaviors[name])

    def stats(self) -> IndexStats:
        """Return how much there is."""
        held = {
            "contacts": self.contacts.nbytes,
            **{f"attribute {name}": column.nbytes for name, column in self._columns.items()},
            **{f"behavior {name}": log.nbytes for name, log in self._logs.items()},
            **{f"event ids {name}": ids.nbytes for name, ids in self._event_ids.items()},
        }
        events = {name: log.live_rows for name, log in self._logs.items()}
        return IndexStats(self.contacts.count, events, held)


class _Part(Protocol):
    """A part of the index that a snapshot keeps."""

    def load(self, sections: Sections) -> None: ...

    def arrays(self) -> tuple[ChunkedArray, ...]: ...


def _load(part: _Part, sections: Sections) -> None:
    """Load one part beside others, most of which is work of numpy; forget what it was made of."""
    part.load(sections)
    for array in part.arrays():
        sections.pop(array.name, None)


SegmentMembers = Callable[[str, int, Bitmap | None], Bitmap]
"""Members of a segment at an instant, within some contacts."""

SegmentEdge = Callable[[str, int, int], int | None]
"""The next instant at which a leaf of a segment may turn for one contact."""

__all__ = ["IndexStats", "SegmentEdge", "SegmentMembers", "StoreIndex"]
