"""Secret keys that outlive the process."""

from __future__ import annotations

import secrets as random
import time

from sqlalchemy import Connection, insert, select

from segsvc.storage.database import Database
from segsvc.storage.tables import secrets

_KEY_BYTES = 32


def secret(database: Database, name: str) -> bytes:
    """Return the key called *name*; the first call ever makes it."""
    with database.read(f"read the secret {name!r}") as connection:
        held = _held(connection, name)
    if held is not None:
        return held
    with database.write(f"make the secret {name!r}") as connection:
        held = _held(connection, name)
        if held is None:
            held = random.token_bytes(_KEY_BYTES)
            row = {"name": name, "key": held, "created_at": int(time.time())}
            connection.execute(insert(secrets), row)
        return held


def _held(connection: Connection, name: str) -> bytes | None:
    query = select(secrets.c.key).where(secrets.c.name == name)
    key = connection.execute(query).scalar_one_or_none()
    return None if key is None else bytes(key)
