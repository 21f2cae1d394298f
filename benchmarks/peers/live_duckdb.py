"""DuckDB keeping 100 segments right: one batch of orders in, who entered and left out.

Written as an engineer would: the batch is appended; one prepared query aggregates the events of the
touched contacts once for all leaves and evaluates every segment as a Boolean; memberships are NumPy
arrays, compared and replaced where contacts were touched (the comparison in SQL took twice as long
as the evaluation). One thread, in memory, nothing durable.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.peers import sql
from benchmarks.peers.duckdb import DuckDB
from benchmarks.peers.lowered import (
    FOREVER,
    AllOf,
    AnyOf,
    Column,
    Condition,
    Events,
    Not,
    lower,
    read,
)
from benchmarks.stores.files import Files
from segsvc.domain.predicate import Reduction

_BEHAVIORS = ("order_placed", "product_viewed")


class LiveDuckDB(DuckDB):
    """The tables of `DuckDB`, and memberships of *segments* (text form by id)."""

    def __init__(self, files: Files, at: int, segments: dict[str, str]) -> None:
        super().__init__(files, at)
        self._segments = {name: read(text) for name, text in segments.items()}
        self._measures: dict[tuple[str, str], str] = {}
        self._expressions = [self._said(tree) for tree in self._segments.values()]
        run = self._connection.execute
        self._flags = ", ".join(
            f"{said} AS m_{name}"
            for name, said in zip(self._segments, self._expressions, strict=True)
        )
        run("CREATE TABLE touched AS SELECT id FROM contacts")
        self._members = self._evaluated(self._query())
        run("DELETE FROM touched")
        run(f"PREPARE evaluate AS {self._query()}")

    def batch(self, numbers: npt.NDArray[Any], at: int, cents: npt.NDArray[Any]) -> Any:
        """Take in one order of each of the contacts *numbers*; return changes by segment.

        Returns:
            for each segment that changed, how many contacts entered and left.
        """
        run = self._connection.execute
        times = np.full(len(numbers), at, np.uint32)
        arrived = pa.table({"contact": numbers, "time": times, "cents": cents})
        self._connection.register("arrived", arrived)
        run("INSERT INTO order_placed BY NAME SELECT * FROM arrived")
        run("DELETE FROM touched")
        run("INSERT INTO touched SELECT DISTINCT contact FROM arrived")
        self._connection.unregister("arrived")
        fresh = self._evaluated("EXECUTE evaluate")
        touched = fresh["id"]
        changes = {}
        for name in self._segments:
            old, new = self._members[f"m_{name}"], fresh[f"m_{name}"]
            before = old[touched]
            entered, left = int((new & ~before).sum()), int((before & ~new).sum())
            if entered or left:
                old[touched] = new
                changes[name] = entered, left
        return changes

    def _evaluated(self, statement: str) -> dict[str, npt.NDArray[Any]]:
        held: dict[str, npt.NDArray[Any]] = self._connection.execute(statement).fetchnumpy()
        return held

    def _query(self) -> str:
        """Return the query that gives every segment's flag of the touched contacts."""
        parts, joins = [], []
        for behavior in _BEHAVIORS:
            measures = [
                f"{said} AS {name}"
                for (held, said), name in self._measures.items()
                if held == behavior
            ]
            if measures:
                parts.append(
                    f"{behavior}_now AS (SELECT contact, {', '.join(measures)} FROM {behavior} "
                    "WHERE contact IN (SELECT id FROM touched) GROUP BY contact)"
                )
                joins.append(f"LEFT JOIN {behavior}_now ON {behavior}_now.contact = contacts.id")
        return (
            f"WITH {', '.join(parts)} SELECT contacts.id, {self._flags} FROM contacts "
            f"{' '.join(joins)} WHERE contacts.id IN (SELECT id FROM touched) ORDER BY id"
        )

    def _said(self, tree: Condition) -> str:
        match tree:
            case AllOf(children):
                return "(" + " AND ".join(map(self._said, children)) + ")"
            case AnyOf(children):
                return "(" + " OR ".join(map(self._said, children)) + ")"
            case Not(child):
                return f"NOT {self._said(child)}"
        leaf = lower(tree, self._at)
        if isinstance(leaf, Events):
            window = f"time BETWEEN {leaf.first} AND {leaf.last}"
            return self._measured(leaf.behavior, leaf.reduction, window, leaf.low, leaf.high)
        if isinstance(leaf, Column) and leaf.name == "n_order_placed":
            return self._measured("order_placed", Reduction.COUNT, "true", leaf.low, leaf.high)
        if isinstance(leaf, Column) and leaf.name == "spend":
            return self._measured("order_placed", Reduction.SUM, "true", leaf.low, leaf.high)
        return f"coalesce({sql.predicate(tree, self._dialect, self._at)}, false)"

    def _measured(
        self, behavior: str, reduction: Reduction, window: str, low: int, high: int
    ) -> str:
        aggregate = "count(*)" if reduction is Reduction.COUNT else "sum(cents)"
        said = f"{aggregate} FILTER (WHERE {window})"
        name = self._measures.setdefault((behavior, said), f"measure_{len(self._measures)}")
        upper = "" if high >= FOREVER else f" AND {name} <= {high}"
        return f"coalesce({name} >= {low}{upper}, false)"
