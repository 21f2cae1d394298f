"""SQLite's log is folded into the file beside the commits, and loses nothing on the way."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import create_engine

from segsvc.storage import Storage
from segsvc.storage.log_folding import COMMITS, LogFolding
from tests.storage.storage_cases import payload_of, store_record, writes


def _rows(database: Path, table: str) -> int:
    """Count what the file alone holds, without its log."""
    alone = database.with_name("alone.db")
    shutil.copyfile(database, alone)
    with sqlite3.connect(alone) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_commits_do_not_fold_and_the_thread_does(tmp_path: Path) -> None:
    database = tmp_path / "plain.db"
    writer = sqlite3.connect(database, isolation_level=None)
    for setting in ("journal_mode = WAL", "wal_autocheckpoint = 0"):
        writer.execute(f"PRAGMA {setting}")
    writer.execute("CREATE TABLE numbers (n INTEGER)")
    engine = create_engine(f"sqlite:///{database}")
    folding = LogFolding(engine)
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for number in range(COMMITS - 1):
        writer.execute("INSERT INTO numbers VALUES (?)", (number,))
        folding.committed()
    assert _rows(database, "numbers") == 0
    writer.execute("INSERT INTO numbers VALUES (-1)")
    folding.committed()
    folding.close()
    assert _rows(database, "numbers") == COMMITS
    engine.dispose()
    writer.close()


def test_a_journal_longer_than_the_log_reads_back_whole(tmp_path: Path) -> None:
    storage = Storage.open(f"sqlite:///{tmp_path / 'segsvc.db'}")
    storage.create_store("shop", store_record("shop"))
    last = 4 * COMMITS
    for revision in range(2, last + 1):
        storage.append([writes("shop", revision, payload_of(revision))])
    with sqlite3.connect(tmp_path / "segsvc.db") as beside:  # or SQLite would fold at the close
        beside.execute("SELECT count(*) FROM journal").fetchone()
        storage.close()
        assert _rows(tmp_path / "segsvc.db", "journal") == last
    storage = Storage.open(f"sqlite:///{tmp_path / 'segsvc.db'}")
    found = [record.payloads[0] for record in storage.read_journal("shop", 1)]
    assert found == [payload_of(revision) for revision in range(2, last + 1)]
    storage.close()
