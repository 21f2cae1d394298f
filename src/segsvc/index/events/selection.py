"""Which rows of a log a query selects, block by block, narrowed as early as possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.predicate import EventQuery, OneOf, PropertyPredicate
from segsvc.index.events.blocks import Run, pieces
from segsvc.index.events.occurrences import MOST_LOOKUPS, Spans
from segsvc.index.events.properties import ListProperty, Rows, TextProperty
from segsvc.index.intervals import inside

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

PIECE_ROWS = 131_072
_SPARSE = 16
"""A mask is given up for row numbers when fewer than 1 / 16 are left."""


class Selection:
    """Selects rows of one log; keeps nothing but through the log's columns."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def parts(self, query: EventQuery, *, repeats: bool = False) -> Iterator[tuple[Rows, UInt32]]:
        """Yield rows of live contacts that *query* selects, and their owners.

        Each row once, unless *repeats* are welcome.
        """
        found = self._looked_up(query)
        if found is not None:
            rows = found.rows(repeats=repeats)
            yield self._living(rows[self._narrowed(query, found.clauses, rows)])
        start = 0 if found is None else found.covered
        runs = self._log.blocks.runs(query.first, query.last, start)
        for run in pieces(runs, PIECE_ROWS):
            yield self._living(self._passed(query, run))

    def chosen(self, query: EventQuery, rows: Int64) -> Int64:
        """Return the places in *rows* (of live contacts) of those that *query* selects."""
        return self._narrowed(query, query.where, rows)

    def _narrowed(
        self, query: EventQuery, where: Sequence[PropertyPredicate], rows: Int64
    ) -> Int64:
        if query.first <= 0 and query.last >= self._log.blocks.latest:
            places = np.arange(len(rows))
        else:
            places = np.flatnonzero(inside(self._log.instants(rows), query.first, query.last))
        for clause in where:
            places = places[self._matches(clause, rows[places])]
        return places

    def _living(self, rows: Rows) -> tuple[Rows, UInt32]:
        owners = self._log.owners(rows)
        if not self._log.has_dead:
            return rows, owners
        alive = np.flatnonzero(self._log.are_alive(owners))
        if len(alive) == len(owners):
            return rows, owners
        return (alive + rows.start if isinstance(rows, slice) else rows[alive]), owners[alive]

    def _passed(self, query: EventQuery, run: Run) -> Rows:
        rows, mask = run.rows, None
        if not run.whole:
            mask = inside(self._log.instants(rows), query.first, query.last)
        for place, clause in enumerate(query.where):
            if mask is not None and np.count_nonzero(mask) * _SPARSE < len(mask):
                return self._left(query.where[place:], np.flatnonzero(mask) + rows.start)
            passed = self._matches(clause, rows)
            mask = passed if mask is None else mask & passed
        return rows if mask is None else np.flatnonzero(mask) + rows.start

    def _left(self, where: Sequence[PropertyPredicate], rows: Int64) -> Int64:
        for clause in where:
            rows = rows[self._matches(clause, rows)]
        return rows

    def _matches(self, clause: PropertyPredicate, rows: Rows) -> Bool:
        passed = self._log.column(clause.property).matches(clause.predicate, rows)
        return ~passed if clause.negated else passed

    def _looked_up(self, query: EventQuery) -> LookedUp | None:
        """Look one clause up, the one that leaves the fewest rows; None: rather read all rows."""
        blocks = self._log.blocks.touching(query.first, query.last)
        most = rows = self._log.blocks.count(query.first, query.last)
        best: LookedUp | None = None
        for clause, values, column in self._indexed(query):
            codes = column.dictionary.codes_equal(values)
            if len(codes) * len(blocks) > MOST_LOOKUPS or not column.occurrences.asked():
                continue
            spans = column.occurrences.find(codes, blocks)
            if len(spans) <= min(most, rows // column.worth):
                most = len(spans)
                others = tuple(held for held in query.where if held is not clause)
                best = LookedUp(column.occurrences.rows, others, spans, len(codes) > 1)
        return best

    def _indexed(
        self, query: EventQuery
    ) -> Iterator[tuple[PropertyPredicate, tuple[str, ...], TextProperty | ListProperty]]:
        """Yield the clauses that can be looked up, with their texts and columns."""
        for clause in query.where:
            column = self._log.textual(clause.property)
            if column is not None and not clause.negated and isinstance(clause.predicate, OneOf):
                yield clause, clause.predicate.values, column

    def upkeep(self) -> Iterator[None]:
        """Cover, piece by piece, what was looked up before; rows may be written in between."""
        for column in self._log.textuals():
            yield from column.occurrences.upkeep()

    def cost_rows(self, query: EventQuery) -> int:
        """Guess how many rows `parts` reads."""
        rows = self._log.blocks.count(query.first, query.last)
        looked_up = any(column.occurrences.rows for *_, column in self._indexed(query))
        return rows // 16 if looked_up else rows * (1 + len(query.where))


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What looking up one clause found, in the rows before *covered*; *clauses* are the others.

    *mixed*: several texts were looked up.
    """

    covered: int
    clauses: tuple[PropertyPredicate, ...]
    spans: Spans
    mixed: bool

    def rows(self, *, repeats: bool) -> Int64:
        """Return the rows, ascending unless *repeats* are welcome."""
        rows = self.spans.rows()
        if repeats or not len(rows):
            return rows
        if self.mixed and len(rows) * _SPARSE > self.covered:
            seen = np.zeros(self.covered, np.bool_)
            seen[rows] = True
            return np.flatnonzero(seen)
        if self.mixed:
            rows = np.sort(rows)
        distinct: Int64 = rows[np.append(True, rows[1:] != rows[:-1])]
        return distinct
