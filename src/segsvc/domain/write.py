"""What a write asks for, decoded: one frozen value per write method of the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from segsvc.domain.columns import Bool, FieldColumn, Int64, Strings, UInt32
from segsvc.domain.errors import RowError
from segsvc.domain.schema import AttributeDefinition, BehaviorDefinition


@dataclass(frozen=True, slots=True, eq=False)
class ContactBatch:
    """n contact rows, as columns. Rows apply in order; one contact may stand in several.

    Attributes:
        ids: the n contact ids, each well formed.
        sets: values set and unset, one column per attribute (text sets are replaced whole).
        adds: text set elements added: list columns, one per text set attribute.
        removes: text set elements removed, likewise.
    """

    ids: Strings
    sets: tuple[FieldColumn, ...] = ()
    adds: tuple[FieldColumn, ...] = ()
    removes: tuple[FieldColumn, ...] = ()

    def keep(self, kept: Bool) -> ContactBatch:
        """Return the batch of the rows where *kept* (bool, n) is true, in the same order."""
        rows = np.flatnonzero(kept)
        renumbered = np.full(len(kept), -1, np.int64)
        renumbered[rows] = np.arange(len(rows))
        return ContactBatch(
            self.ids.take(rows),
            tuple(column.keep(renumbered) for column in self.sets),
            tuple(column.keep(renumbered) for column in self.adds),
            tuple(column.keep(renumbered) for column in self.removes),
        )


@dataclass(frozen=True, slots=True, eq=False)
class EventBlock:
    """n events of one behavior, as columns.

    Attributes:
        rows: the number of each event in the request (uint32, n), ascending.
        ids: contact ids. times: UTC seconds, as given (int64, n).
        event_ids: "" where an event has none; None where no event has one.
        properties: one column per property that some event carries; *unset* is empty.
    """

    behavior: str
    rows: UInt32
    ids: Strings
    times: Int64
    event_ids: Strings | None = None
    properties: tuple[FieldColumn, ...] = ()

    def keep(self, kept: Bool) -> EventBlock:
        """Return the block of the events where *kept* (bool, n) is true, in the same order."""
        places = np.flatnonzero(kept)
        renumbered = np.full(len(kept), -1, np.int64)
        renumbered[places] = np.arange(len(places))
        return EventBlock(
            self.behavior,
            self.rows[places],
            self.ids.take(places),
            self.times[places],
            None if self.event_ids is None else self.event_ids.take(places),
            tuple(column.keep(renumbered) for column in self.properties),
        )


@dataclass(frozen=True, slots=True, eq=False)
class UpsertContacts:
    """Set, unset and tag contacts; unknown ones are created.

    Attributes:
        batch: the rows that could be decoded.
        rows: the number of each decoded row in the request (uint32, n), ascending.
        rejected: the rows that could not be; empty unless the request skips invalid rows.
        total: rows in the request.
    """

    batch: ContactBatch
    rows: UInt32
    total: int
    rejected: tuple[RowError, ...] = ()
    skip_invalid: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SetLifecycleLabels:
    """The T+1 batch: the lifecycle stage of contacts as of one day (packed date).

    Unknown contacts are invalid rows. *labels* sets or unsets the stage of every row;
    *clear_others* unsets that of contacts who are in no row.
    """

    ids: Strings
    labels: FieldColumn
    rows: UInt32
    total: int
    date: int
    clear_others: bool = False
    rejected: tuple[RowError, ...] = ()
    skip_invalid: bool = False
    path: str = "rows.rows"
    """Where the rows stand in the request, for errors."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordEvents:
    """Record events; *rows*, *rejected* and *total* as in `UpsertContacts`."""

    blocks: tuple[EventBlock, ...]
    total: int
    rejected: tuple[RowError, ...] = ()
    skip_invalid: bool = False
    create_contacts: bool = True
    """Whether unknown contacts are created; else their rows are invalid."""
    path: str = "rows.rows"
    """Where the rows stand in the request, for errors."""


@dataclass(frozen=True, slots=True, eq=False)
class DeleteContacts:
    """Erase contacts; unknown ids are counted, not refused."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MergeContacts:
    """Merge pairs of (from, into), in order."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class DefineAttribute:
    """Add an attribute to the schema; see `Schema.with_attribute`."""

    definition: AttributeDefinition
    keeps_filter_type: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DefineBehavior:
    """Add a behavior to the schema, or properties to one; see `Schema.with_behavior`."""

    definition: BehaviorDefinition
    keeps_filter_type: bool = False


@dataclass(frozen=True, slots=True)
class RowsAccepted:
    """What became of the rows of one upsert or of recorded events.

    Attributes:
        accepted: rows applied, duplicates not counted.
        created: contacts that the request made.
        duplicates: events not applied because their event id was known.
        clamped: request rows (numbers) of events stored at the revision's time, not their own.
        rejected: the first invalid rows, at most `MAX_ROW_ERRORS`. rejected_total: all of them.
    """

    accepted: int
    created: int = 0
    duplicates: int = 0
    clamped: tuple[int, ...] = ()
    clamped_total: int = 0
    rejected: tuple[RowError, ...] = ()
    rejected_total: int = 0
    unknown: tuple[str, ...] = field(default=())
    """Ids that a delete or merge did not find."""


MAX_ROW_ERRORS = 1_000

DataWrite: TypeAlias = UpsertContacts | SetLifecycleLabels | RecordEvents
