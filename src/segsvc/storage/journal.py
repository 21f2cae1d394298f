"""The journal: records appended in order, read back in order, trimmed from the front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from segsvc.domain.errors import AlreadyExists, NotFound, StorageFailed
from segsvc.domain.record import JournalRecord
from segsvc.storage.database import Database
from segsvc.storage.record_body import StoredBody, decode, encode
from segsvc.storage.slices import sliced
from segsvc.storage.store_keys import store_key
from segsvc.storage.tables import journal, stores

_PAGE_BYTES = 16 * 2**20
_PAGE_ROWS = 1_000


class Journal:
    """The records of all stores of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_store(self, record: JournalRecord) -> None:
        """Begin the journal of a new store with its first record."""
        encoded = encode(record, self._database.epoch)
        with self._database.write(f"create store {record.store_id!r}") as connection:
            try:
                connection.execute(
                    insert(stores), {"store_id": record.store_id, "last_revision": 0}
                )
            except IntegrityError:
                raise AlreadyExists("store", record.store_id) from None
            _append(connection, [record], [encoded])

    def append(self, records: Sequence[JournalRecord]) -> None:
        """Make *records* durable in one transaction, or raise and leave nothing."""
        if not records:
            return
        encoded = [encode(record, self._database.epoch) for record in records]
        with self._database.write("append to the journal") as connection:
            _append(connection, records, encoded)

    def read(self, store_id: str, after_revision: int) -> Iterator[JournalRecord]:
        """Yield the records after a revision, in order, a page at a time."""
        doing = f"read the journal of store {store_id!r}"
        with self._database.read(doing) as connection:
            key = store_key(connection, store_id)
            last = _last_revision(connection, key)
        reached = after_revision
        while True:
            with self._database.read(doing) as connection:
                sizes = _sizes(connection, key, reached, None)
            for page in sliced(sizes, _PAGE_BYTES):
                with self._database.read(doing) as connection:
                    rows = _bodies(connection, key, page)
                for revision, stored in rows:
                    _check_next(store_id, reached, revision)
                    yield decode(stored, store_id, revision)
                    reached = revision
            if len(sizes) < _PAGE_ROWS:
                break
        if reached < last:
            _check_next(store_id, reached, last + 1)

    def trim(self, key: int, up_to_revision: int | None) -> None:
        """Remove the records of a store up to a revision, or all, slice by slice."""
        while True:
            with self._database.read("trim the journal") as connection:
                sizes = _sizes(connection, key, 0, up_to_revision)
            for run in sliced(sizes):
                old = (journal.c.store_key == key) & journal.c.revision.between(run[0], run[-1])
                with self._database.write("trim the journal") as connection:
                    connection.execute(delete(journal).where(old))
            if len(sizes) < _PAGE_ROWS:
                return


_LAST = (
    select(stores.c.store_id, stores.c.key, stores.c.last_revision)
    .where(stores.c.store_id.in_(bindparam("store_ids", expanding=True)))
    .with_for_update()
)
_ADVANCE = (
    update(stores)
    .where(stores.c.key == bindparam("of_store"), stores.c.last_revision == bindparam("last"))
    .values(last_revision=bindparam("next"))
)
_INSERT = insert(journal)


def _append(
    connection: Connection, records: Sequence[JournalRecord], encoded: Sequence[StoredBody]
) -> None:
    named = list({record.store_id for record in records})
    before = {
        store_id: (key, last)
        for store_id, key, last in connection.execute(_LAST, {"store_ids": named})
    }
    reached = dict(before)
    rows = []
    for record, stored in zip(records, encoded, strict=True):
        key, last = _follow(reached, record)
        reached[record.store_id] = (key, last + 1)
        rows.append(_row(key, record, stored))
    connection.execute(_INSERT, rows)
    steps = [
        {"of_store": key, "last": last, "next": reached[store_id][1]}
        for store_id, (key, last) in before.items()
    ]
    moved = connection.execute(_ADVANCE, steps).rowcount
    assert moved == len(steps), "stores changed beside the one writer"


def _follow(reached: dict[str, tuple[int, int]], record: JournalRecord) -> tuple[int, int]:
    if record.store_id not in reached:
        raise NotFound("store", record.store_id)
    key, last = reached[record.store_id]
    if record.revision != last + 1:
        raise StorageFailed(
            f"revision {record.revision} of store {record.store_id!r} cannot follow revision {last}"
        )
    return key, last


def _row(key: int, record: JournalRecord, stored: StoredBody) -> dict[str, object]:
    return {
        "store_key": key,
        "revision": record.revision,
        "format": stored.format,
        "crc": stored.crc,
        "size": len(stored.body),
        "body": stored.body,
    }


def _last_revision(connection: Connection, key: int) -> int:
    query = select(stores.c.last_revision).where(stores.c.key == key)
    last = connection.execute(query).scalar_one_or_none()
    if last is None:
        raise NotFound("store", str(key))
    return int(last)


def _sizes(
    connection: Connection, key: int, after: int, up_to: int | None
) -> list[tuple[int, int]]:
    query = (
        select(journal.c.revision, journal.c.size)
        .where(journal.c.store_key == key, journal.c.revision > after)
        .order_by(journal.c.revision)
        .limit(_PAGE_ROWS)
    )
    if up_to is not None:
        query = query.where(journal.c.revision <= up_to)
    return [(revision, size) for revision, size in connection.execute(query)]


def _bodies(
    connection: Connection, key: int, revisions: Sequence[int]
) -> list[tuple[int, StoredBody]]:
    query = (
        select(journal.c.revision, journal.c.format, journal.c.crc, journal.c.body)
        .where(
            journal.c.store_key == key,
            journal.c.revision.between(revisions[0], revisions[-1]),
        )
        .order_by(journal.c.revision)
    )
    return [
        (revision, StoredBody(form, crc, body))
        for revision, form, crc, body in connection.execute(query)
    ]


def _check_next(store_id: str, reached: int, revision: int) -> None:
    if revision != reached + 1:
        missing = f"revision {reached + 1}"
        if revision > reached + 2:
            missing = f"revisions {reached + 1} to {revision - 1}"
        raise StorageFailed(f"the journal of store {store_id!r} lacks {missing}")
