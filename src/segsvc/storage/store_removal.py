"""Deleting stores: gone at once, removed slice by slice."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from segsvc.storage.changes import ChangeLog
from segsvc.storage.chunks import Chunks, remove_chunks
from segsvc.storage.database import Database
from segsvc.storage.journal import Journal
from segsvc.storage.store_keys import store_key
from segsvc.storage.tables import resolutions, snapshots, stores


def delete_store(database: Database, store_id: str) -> None:
    """Delete a store and everything of it.

    It is deleted, whole and for good, by the first small transaction; its rows are removed
    after that, here or when the database is opened next.
    """
    with database.write(f"delete store {store_id!r}") as connection:
        key = store_key(connection, store_id)
        connection.execute(update(stores).where(stores.c.key == key).values(store_id=None))
    _remove_rows(database, key)


def remove_deleted(database: Database) -> None:
    """Remove what is left of deleted stores."""
    with database.read("list deleted stores") as connection:
        keys = connection.execute(select(stores.c.key).where(stores.c.store_id.is_(None)))
        deleted = list(keys.scalars())
    for key in deleted:
        _remove_rows(database, key)


def _remove_rows(database: Database, key: int) -> None:
    Journal(database).trim(key, None)
    ChangeLog(database).compact(key, None)
    held = Chunks(database, "deleted", key).held()
    remove_chunks(database, key, ((digest, sizes.stored_size) for digest, sizes in held.items()))
    with database.write("remove a deleted store") as connection:
        for table in (snapshots, resolutions):
            connection.execute(delete(table).where(table.c.store_key == key))
        connection.execute(delete(stores).where(stores.c.key == key))
