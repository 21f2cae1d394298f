"""Resolutions, secrets, numbers, and what is left of a deleted store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from sqlalchemy import Connection, func, select, update

from segsvc.domain.errors import AlreadyExists, NotFound, StorageFailed
from segsvc.storage import Storage, StorageStats, StoredChanges, StoredResolution
from segsvc.storage.tables import metadata, resolutions, stores
from tests.storage.storage_cases import ArraySection, random_array, state, store_record, writes

Beside: TypeAlias = Callable[[Callable[[Connection], object]], None]


def rows(beside: Beside) -> dict[str, int]:
    """Return the number of rows of every table that belongs to stores."""
    counts: dict[str, int] = {}

    def count(connection: Connection) -> None:
        for table in metadata.tables.values():
            if "store_key" in table.c or table is stores:
                query = select(func.count()).select_from(table)
                counts[table.name] = connection.execute(query).scalar_one()

    beside(count)
    return counts


def fill(storage: Storage, name: str) -> None:
    """Make a store that has something in every table."""
    storage.create_store(name, store_record(name))
    storage.append([writes(name, revision, b"x" * 1_000) for revision in range(2, 50)])
    storage.write_snapshot(name, 40, 140, state([ArraySection("a", random_array(1, 9_000))]))
    storage.put_resolution(name, "r", 1, 2, b"header", b"bitmap")
    storage.append_changes(name, 0, [StoredChanges(40, 140, b"changes")])


def test_a_resolution_is_kept_until_it_expires(storage: Storage) -> None:
    storage.create_store("shop", store_record("shop"))
    for place in range(3):
        storage.put_resolution("shop", f"r{place}", 100, 200 + place, b"head", b"\0" * 100_000)
    assert storage.get_resolution("shop", "r0") == StoredResolution(
        100, 200, b"head", b"\0" * 100_000
    )
    assert storage.drop_expired_resolutions("shop", 199) == 0
    assert storage.drop_expired_resolutions("shop", 201) == 2
    assert storage.get_resolution("shop", "r1") is None
    assert storage.get_resolution("shop", "r2") is not None


def test_a_resolution_is_put_once(storage: Storage) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.put_resolution("shop", "r", 1, 2, b"one", b"")
    with pytest.raises(AlreadyExists):
        storage.put_resolution("shop", "r", 1, 2, b"two", b"")
    with pytest.raises(NotFound):
        storage.put_resolution("mill", "r", 1, 2, b"one", b"")
    found = storage.get_resolution("shop", "r")
    assert found is not None
    assert found.header == b"one"


def test_a_damaged_resolution_is_found(storage: Storage, beside: Beside) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.put_resolution("shop", "r", 1, 2, b"head", b"bitmap")
    beside(lambda connection: connection.execute(update(resolutions).values(bitmap=b"bitmab")))
    with pytest.raises(StorageFailed, match="resolution 'r' of store 'shop' is damaged"):
        storage.get_resolution("shop", "r")


def test_a_secret_outlives_the_process(url: str) -> None:
    storage = Storage.open(url)
    tokens, pages = storage.secret("tokens"), storage.secret("pages")
    assert len(tokens) == 32
    assert tokens != pages
    storage.close()
    again = Storage.open(url)
    assert again.secret("tokens") == tokens
    assert again.secret("pages") == pages
    again.close()


def test_a_deleted_store_leaves_nothing(storage: Storage, beside: Beside) -> None:
    fill(storage, "mill")
    alone = rows(beside)
    assert all(alone.values())
    fill(storage, "shop")
    storage.delete_store("shop")
    assert rows(beside) == alone
    assert storage.store_ids() == ["mill"]
    assert len(list(storage.read_journal("mill", 40))) == 9
    assert storage.latest_snapshot("mill") is not None
    with pytest.raises(NotFound):
        storage.delete_store("shop")


def test_a_store_made_again_knows_nothing_of_the_old_one(storage: Storage) -> None:
    fill(storage, "shop")
    storage.delete_store("shop")
    storage.create_store("shop", store_record("shop"))
    assert [record.revision for record in storage.read_journal("shop", 0)] == [1]
    assert storage.latest_snapshot("shop") is None
    assert storage.get_resolution("shop", "r") is None


def test_rows_of_a_deleted_store_are_removed_at_the_next_start(url: str, beside: Beside) -> None:
    storage = Storage.open(url)
    fill(storage, "mill")
    alone = rows(beside)
    fill(storage, "shop")
    storage.close()
    doomed = update(stores).where(stores.c.store_id == "shop").values(store_id=None)
    beside(lambda connection: connection.execute(doomed))
    again = Storage.open(url)
    assert rows(beside) == alone
    again.close()


def test_stats_tell_what_is_stored(storage: Storage) -> None:
    storage.create_store("shop", store_record("shop"))
    first = storage.stats("shop")
    assert (first.journal_records, first.snapshot_revision) == (1, 0)
    storage.append([writes("shop", 2, b"x" * 1_000)])
    second = storage.stats("shop")
    assert 1_000 < second.journal_bytes - first.journal_bytes < 1_500
    storage.write_snapshot("shop", 2, 102, state([ArraySection("a", random_array(1, 1_000))]))
    third = storage.stats("shop")
    assert third == StorageStats(0, 0, 2, 102, third.snapshot_bytes)
    assert 8_000 < third.snapshot_bytes < 8_500
    assert storage.database_bytes() > 8_000
