"""DuckDB: an in-memory database, one thread, prepared statements.

Settings, and why: low-cardinality texts are ENUMs; each tag is a BOOLEAN column (three times faster
than a list here; an open-ended set of tags would rule it out); events are sorted by time, so that
zone maps skip what is outside a window; saved segments are BOOLEAN columns. Not compressed: with
COMPRESS the tables take a fifth of the memory, and text scans almost twice as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from benchmarks.peers import sql, tables
from benchmarks.peers.lowered import read
from benchmarks.peers.peer import Answer
from benchmarks.questions.audience import SAVED
from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files
from segsvc.domain.predicate import Place


class Dialect:
    """See `sql.Dialect`."""

    def __init__(self, tags: Iterable[str]) -> None:
        self._tags = {name: f"tag_{number}" for number, name in enumerate(tags)}

    def tag_columns(self) -> str:
        """Return the columns that tags become."""
        held = (
            f"coalesce(list_contains(tags, {sql.quoted([name])}), false) AS {column}"
            for name, column in self._tags.items()
        )
        return ", ".join(held)

    def has_any(self, column: str, values: Iterable[str]) -> str:
        """See `sql.Dialect.has_any`."""
        if column != "tags":
            return f"list_has_any({column}, [{sql.quoted(values)}])"
        return "(" + " OR ".join(self._tags[value] for value in values) + ")"

    def has_all(self, column: str, values: Iterable[str]) -> str:
        """See `sql.Dialect.has_all`."""
        return "(" + " AND ".join(self._tags[value] for value in values) + ")"

    def match(self, column: str, needle: str, place: Place) -> str:
        """See `sql.Dialect.match`."""
        function = {
            Place.ANYWHERE: "contains",
            Place.START: "starts_with",
            Place.END: "suffix",
        }[place]
        return f"{function}({column}, {sql.quoted([needle])})"

    def complement(self, expression: str) -> str:
        """See `sql.Dialect.complement`."""
        return f"({expression}) IS NOT TRUE"


class DuckDB:
    """See `peer.Peer`."""

    def __init__(self, files: Files, at: int) -> None:
        import duckdb

        self._at = at
        self._connection = duckdb.connect(config={"threads": 1, "memory_limit": "12GB"})
        self._connection.execute("SET enable_progress_bar = false")
        self._load_contacts(files)
        for behavior in files.behaviors:
            self._load_events(files, behavior)
        self._load_segments()
        pa.default_memory_pool().release_unused()
        self._prepared = 0

    def _load_contacts(self, files: Files) -> None:
        run = self._connection.execute
        contacts = tables.contact_table(files)
        self._dialect = Dialect(tables.tag_names(contacts))
        self._connection.register("source", contacts)
        for name in tables.TEXTS:
            run(f"CREATE TYPE {name}_type AS ENUM (SELECT DISTINCT {name}::VARCHAR FROM source "
                f"WHERE {name} IS NOT NULL ORDER BY 1)")  # fmt: skip
        enums = ", ".join(f"{name}::VARCHAR::{name}_type AS {name}" for name in tables.TEXTS)
        columns = f"* REPLACE ({enums}), {self._dialect.tag_columns()}"
        run(f"CREATE TABLE contacts AS SELECT {columns} FROM source ORDER BY id")
        self._connection.unregister("source")

    def _load_segments(self) -> None:
        run = self._connection.execute
        for name, text in SAVED.items():
            said = sql.predicate(read(text), self._dialect, self._at)
            run(f"ALTER TABLE contacts ADD COLUMN {name} BOOLEAN")
            run(f"UPDATE contacts SET {name} = coalesce({said}, false)")

    def _load_events(self, files: Files, behavior: str) -> None:
        self._connection.register("events", tables.event_table(files, behavior))
        self._connection.execute(f"CREATE TABLE {behavior} AS SELECT * FROM events")
        self._connection.unregister("events")

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        self._prepared += 1
        name = f"q{self._prepared}"
        held = sql.statement(ask, self._dialect, self._at)
        self._connection.execute(f"PREPARE {name} AS {held}")
        if ask.wants_ids:
            return lambda: self._ids(name)
        return lambda: self._count(name)

    def _count(self, name: str) -> int:
        row = self._connection.execute(f"EXECUTE {name}").fetchone()
        assert row is not None
        return int(row[0])

    def _ids(self, name: str) -> Answer:
        held = self._connection.execute(f"EXECUTE {name}").fetchnumpy()["id"]
        return np.asarray(held, np.uint32)

    def close(self) -> None:
        """See `peer.Peer.close`."""
        self._connection.close()
