"""From the ids of stores to their keys."""

from __future__ import annotations

from sqlalchemy import Connection, select

from segsvc.domain.errors import NotFound
from segsvc.storage.tables import stores


def store_key(connection: Connection, store_id: str) -> int:
    """Return the key of a store, or raise `NotFound`."""
    query = select(stores.c.key).where(stores.c.store_id == store_id)
    key = connection.execute(query).scalar_one_or_none()
    if key is None:
        raise NotFound("store", store_id)
    return int(key)


def check_alive(connection: Connection, key: int, store_id: str) -> None:
    """Raise `NotFound` when the store that had *key* was deleted, even if its id is in use."""
    if store_key(connection, store_id) != key:
        raise NotFound("store", store_id)
