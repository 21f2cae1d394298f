"""Secret keys that outlive the process."""

from __future__ import annotations

import secrets as random
import time

from sqlalchemy import Connection, delete, insert, select

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


LIFETIME = 30 * 86_400
"""Seconds for which a rotating key signs; it can be verified for as long again."""


def rotating(database: Database, name: str, lifetime: int = LIFETIME) -> tuple[bytes, ...]:
    """Return one or two keys, the newest first; a new one replaces the older when it is time.

    Args:
        lifetime: seconds; 0: it is time.
    """
    now = int(time.time())
    slots = [f"{name}/{slot}" for slot in (0, 1)]
    with database.write(f"rotate the secret {name!r}") as connection:
        query = select(secrets).where(secrets.c.name.in_(slots)).order_by(secrets.c.created_at)
        rows = connection.execute(query).all()
        if not rows or rows[-1].created_at <= now - lifetime:
            free = next((slot for slot in slots if slot not in {row.name for row in rows}), None)
            slot = rows[0].name if free is None else free
            connection.execute(delete(secrets).where(secrets.c.name == slot))
            row = {"name": slot, "key": random.token_bytes(_KEY_BYTES), "created_at": now}
            connection.execute(insert(secrets), row)
            rows = connection.execute(query).all()
    return tuple(bytes(row.key) for row in reversed(rows))


def _held(connection: Connection, name: str) -> bytes | None:
    query = select(secrets.c.key).where(secrets.c.name == name)
    key = connection.execute(query).scalar_one_or_none()
    return None if key is None else bytes(key)
