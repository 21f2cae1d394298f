"""All events of one behavior, as columns in the order they arrived."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segsvc.bitmap import Bitmap, from_mask, from_sorted, ordinals_of
from segsvc.condition.view import Event
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.predicate import EventQuery, Reduction
from segsvc.domain.schema import BehaviorDefinition
from segsvc.domain.section import Sections
from segsvc.domain.write import EventBlock
from segsvc.index.array import CHUNK_ROWS, ChunkedArray
from segsvc.index.events.chains import Chains
from segsvc.index.events.postings import EverPostings
from segsvc.index.events.properties import (
    ListProperty,
    NumberProperty,
    PropertyColumn,
    Rows,
    TextProperty,
    make_property,
)
from segsvc.index.events.reduce import averages_inside, inside, reduced
from segsvc.index.events.running import RunningSum, RunningTimes
from segsvc.index.events.timelines import EventTimelines

DEAD = 0xFFFFFFFF
"""The ordinal of rows whose contact was deleted, or that a merge dropped."""

_TIME_LIMIT = 2**32 - 1
_MS_PER_ROW = 8e-6
_MS_PER_CONTACT = 1.5e-6
_MS_PER_CHAIN_ROW = 6e-5
_MS_PER_CHAIN_STEP = 0.015


class EventLog:
    """Rows of one behavior. Late events land in later rows; every block knows its time range."""

    def __init__(self, definition: BehaviorDefinition) -> None:
        name = f"event/{definition.name}"
        self.definition = definition
        self._ordinals = ChunkedArray(f"{name}/ordinals", np.uint32)
        self._times = ChunkedArray(f"{name}/times", np.uint32)
        self._chains = Chains(name)
        self._columns: dict[str, PropertyColumn] = {}
        self._dead = 0
        self._running = RunningTimes()
        self._sums: dict[str, RunningSum] = {}
        self._block_ranges: list[tuple[int, int]] = []
        self._postings = EverPostings(self)
        self.timelines = EventTimelines(self)
        self.define(definition)

    def define(self, definition: BehaviorDefinition) -> None:
        """Use a definition that may have gained properties; old rows lack them."""
        self.definition = definition
        for prop in definition.properties:
            if prop.name not in self._columns:
                column = make_property(definition.name, prop)
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
    def nbytes(self) -> int:
        """Bytes held."""
        held = sum(array.nbytes for array in self.arrays())
        sums = sum(running.nbytes for running in self._sums.values())
        return held + sums + self._running.nbytes + self.timelines.nbytes

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
        self._running.add(ordinals, stored)
        self._widen_blocks(first)
        return first

    def _widen_blocks(self, first: int) -> None:
        times = self._times.live
        for block in range(first // CHUNK_ROWS, -(-len(times) // CHUNK_ROWS)):
            start = max(block * CHUNK_ROWS, first)
            part = times[start : (block + 1) * CHUNK_ROWS]
            low, high = int(part.min()), int(part.max())
            if block < len(self._block_ranges):
                held_low, held_high = self._block_ranges[block]
                self._block_ranges[block] = (min(low, held_low), max(high, held_high))
            else:
                self._block_ranges.append((low, high))

    def having(self, query: EventQuery, within: Bitmap | None) -> Bitmap:
        """Return the contacts (of *within*) who satisfy *query*."""
        if query.first > query.last or not len(self):
            return Bitmap()
        found = self._from_running(query)
        if found is not None:
            return found if within is None else found & within
        if within is not None and self._chains_are_cheaper(query, within):
            return self._by_chains(query, within)
        found = self._postings.find(query)
        if found is None:
            found = self._by_slices(query)
        return found if within is None else found & within

    def _covers_past(self, query: EventQuery) -> bool:
        return query.first <= 0

    def _covers_future(self, query: EventQuery) -> bool:
        return query.last >= max((high for _, high in self._block_ranges), default=0)

    def _from_running(self, query: EventQuery) -> Bitmap | None:
        """Answer from the running numbers per contact, where they tell."""
        if query.where:
            return None
        running, times = self._running, query.interval
        if not self._covers_future(query):
            return None
        if not self._covers_past(query):
            if query.reduction is Reduction.COUNT and query.interval.unscaled(0)[0] <= 1:
                if query.interval.upper is None:
                    return from_mask(inside(running.last, query.first, _TIME_LIMIT))
            elif query.reduction is Reduction.LAST_TIME:
                low, high = times.unscaled(0)
                return from_mask(inside(running.last, max(low, query.first), high))
            return None
        low, high = times.unscaled(0)
        there = running.counts > 0
        match query.reduction:
            case Reduction.COUNT:
                return from_mask(inside(running.counts, max(low, 1), high))
            case Reduction.FIRST_TIME:
                return from_mask(there & inside(running.first, low, high))
            case Reduction.LAST_TIME:
                return from_mask(there & inside(running.last, low, high))
            case Reduction.SUM | Reduction.AVERAGE:
                return self._from_sums(query)
            case _:
                return None

    def _from_sums(self, query: EventQuery) -> Bitmap | None:
        running = self.running_sum(query.property)
        if not running.exact:
            return None
        scale = self._number(query.property).definition.scale
        if query.reduction is Reduction.SUM:
            low, high = query.interval.unscaled(scale)
            passed = inside(running.sums, low, high)
            return from_mask(passed & running.there() if low <= 0 <= high else passed)
        counts = running.counts.astype(np.int64)
        return from_mask(
            averages_inside(running.sums, counts, query.interval, scale) & running.there()
        )

    def running_sum(self, name: str) -> RunningSum:
        """Return the all-time sums of a number property, brought up to the last row."""
        running = self._sums.setdefault(name, RunningSum())
        if running.rows < len(self) and running.exact:
            rows = slice(running.rows, len(self))
            values, present = self._number(name).numbers(rows)
            ordinals = self._ordinals.live[rows]
            taken = present & (ordinals != DEAD) if self._dead else present
            running.add(ordinals[taken], values[taken])
        running.rows = len(self)
        return running

    def _number(self, name: str) -> NumberProperty:
        column = self._columns[name]
        assert isinstance(column, NumberProperty), "checked before"
        return column

    def _chains_are_cheaper(self, query: EventQuery, within: Bitmap) -> bool:
        if len(within) * 8 > max(len(self), 8_192):
            return False
        counts = self._running.counts
        ordinals = ordinals_of(within)
        held = counts[ordinals[ordinals < len(counts)]]
        steps, rows = int(held.max(initial=0)), int(held.sum())
        chains = rows * _MS_PER_CHAIN_ROW + steps * _MS_PER_CHAIN_STEP
        return chains < self.cost(query)

    def _by_chains(self, query: EventQuery, within: Bitmap) -> Bitmap:
        members = ordinals_of(within)
        rows, places = self._chains.rows_within(members)
        selected = self._selects(query, rows)
        rows, places = rows[selected], places[selected]
        passed = self._reduce(query, rows, places, len(members))
        return from_sorted(members[passed])

    def _by_slices(self, query: EventQuery) -> Bitmap:
        rows = self.select(query)
        owners = self._ordinals.live[rows]
        if not len(owners):
            return Bitmap()
        size = int(owners.max()) + 1
        if query.reduction is Reduction.COUNT:
            low, high = query.interval.unscaled(0)
            if low <= 1 and high >= len(owners):
                seen = np.zeros(size, np.bool_)
                seen[owners] = True
                return from_mask(seen)
        return from_mask(self._reduce(query, rows, owners, size))

    def select(self, query: EventQuery) -> Int64:
        """Return the rows (ascending) of live contacts that *query* selects."""
        parts = [np.zeros(0, np.int64)]
        for part in self._slices(query.first, query.last):
            mask = self._selects(query, part)
            if self._dead:
                mask &= self._ordinals.live[part] != DEAD
            parts.append(np.flatnonzero(mask) + part.start)
        return np.concatenate(parts)

    def _slices(self, first: int, last: int) -> Iterator[slice]:
        """Yield runs of blocks that may hold events with first <= time <= last."""
        start: int | None = None
        for block, (low, high) in enumerate(self._block_ranges):
            wanted = low <= last and high >= first
            if wanted and start is None:
                start = block * CHUNK_ROWS
            elif not wanted and start is not None:
                yield slice(start, block * CHUNK_ROWS)
                start = None
        if start is not None:
            yield slice(start, len(self))

    def _selects(self, query: EventQuery, rows: Rows) -> Bool:
        times = self._times.live[rows]
        mask = inside(times, query.first, query.last)
        for clause in query.where:
            passed = self._columns[clause.property].matches(clause.predicate, rows)
            mask &= ~passed if clause.negated else passed
        return mask

    def _reduce(self, query: EventQuery, rows: Int64, owners: UInt32 | Int64, size: int) -> Bool:
        """Return which owners 0..size-1 of the selected *rows* pass."""
        if query.reduction is Reduction.COUNT:
            return reduced(query.reduction, owners, None, size, query.interval, 0)
        if query.reduction in {Reduction.FIRST_TIME, Reduction.LAST_TIME}:
            times = self._times.live[rows].astype(np.int64)
            return reduced(query.reduction, owners, times, size, query.interval, 0)
        column = self._number(query.property)
        values, present = column.numbers(rows)
        scale = column.definition.scale
        return reduced(
            query.reduction, owners[present], values[present], size, query.interval, scale
        )

    def cost(self, query: EventQuery) -> float:
        """Guess the milliseconds of `having` without *within*."""
        contacts = len(self._running.counts) * _MS_PER_CONTACT
        if not query.where and self._covers_past(query) and self._covers_future(query):
            return contacts + 0.02
        rows: int = sum(part.stop - part.start for part in self._slices(query.first, query.last))
        return contacts + 0.05 + rows * _MS_PER_ROW * (1 + len(query.where))

    def rows(self, first: int, last: int, within: Bitmap | None) -> Int64:
        """Return the rows (ascending) of live contacts (of *within*) in first <= time <= last."""
        query = EventQuery(self.definition.name, (), first, last)
        if within is not None and self._chains_are_cheaper(query, within):
            rows, _ = self._chains.rows_within(ordinals_of(within))
            return np.sort(rows[self._selects(query, rows)])
        rows = self.select(query)
        if within is None:
            return rows
        wanted = np.zeros(max(len(self._chains.heads), 1), np.bool_)
        members = ordinals_of(within)
        wanted[members[members < len(wanted)]] = True
        kept: Int64 = rows[wanted[self._ordinals.live[rows]]]
        return kept

    def owners(self, rows: Int64) -> UInt32:
        """Return the ordinals of *rows*."""
        ordinals: UInt32 = self._ordinals.live[rows]
        return ordinals

    def times(self, rows: Int64) -> Int64:
        """Return the times of *rows* in UTC seconds."""
        return self._times.live[rows].astype(np.int64)

    def numbers(self, name: str, rows: Int64) -> tuple[Int64, Bool]:
        """Return a number property of *rows*, at its scale, or an instant; and where it is."""
        return self._number(name).numbers(rows)

    def column(self, name: str) -> PropertyColumn:
        """Return the column of a property."""
        return self._columns[name]

    def textual(self, name: str) -> TextProperty | ListProperty | None:
        """Return the column of a text or list property; None for other types."""
        column = self._columns.get(name)
        return column if isinstance(column, TextProperty | ListProperty) else None

    def events(self, ordinal: int) -> Iterator[Event]:
        """Yield the events of one contact, latest first; of equal times the latest arrival."""
        rows = self._chains.rows_of(ordinal)
        order = np.argsort(-self.times(rows), kind="stable")
        for row in rows[order].tolist():
            properties = {
                name: value
                for name, column in self._columns.items()
                if (value := column.value(row)) is not None
            }
            yield Event(self.definition.name, int(self._times.live[row]), properties)

    def summary(self, ordinal: int) -> tuple[int, int, int] | None:
        """Return one contact's number of events and first and last time; None without events."""
        running = self._running
        if ordinal >= len(running.counts) or not running.counts[ordinal]:
            return None
        held = running.counts[ordinal], running.first[ordinal], running.last[ordinal]
        return int(held[0]), int(held[1]), int(held[2])

    def remove(self, ordinal: int) -> None:
        """Drop all events of one contact."""
        rows = self._chains.rows_of(ordinal)
        if len(rows):
            self._drop(rows)
            self._relink((ordinal,))

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
        self._relink((source, into))

    def _relink(self, ordinals: tuple[int, ...]) -> None:
        """Compute what is kept per contact anew for *ordinals*."""
        self._postings.clear()
        self._sums.clear()
        for ordinal in ordinals:
            rows = self._chains.rows_of(ordinal)
            alive = rows[self._ordinals.live[rows] == ordinal]
            if len(alive) != len(rows):
                self._chains.relink(ordinal, np.sort(alive))
            self._running.clear(ordinal)
            self._running.add(np.full(len(alive), ordinal, np.uint32), self._times.live[alive])

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
        ordinals = self._ordinals.live
        alive = ordinals != DEAD
        self._dead = len(ordinals) - int(np.count_nonzero(alive))
        self._running = RunningTimes()
        self._running.add(ordinals[alive], self._times.live[alive])
        self._sums.clear()
        self._postings.clear()
        self.timelines = EventTimelines(self)
        self._block_ranges = []
        if len(ordinals):
            self._widen_blocks(0)
