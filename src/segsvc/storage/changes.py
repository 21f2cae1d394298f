"""Membership changes of past revisions, kept for watchers until they are compacted.

They are derived from the journal: what a snapshot covers must be here before it counts, what is
later is made again by replaying.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, insert, select

from segsvc.domain.errors import StorageFailed
from segsvc.storage.database import Database
from segsvc.storage.slices import sliced
from segsvc.storage.store_keys import store_key
from segsvc.storage.tables import changes

_PAGE_BYTES = 4 * 2**20
_PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class StoredChanges:
    """The changes of one revision as bytes."""

    revision: int
    at: int
    body: bytes


class ChangeLog:
    """The changes of all stores of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, store_id: str, after_revision: int, rows: Sequence[StoredChanges]) -> None:
        """Store the changes of revisions later than *after_revision*, slice by slice.

        What a crash left of an earlier attempt is replaced.
        """
        doing = f"store changes of {store_id!r}"
        with self._database.write(doing) as connection:
            key = store_key(connection, store_id)
            left = (changes.c.store_key == key) & (changes.c.revision > after_revision)
            connection.execute(delete(changes).where(left))
        for run in sliced((held, len(held.body)) for held in rows):
            with self._database.write(doing) as connection:
                connection.execute(insert(changes), [_row(key, held) for held in run])

    def read(self, store_id: str, after_revision: int, up_to: int) -> list[StoredChanges]:
        """Return a page of changes with after_revision < revision <= up_to; empty: no more."""
        with self._database.read(f"read changes of {store_id!r}") as connection:
            key = store_key(connection, store_id)
            wanted = (changes.c.store_key == key) & changes.c.revision.between(
                after_revision + 1, up_to
            )
            sizes = select(changes.c.revision, changes.c.size).where(wanted)
            listed = connection.execute(sizes.order_by(changes.c.revision).limit(_PAGE_ROWS))
            pairs = ((int(revision), int(size)) for revision, size in listed)
            page = next(sliced(pairs, _PAGE_BYTES), [])
            if not page:
                return []
            rows = connection.execute(
                select(changes)
                .where(wanted & (changes.c.revision <= page[-1]))
                .order_by(changes.c.revision)
            ).all()
        return [_checked(store_id, row) for row in rows]

    def last_before(self, store_id: str, at: int) -> int:
        """Return the last revision whose changes are older than the instant *at*; 0: none."""
        with self._database.read(f"find old changes of {store_id!r}") as connection:
            key = store_key(connection, store_id)
            query = select(func.max(changes.c.revision)).where(
                changes.c.store_key == key, changes.c.at < at
            )
            return int(connection.execute(query).scalar() or 0)

    def compact(self, key: int, up_to: int | None) -> None:
        """Drop changes up to a revision, or all, slice by slice."""
        while True:
            held = changes.c.store_key == key
            if up_to is not None:
                held &= changes.c.revision <= up_to
            with self._database.read("compact changes") as connection:
                sizes = select(changes.c.revision, changes.c.size).where(held)
                found = connection.execute(sizes.order_by(changes.c.revision).limit(_PAGE_ROWS))
                pairs = [(int(revision), int(size)) for revision, size in found]
            for run in sliced(pairs):
                with self._database.write("compact changes") as connection:
                    old = held & (changes.c.revision <= run[-1])
                    connection.execute(delete(changes).where(old))
            if len(pairs) < _PAGE_ROWS:
                return


def _row(key: int, held: StoredChanges) -> dict[str, object]:
    return {
        "store_key": key,
        "revision": held.revision,
        "at": held.at,
        "crc": zlib.crc32(held.body),
        "size": len(held.body),
        "body": held.body,
    }


def _checked(store_id: str, row: Row[Any]) -> StoredChanges:
    held = StoredChanges(row.revision, row.at, bytes(row.body))
    if zlib.crc32(held.body) != row.crc:
        raise StorageFailed(
            f"changes of revision {held.revision} of store {store_id!r} are damaged: "
            "their checksum does not match"
        )
    return held
