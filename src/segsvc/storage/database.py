"""Connections: one that writes, under a lock and a checked epoch, and as many as needed to read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select, text, update

from segsvc.domain.errors import StorageFailed
from segsvc.storage.failure import reported
from segsvc.storage.lock_file import LockFile
from segsvc.storage.log_folding import LogFolding
from segsvc.storage.migrate import migrate
from segsvc.storage.tables import ownership
from segsvc.storage.turns import Turns
from segsvc.storage.url import parse_url, shown, sqlite_path

SHARD = 0
"""The engine is one shard today; its row in ``ownership``."""

_EPOCH_STEP = 2**31
"""Epochs grow by up to so much, at random: the next owners of a database and of its copy differ."""

_PAGE_BYTES = 16_384
"""Of a new SQLite file. 1 MiB records: 2.5 ms a commit against 3.5 ms with pages of 4,096."""

_WAL_BYTES = 32 * 2**20
"""From so much on a commit folds SQLite's log into the file itself, which `LogFolding` has done
long before, except when one large write follows the other."""

_SQLITE_SETTINGS = (
    f"PRAGMA page_size = {_PAGE_BYTES}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA wal_autocheckpoint = {_WAL_BYTES // _PAGE_BYTES}",
    f"PRAGMA journal_size_limit = {2 * _WAL_BYTES}",
)
_WRITER_SETTINGS = ("PRAGMA cache_size = -32768",)
"""Readers come in any number and read each byte once; they keep SQLite's 2 MiB each."""

_POSTGRESQL_SETTINGS = ("SET synchronous_commit TO on",)

_OWNER = (
    select(ownership.c.epoch, ownership.c.owner)
    .where(ownership.c.shard == SHARD)
    .with_for_update(read=True)
)


class Database:
    """The connections of one owner of a database.

    Every write transaction checks that the owner's epoch is still the database's, so that an
    owner that was replaced can never write, whatever it believes.
    """

    def __init__(self, url: str, *, lock_file: bool = True) -> None:
        """Create or migrate the database and become its owner.

        Args:
            lock_file: whether to also lock a SQLite file against other servers.

        Raises:
            StorageFailed: when it cannot be opened, or another server has it open.
        """
        parsed = parse_url(url)
        self.shown = shown(parsed)
        self.epoch = 0
        self._owner = secrets.token_hex(16)
        self._turns = Turns()
        self._lock_file: LockFile | None = None
        self._folding: LogFolding | None = None
        path = sqlite_path(parsed)
        with reported(f"open the database {self.shown}"):
            if path is not None and lock_file:
                self._lock_file = LockFile(path)
            try:
                self._readers = _engine(parsed, "BEGIN")
                self._writers = _engine(parsed, "BEGIN IMMEDIATE")
                self._writer: Connection | None = self._writers.connect()
                self._take_ownership(self._writer)
                if path is not None:
                    self._folding = LogFolding(self._readers)
            except BaseException:
                self._dispose()
                raise

    @contextmanager
    def write(self, doing: str) -> Iterator[Connection]:
        """Run one transaction that is on disk when the block ends, or leaves nothing.

        Raises:
            StorageFailed: "could not *doing*", or another server owns the database now.
        """
        with reported(doing), self._turns:
            if self._writer is None:
                raise StorageFailed(f"could not {doing}: the database is closed")
            with self._writer.begin():
                self._check_owner(self._writer)
                yield self._writer
            if self._folding is not None:
                self._folding.committed()

    @contextmanager
    def read(self, doing: str) -> Iterator[Connection]:
        """Run one transaction that only reads, beside the writer."""
        with reported(doing):
            if self._writer is None:
                raise StorageFailed(f"could not {doing}: the database is closed")
            with self._readers.begin() as connection:
                yield connection

    def size(self) -> int:
        """Return the bytes the database takes, its log included."""
        with self.read("measure the database") as connection:
            if connection.dialect.name == "postgresql":
                query = "SELECT pg_database_size(current_database())"
                return int(connection.execute(text(query)).scalar_one())
            path = sqlite_path(self._readers.url)
            assert path is not None
            log = path.with_name(path.name + "-wal")
            return path.stat().st_size + (log.stat().st_size if log.exists() else 0)

    def close(self) -> None:
        """Wait for the running write and let go of the database; a second call does nothing."""
        with reported("close the database"), self._turns:
            if self._writer is not None:
                writer, self._writer = self._writer, None
                writer.close()
            self._dispose()

    def _dispose(self) -> None:
        if self._folding is not None:
            self._folding.close()
        for name in ("_writers", "_readers"):
            engine: Engine | None = getattr(self, name, None)
            if engine is not None:
                engine.dispose()
        if self._lock_file is not None:
            self._lock_file.release()

    def _take_ownership(self, writer: Connection) -> None:
        with writer.begin():
            migrate(writer)
        step = 1 + secrets.randbelow(_EPOCH_STEP)
        with writer.begin():
            bump = (
                update(ownership)
                .where(ownership.c.shard == SHARD)
                .values(epoch=ownership.c.epoch + step, owner=self._owner)
                .returning(ownership.c.epoch)
            )
            epoch: int | None = writer.execute(bump).scalar_one_or_none()
            if epoch is None:
                epoch = step
                first = {"shard": SHARD, "epoch": epoch, "owner": self._owner}
                writer.execute(insert(ownership), first)
            self.epoch = epoch

    def _check_owner(self, writer: Connection) -> None:
        epoch, owner = writer.execute(_OWNER).one()
        if (epoch, owner) != (self.epoch, self._owner):
            raise StorageFailed(
                f"another server took over the database (its epoch is {epoch}, "
                f"this server's was {self.epoch}); this one may no longer write"
            )


def _engine(url: URL, begin: str) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    arguments = {"check_same_thread": False} if sqlite else {}
    engine = create_engine(url, hide_parameters=True, connect_args=arguments)
    event.listen(engine, "connect", _settings(sqlite, writes=begin != "BEGIN"))
    if sqlite:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _settings(sqlite: bool, *, writes: bool) -> Callable[[Any, object], None]:
    """Return what prepares a new connection. SQLite's driver must not begin by itself."""

    def prepare(raw: Any, _: object) -> None:
        cursor = raw.cursor()
        if sqlite:
            raw.isolation_level = None
            for setting in (*_SQLITE_SETTINGS, *(_WRITER_SETTINGS if writes else ())):
                cursor.execute(setting)
        else:
            for setting in _POSTGRESQL_SETTINGS:
                cursor.execute(setting)
            raw.commit()
        cursor.close()

    return prepare
