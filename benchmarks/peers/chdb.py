"""chDB (ClickHouse in the process): MergeTree tables, one thread.

Settings, and why: low-cardinality texts are LowCardinality(String); missing values are empty, so
that no column is Nullable; contacts are ordered by number, events by time, so that the primary
index skips what is outside a window; saved segments are Bool columns. There are no prepared
statements: about 1 ms of every answer is parsing and planning, `SELECT 1` takes as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from benchmarks.peers import sql, tables
from benchmarks.peers.lowered import read
from benchmarks.peers.peer import Answer
from benchmarks.questions.audience import SAVED
from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files
from segsvc.domain.predicate import Place

_SETTINGS = "SETTINGS max_threads = 1"


class Dialect:
    """See `sql.Dialect`."""

    def has_any(self, column: str, values: Iterable[str]) -> str:
        """See `sql.Dialect.has_any`."""
        held = list(values)
        if len(held) == 1:
            return f"has({column}, {sql.quoted(held)})"
        return f"hasAny({column}, [{sql.quoted(held)}])"

    def has_all(self, column: str, values: Iterable[str]) -> str:
        """See `sql.Dialect.has_all`."""
        return f"hasAll({column}, [{sql.quoted(values)}])"

    def match(self, column: str, needle: str, place: Place) -> str:
        """See `sql.Dialect.match`."""
        function = {Place.START: "startsWith", Place.END: "endsWith"}.get(place)
        if function:
            return f"{function}({column}, {sql.quoted([needle])})"
        return f"position({column}, {sql.quoted([needle])}) > 0"

    def complement(self, expression: str) -> str:
        """See `sql.Dialect.complement`."""
        return f"NOT ({expression})"


class ChDB:
    """See `peer.Peer`."""

    def __init__(self, files: Files, at: int) -> None:
        from chdb import session

        self._at, self._dialect = at, Dialect()
        self._folder = TemporaryDirectory(prefix="chdb-")
        self._session = session.Session(self._folder.name)
        self._run("CREATE DATABASE held ENGINE = Atomic")
        self._run("USE held")
        for behavior in files.behaviors:
            self._load(behavior, tables.event_table(files, behavior), "(time, contact)")
        self._load("contacts", tables.contact_table(files), "id")
        for name, text in SAVED.items():
            said = sql.predicate(read(text), self._dialect, at)
            self._run(f"ALTER TABLE contacts ADD COLUMN {name} Bool")
            self._run(f"ALTER TABLE contacts UPDATE {name} = ({said}) WHERE 1 "
                      "SETTINGS mutations_sync = 2")  # fmt: skip
        self._run("OPTIMIZE TABLE contacts FINAL")

    def _run(self, statement: str, form: str = "CSV") -> bytes:
        return bytes(self._session.query(statement, form).bytes())

    def _load(self, name: str, table: pa.Table, order: str) -> None:
        columns = ", ".join(f"{held.name} {_type(held)}" for held in table.schema)
        self._run(f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY {order}")
        source = _without_nulls(table)  # found by its name below
        self._session.query(f"INSERT INTO {name} SELECT * FROM Python(source)")
        del source
        self._run(f"OPTIMIZE TABLE {name} FINAL")

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        held = f"{sql.statement(ask, self._dialect, self._at)} {_SETTINGS}"
        if ask.wants_ids:
            return lambda: np.frombuffer(self._run(held, "RowBinary"), "<u4")
        return lambda: int(self._run(held))

    def close(self) -> None:
        """See `peer.Peer.close`."""
        self._session.close()
        self._folder.cleanup()


def _type(held: pa.Field) -> str:
    kind = held.type
    if pa.types.is_list(kind):
        return "Array(LowCardinality(String))"
    if pa.types.is_dictionary(kind):
        return "LowCardinality(String)"
    if pa.types.is_string(kind):
        return "String"
    if pa.types.is_boolean(kind):
        return "Bool"
    return {"uint32": "UInt32", "int32": "Int32", "int64": "Int64", "int16": "Int16"}[str(kind)]


def _without_nulls(table: pa.Table) -> pa.Table:
    columns = {}
    for held in table.schema:
        column = table.column(held.name)
        if pa.types.is_list(held.type):
            plain = column.cast(pa.list_(pa.string())).combine_chunks()
            lengths = np.diff(plain.offsets.to_numpy())
            offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
            column = pa.ListArray.from_arrays(pa.array(offsets), plain.flatten())
        elif pa.types.is_dictionary(held.type) or pa.types.is_string(held.type):
            column = column.cast(pa.string()).fill_null("")
        elif pa.types.is_boolean(held.type):
            column = column.fill_null(False)
        columns[held.name] = column
    return pa.table(columns)
