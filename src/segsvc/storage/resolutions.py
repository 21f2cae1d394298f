"""Recipients pinned for a caller: the same ids again, for as long as they were promised."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from segsvc.domain.errors import AlreadyExists, StorageFailed
from segsvc.storage.database import Database
from segsvc.storage.store_keys import store_key
from segsvc.storage.tables import resolutions


@dataclass(frozen=True, slots=True)
class StoredResolution:
    """A resolution as it was put, verified."""

    created_at: int
    expires_at: int
    header: bytes
    bitmap: bytes


class Resolutions:
    """The resolutions of all stores of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, store_id: str, resolution_id: str, resolution: StoredResolution) -> None:
        """Make a resolution durable.

        Raises:
            AlreadyExists: when the store has one of that id.
        """
        row = {
            "resolution_id": resolution_id,
            "created_at": resolution.created_at,
            "expires_at": resolution.expires_at,
            "crc": _crc(resolution.header, resolution.bitmap),
            "header": resolution.header,
            "bitmap": resolution.bitmap,
        }
        with self._database.write(f"store resolution {resolution_id!r}") as connection:
            key = store_key(connection, store_id)
            try:
                connection.execute(insert(resolutions), {"store_key": key, **row})
            except IntegrityError:
                raise AlreadyExists("resolution", resolution_id) from None

    def get(self, store_id: str, resolution_id: str) -> StoredResolution | None:
        """Return a resolution, expired or not, or None when it is not there."""
        with self._database.read(f"read resolution {resolution_id!r}") as connection:
            key = store_key(connection, store_id)
            query = select(resolutions).where(
                resolutions.c.store_key == key, resolutions.c.resolution_id == resolution_id
            )
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        header, bitmap = bytes(row.header), bytes(row.bitmap)
        if _crc(header, bitmap) != row.crc:
            raise StorageFailed(
                f"resolution {resolution_id!r} of store {store_id!r} is damaged: "
                "its checksum does not match"
            )
        return StoredResolution(row.created_at, row.expires_at, header, bitmap)

    def drop_expired(self, store_id: str, now: int) -> int:
        """Remove what expires at *now* or before; return how many."""
        with self._database.write(f"drop resolutions of store {store_id!r}") as connection:
            expired = delete(resolutions).where(
                resolutions.c.store_key == store_key(connection, store_id),
                resolutions.c.expires_at <= now,
            )
            return connection.execute(expired).rowcount


def _crc(header: bytes, bitmap: bytes) -> int:
    return zlib.crc32(bitmap, zlib.crc32(header))
