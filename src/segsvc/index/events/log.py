"""All events of one behavior, as columns in the order they arrived."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, Faces, ordinals_of
from segsvc.condition.view import Event
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.predicate import EventQuery
from segsvc.domain.schema import BehaviorDefinition
from segsvc.domain.section import Sections
from segsvc.domain.write import EventBlock
from segsvc.index.array import ChunkedArray
from segsvc.index.events.answers import Answers
from segsvc.index.events.blocks import TimeBlocks
from segsvc.index.events.chains import Chains, Walk
from segsvc.index.events.properties import (
    ListProperty,
    NumberProperty,
    PropertyColumn,
    Rows,
    TextProperty,
    make_property,
)
from segsvc.index.events.timelines import EventTimelines
from segsvc.index.events.totals import Summed
from segsvc.index.intervals import inside
from segsvc.index.ranges import Ranges, RangeShape

BLOCK_ROWS = 16_384
"""Rows that know their time range together: what the edge of a window reads, and a lookup last."""

DEAD = np.uint32(0xFFFFFFFF)
"""The ordinal of rows whose contact was deleted, or that a merge dropped."""


class EventLog:
    """Rows of one behavior. Late events land in later rows; every block knows its time range."""

    def __init__(
        self,
        definition: BehaviorDefinition,
        block_rows: int = BLOCK_ROWS,
        ranges: Ranges | None = None,
    ) -> None:
        """Begin without rows.

        Args:
            definition: of the behavior.
            block_rows: how many rows know their time range together, at most 65,536.
            ranges: the bins of the store; None: there are none.
        """
        name = f"event/{definition.name}"
        self.ranges = ranges or Ranges(RangeShape(least=None))
        self.definition = definition
        self._block_rows = block_rows
        self._ordinals = ChunkedArray(f"{name}/ordinals", np.uint32)
        self._times = ChunkedArray(f"{name}/times", np.uint32)
        self._chains = Chains(name)
        self._columns: dict[str, PropertyColumn] = {}
        self._dead = 0
        self.blocks = TimeBlocks(self._block_rows)
        self.answers = Answers(self)
        self.timelines = EventTimelines(self)
        self.define(definition)

    def define(self, definition: BehaviorDefinition) -> None:
        """Use a definition that may have gained properties; old rows lack them."""
        self.definition = definition
        for prop in definition.properties:
            if prop.name not in self._columns:
                column = make_property(definition.name, prop, self._block_rows)
                if len(self):
                    column.extend(len(self), None)
                self._columns[prop.name] = column

    def __len__(self) -> int:
        """Rows, dead ones included."""
        return len(self._ordinals)

    @property
    def live_rows(self) -> int:
        """Events of live contacts."""
        return len(self) - self._dead

    @property
    def has_dead(self) -> bool:
        """Whether some rows are nobody's."""
        return self._dead > 0

    @property
    def contact_limit(self) -> int:
        """One more than the highest ordinal that had an event."""
        return len(self._chains.heads)

    @property
    def last_rows(self) -> UInt32:
        """One more than each contact's last row, by ordinal; 0: it has none."""
        heads: UInt32 = self._chains.heads.live
        return heads

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes held, by part."""
        return {
            "rows": self._ordinals.nbytes + self._times.nbytes,
            "chains": sum(array.nbytes for array in self._chains.arrays()),
            "properties": sum(column.nbytes for column in self._columns.values()),
            "answers": self.answers.nbytes,
            "timelines": self.timelines.nbytes,
        }

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(self.sizes.values())

    def append(self, ordinals: UInt32, times: Int64, block: EventBlock) -> int:
        """Add the events of *block*, of the contacts *ordinals*; return the row of the first."""
        first = len(self)
        stored = times.astype(np.uint32)
        self._ordinals.append(ordinals)
        self._times.append(stored)
        self._chains.append(ordinals)
        given = {column.name: column for column in block.properties}
        for name, column in self._columns.items():
            column.extend(len(ordinals), given.get(name))
        self.blocks.add(stored)
        return first

    def holders(self, query: EventQuery) -> Faces:
        """Return the contacts who satisfy *query*."""
        return self.answers.holders(query)

    def having(self, query: EventQuery, within: Bitmap | None) -> Bitmap:
        """Return the contacts (of *within*) who satisfy *query*."""
        return self.answers.having(query, within)

    def prepare(self, query: EventQuery) -> Iterator[None]:
        """Do, piece by piece, what `having` would do first; rows may be written in between."""
        return self.answers.prepare(query)

    def upkeep(self) -> Iterator[None]:
        """Make or renew, piece by piece, what answers of late would have been quicker with."""
        return self.answers.upkeep()

    def cost(self, query: EventQuery) -> float:
        """Guess the milliseconds of `holders`."""
        return self.answers.cost(query)

    def walk(self, ordinals: UInt32, first: int, budget_ms: float) -> Walk | None:
        """Return the rows of some contacts (ascending), all those with time >= *first* included.

        None when that would take longer than *budget_ms*.
        """
        return self._chains.walk(ordinals, self.blocks.floor(first), budget_ms)

    def rows(self, first: int, last: int, within: Bitmap | None) -> Int64:
        """Return the rows (ascending) of live contacts (of *within*) in first <= time <= last."""
        query = EventQuery(self.definition.name, (), first, last)
        members = None if within is None else ordinals_of(within)
        if members is not None:
            walk = self.walk(members, first, self.cost(query))
            if walk is not None:
                return np.sort(walk.rows[self.answers.selection.chosen(query, walk.rows)])
        parts = [np.zeros(0, np.int64)]
        for rows, _ in self.answers.selection.parts(query):
            parts.append(np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows)
        found = np.concatenate(parts)
        if members is None:
            return found
        wanted = np.zeros(max(self.contact_limit, 1), np.bool_)
        wanted[members[members < len(wanted)]] = True
        kept: Int64 = found[wanted[self.owners(found)]]
        return kept

    def rows_of(self, ordinal: int) -> Int64:
        """Return the rows of one contact, latest arrival first."""
        return self._chains.rows_of(ordinal)

    def owners(self, rows: Rows) -> UInt32:
        """Return the ordinals of *rows*; `DEAD` where a row is nobody's."""
        ordinals: UInt32 = self._ordinals.live[rows]
        return ordinals

    def are_alive(self, owners: UInt32) -> Bool:
        """Return which of *owners* are contacts."""
        alive: Bool = owners != DEAD
        return alive

    def instants(self, rows: Rows) -> UInt32:
        """Return the times of *rows* in UTC seconds."""
        times: UInt32 = self._times.live[rows]
        return times

    def times(self, rows: Int64) -> Int64:
        """Return `instants` as int64."""
        return self.instants(rows).astype(np.int64)

    def has_all(self, rows: Rows, name: str, span: tuple[int, int] | None) -> Bool | None:
        """Return which rows are somebody's, have property *name* and a time in *span*.

        "" and None ask for nothing. The answer None stands for all.
        """
        mask = None if span is None else inside(self.instants(rows), *span)
        present = self.present(name, rows) if name else None
        if present is not None:
            mask = present if mask is None else mask & present
        if self.has_dead:
            alive = self.are_alive(self.owners(rows))
            mask = alive if mask is None else mask & alive
        return mask

    def _number(self, name: str) -> NumberProperty:
        column = self._columns[name]
        assert isinstance(column, NumberProperty), "checked before"
        return column

    def scale(self, name: str) -> int:
        """Return the scale of a number property."""
        return self._number(name).definition.scale

    def values(self, name: str, rows: Rows) -> npt.NDArray[np.integer]:
        """Return a number property of *rows*, at its scale, or an instant; 0 where missing."""
        return self._number(name).values(rows)

    def present(self, name: str, rows: Rows) -> Bool | None:
        """Return where a number property or instant is there; None: everywhere."""
        return self._number(name).present(rows)

    def numbers(self, name: str, rows: Rows) -> tuple[Int64, Bool]:
        """Return `values` as int64, and where they are."""
        return self._number(name).numbers(rows)

    def sums(self, name: str) -> Int64 | None:
        """Return the all-time sums of a number property by ordinal; None: not in int64.

        Contacts beyond the end, and those without a value, have 0.
        """
        return self.answers.totals.since(Summed(name, counts=False), 0)

    def column(self, name: str) -> PropertyColumn:
        """Return the column of a property."""
        return self._columns[name]

    def textual(self, name: str) -> TextProperty | ListProperty | None:
        """Return the column of a text or list property; None for other types."""
        column = self._columns.get(name)
        return column if isinstance(column, TextProperty | ListProperty) else None

    def textuals(self) -> Iterator[TextProperty | ListProperty]:
        """Return the columns of all text and list properties."""
        held = list(self._columns.values())
        return (column for column in held if isinstance(column, TextProperty | ListProperty))

    def events(self, ordinal: int) -> Iterator[Event]:
        """Yield the events of one contact, latest first; of equal times the latest arrival."""
        rows = self._chains.rows_of(ordinal)
        order = np.argsort(-self.instants(rows).astype(np.int64), kind="stable")
        for row in rows[order].tolist():
            properties = {
                name: value
                for name, column in self._columns.items()
                if (value := column.value(row)) is not None
            }
            yield Event(self.definition.name, int(self._times.live[row]), properties)

    def summary(self, ordinal: int) -> tuple[int, int, int] | None:
        """Return one contact's number of events and first and last time; None without events."""
        times = self.instants(self._chains.rows_of(ordinal))
        return (len(times), int(times.min()), int(times.max())) if len(times) else None

    def remove(self, ordinal: int) -> None:
        """Drop all events of one contact."""
        rows = self._chains.rows_of(ordinal)
        if len(rows):
            self._drop(rows)
            self._chains.relink(ordinal, np.zeros(0, np.int64))
            self.answers.moved(ordinal)

    def _drop(self, rows: Int64) -> None:
        self._ordinals.put(rows, DEAD)
        self._dead += len(rows)

    def move(self, source: int, into: int, dropped: Int64) -> None:
        """Give *into* the events of *source*, but for the rows *dropped*."""
        rows = self._chains.rows_of(source)
        if not len(rows):
            return
        self._drop(dropped)
        kept = np.setdiff1d(rows, dropped)
        united = np.union1d(kept, self._chains.rows_of(into))
        self._ordinals.put(kept, into)
        self.timelines.moved(kept)
        self._chains.relink(source, np.zeros(0, np.int64))
        self._chains.relink(into, united)
        self.answers.moved(source)
        self.answers.moved(into)

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that a snapshot keeps."""
        held = [self._ordinals, self._times, *self._chains.arrays()]
        for column in self._columns.values():
            held.extend(column.arrays())
        return tuple(held)

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        for array in (self._ordinals, self._times):
            array.load(sections[array.name])
        self._chains.load(sections)
        for column in self._columns.values():
            column.load(sections)
        self._dead = int(np.count_nonzero(self._ordinals.live == DEAD))
        self.answers = Answers(self)
        self.timelines = EventTimelines(self)
        self.blocks = TimeBlocks(self._block_rows)
        self.blocks.add(self._times.live)
