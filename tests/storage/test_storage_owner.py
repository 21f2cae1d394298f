"""One owner writes; one that was replaced never does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from segsvc.domain.errors import StorageFailed
from segsvc.storage import Storage
from segsvc.storage.tables import metadata
from tests.storage.storage_cases import ArraySection, random_array, state, store_record, writes


def test_a_second_server_on_the_same_file_is_refused(sqlite_url: str) -> None:
    first = Storage.open(sqlite_url)
    with pytest.raises(StorageFailed, match=r"in use by another server \(process \d+\)"):
        Storage.open(sqlite_url)
    first.create_store("shop", store_record("shop"))
    first.close()
    second = Storage.open(sqlite_url)
    assert second.store_ids() == ["shop"]
    second.close()


def test_the_epoch_grows_with_every_owner(url: str) -> None:
    epochs = []
    for _ in range(3):
        storage = Storage.open(url)
        epochs.append(storage.epoch)
        storage.close()
    assert 0 < epochs[0] < epochs[1] < epochs[2]


def test_a_replaced_owner_cannot_write(url: str) -> None:
    old = Storage.open(url, lock_file=False)
    old.create_store("shop", store_record("shop"))
    new = Storage.open(url, lock_file=False)
    section = ArraySection("a", random_array(1, 10))
    attempts: list[Callable[[], object]] = [
        lambda: old.append([writes("shop", 2, b"stale")]),
        lambda: old.write_snapshot("shop", 1, 101, state([section])),
        lambda: old.create_store("mill", store_record("mill")),
        lambda: old.delete_store("shop"),
        lambda: old.put_resolution("shop", "r", 0, 1, b"", b""),
        lambda: old.secret("tokens"),
    ]
    for attempt in attempts:
        with pytest.raises(StorageFailed, match="another server took over the database"):
            attempt()
    new.append([writes("shop", 2, b"fresh")])
    assert [record.payloads for record in old.read_journal("shop", 1)] == [(b"fresh",)]
    assert new.latest_snapshot("shop") is None
    old.close()
    new.close()


def test_a_closed_storage_says_so(url: str) -> None:
    storage = Storage.open(url)
    storage.close()
    storage.close()
    with pytest.raises(StorageFailed, match="the database is closed"):
        storage.store_ids()
    with pytest.raises(StorageFailed, match="the database is closed"):
        storage.append([writes("shop", 2, b"x")])


def test_the_migrations_make_the_tables_the_code_uses(
    storage: Storage, beside: Callable[[Callable[[Connection], object]], None]
) -> None:
    assert storage.store_ids() == []
    differences: list[object] = []
    beside(
        lambda connection: differences.extend(
            compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True}), metadata
            )
        )
    )
    assert differences == []


def test_a_database_of_a_newer_version_is_refused(
    url: str, beside: Callable[[Callable[[Connection], object]], None]
) -> None:
    Storage.open(url).close()
    beside(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num='9'"))
    )
    with pytest.raises(StorageFailed, match="could not open the database"):
        Storage.open(url)
    beside(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num='0002'"))
    )
    Storage.open(url).close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "in memory keeps nothing"),
        ("sqlite:///:memory:", "in memory keeps nothing"),
        ("sqlite:////no/such/folder/x.db", "/no/such/folder, does not exist"),
        ("sqlite:///x.db?timeout=1", "takes no parameters"),
        ("mysql://host/name", "type 'mysql' are not taken"),
        ("nonsense", "cannot be read"),
        ("postgresql://user:pass@127.0.0.1:1/name", "could not open the database"),
    ],
)
def test_a_wrong_url_is_explained(url: str, said: str) -> None:
    with pytest.raises(StorageFailed) as failed:
        Storage.open(url)
    assert said in str(failed.value)
    assert "pass@" not in str(failed.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is no database\n" * 100)
    with pytest.raises(StorageFailed, match="file is not a database"):
        Storage.open(f"sqlite:///{path}")


def test_commits_of_sqlite_wait_for_the_disk(sqlite_url: str, tmp_path: Path) -> None:
    storage = Storage.open(sqlite_url)
    with sqlite3.connect(tmp_path / "segsvc.db") as beside:
        assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with storage._database.write("look") as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    storage.close()
