"""How much a store has stored."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from segsvc.storage.database import Database
from segsvc.storage.store_keys import store_key
from segsvc.storage.tables import journal, snapshots


@dataclass(frozen=True, slots=True)
class StorageStats:
    """What is stored of one store; without a snapshot, its three numbers are 0.

    Attributes:
        journal_bytes: of the kept records, headers included.
        snapshot_at: UTC seconds of the snapshot's revision.
        snapshot_bytes: of all its chunks as stored, shared or not, and its manifest.
    """

    journal_records: int
    journal_bytes: int
    snapshot_revision: int
    snapshot_at: int
    snapshot_bytes: int


def stats(database: Database, store_id: str) -> StorageStats:
    """Measure one store."""
    with database.read(f"measure store {store_id!r}") as connection:
        key = store_key(connection, store_id)
        records, size = connection.execute(
            select(func.count(), func.coalesce(func.sum(journal.c.size), 0)).where(
                journal.c.store_key == key
            )
        ).one()
        newest = (
            select(snapshots.c.revision, snapshots.c.at, snapshots.c.size)
            .where(snapshots.c.store_key == key)
            .order_by(snapshots.c.revision.desc())
            .limit(1)
        )
        revision, at, bytes_ = connection.execute(newest).one_or_none() or (0, 0, 0)
    return StorageStats(int(records), int(size), int(revision), int(at), int(bytes_))
