"""Everything that is kept on disk, behind one door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from segsvc.domain.record import JournalRecord
from segsvc.domain.section import FrozenState
from segsvc.storage.changes import ChangeLog, StoredChanges
from segsvc.storage.database import Database
from segsvc.storage.journal import Journal
from segsvc.storage.keyring import rotating, secret
from segsvc.storage.resolutions import Resolutions, StoredResolution
from segsvc.storage.snapshots import Snapshots, StoredSnapshot
from segsvc.storage.stats import StorageStats, stats
from segsvc.storage.store_keys import store_key
from segsvc.storage.store_removal import delete_store, remove_deleted
from segsvc.storage.tables import stores


class Storage:
    """The truth of all stores of one database. Blocking; may be called from any thread.

    Every write is one transaction that is on disk when the call returns, and that fails when
    another server took over the database. A failed write leaves nothing.

    Raises:
        StorageFailed: from every method, when the database or the disk does not do its part,
            or what it gives back is damaged.
        NotFound: from every method given a store that does not exist.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._journal = Journal(database)
        self._snapshots = Snapshots(database)
        self._resolutions = Resolutions(database)
        self._changes = ChangeLog(database)

    @classmethod
    def open(cls, url: str, *, lock_file: bool = True) -> Storage:
        """Open, create or migrate a database and become its owner.

        Args:
            url: ``sqlite:///path`` or ``postgresql://host/name``.
            lock_file: whether a second server on the same SQLite file is refused. Without it,
                the second takes over and the first can no longer write.
        """
        return cls.over(Database(url, lock_file=lock_file))

    @classmethod
    def over(cls, database: Database) -> Storage:
        """Use an open *database*, which is closed when that fails."""
        try:
            storage = cls(database)
            storage._sweep()
        except BaseException:
            database.close()
            raise
        return storage

    @property
    def epoch(self) -> int:
        """How many owners the database has had, this one included."""
        return self._database.epoch

    def store_ids(self) -> list[str]:
        """Return the ids of all stores, sorted."""
        query = select(stores.c.store_id).where(stores.c.store_id.is_not(None))
        with self._database.read("list the stores") as connection:
            return sorted(connection.execute(query).scalars())

    def create_store(self, store_id: str, record: JournalRecord) -> None:
        """Create a store with its first journal record, or raise `AlreadyExists`."""
        assert record.store_id == store_id, "the record is of another store"
        self._journal.create_store(record)

    def delete_store(self, store_id: str) -> None:
        """Delete a store and everything of it."""
        delete_store(self._database, store_id)

    def append(self, records: Sequence[JournalRecord]) -> None:
        """Make *records* durable in one transaction.

        Raises:
            StorageFailed: also when a record's revision is not the one after its store's last.
        """
        self._journal.append(records)

    def read_journal(self, store_id: str, after_revision: int) -> Iterator[JournalRecord]:
        """Yield the records after a revision, in order, each verified, a page in memory."""
        return self._journal.read(store_id, after_revision)

    def write_snapshot(self, store_id: str, revision: int, at: int, frozen: FrozenState) -> int:
        """Store a snapshot, then drop the one before and the journal it covers.

        Chunks that the database holds already are not written again, and not even read when
        their digest is known. Appends of other threads go on in between.

        Returns:
            The bytes that were written.
        """
        written = self._snapshots.write(store_id, revision, at, frozen)
        self._trim(store_id, revision)
        return written

    def latest_snapshot(self, store_id: str) -> StoredSnapshot | None:
        """Return the newest whole snapshot, or None when there is none."""
        return self._snapshots.latest(store_id)

    def append_changes(
        self, store_id: str, after_revision: int, rows: Sequence[StoredChanges]
    ) -> None:
        """Store membership changes of revisions later than *after_revision*, before a snapshot
        that covers them is written.
        """
        self._changes.append(store_id, after_revision, rows)

    def read_changes(self, store_id: str, after_revision: int, up_to: int) -> list[StoredChanges]:
        """Return a page of changes with after_revision < revision <= up_to; empty: no more."""
        return self._changes.read(store_id, after_revision, up_to)

    def last_change_before(self, store_id: str, at: int) -> int:
        """Return the last revision whose changes are older than the instant *at*; 0: none."""
        return self._changes.last_before(store_id, at)

    def compact_changes(self, store_id: str, up_to: int) -> None:
        """Drop the changes up to a revision."""
        with self._database.read("compact changes") as connection:
            key = store_key(connection, store_id)
        self._changes.compact(key, up_to)

    def put_resolution(
        self,
        store_id: str,
        resolution_id: str,
        created_at: int,
        expires_at: int,
        header: bytes,
        bitmap: bytes,
    ) -> None:
        """Make a resolution durable, or raise `AlreadyExists`."""
        resolution = StoredResolution(created_at, expires_at, header, bitmap)
        self._resolutions.put(store_id, resolution_id, resolution)

    def get_resolution(self, store_id: str, resolution_id: str) -> StoredResolution | None:
        """Return a resolution until it is dropped; the caller judges whether it expired."""
        return self._resolutions.get(store_id, resolution_id)

    def drop_expired_resolutions(self, store_id: str, now: int) -> int:
        """Remove the resolutions that expire at *now* or before; return how many."""
        return self._resolutions.drop_expired(store_id, now)

    def secret(self, name: str) -> bytes:
        """Return 32 secret bytes that stay the same for *name* as long as the database lives."""
        return secret(self._database, name)

    def rotating_secrets(self, name: str) -> tuple[bytes, ...]:
        """Return the key that signs now, and the one before it; they change places with time."""
        return rotating(self._database, name)

    def rotate_secrets(self, name: str) -> tuple[bytes, ...]:
        """Let a new key sign from now on; the one before is still good, those before are not."""
        return rotating(self._database, name, 0)

    def stats(self, store_id: str) -> StorageStats:
        """Return how much is stored of one store."""
        return stats(self._database, store_id)

    def database_bytes(self) -> int:
        """Return the bytes the whole database takes on disk."""
        return self._database.size()

    def close(self) -> None:
        """Wait for the running write and let others open the database."""
        self._database.close()

    def _sweep(self) -> None:
        """Remove what a crash left: deleted stores, half snapshots, journal that is covered."""
        remove_deleted(self._database)
        for store_id in self.store_ids():
            covered = self._snapshots.sweep(store_id)
            if covered:
                self._trim(store_id, covered)

    def _trim(self, store_id: str, revision: int) -> None:
        with self._database.read("trim the journal") as connection:
            key = store_key(connection, store_id)
        self._journal.trim(key, revision)
