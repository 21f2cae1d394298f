"""Journals and snapshots written long ago give the store they gave then, delta by delta.

When this fails, either the meaning of a record changed (then it needs another rules version), or a
format did (then the old one must stay readable beside it).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segsvc.domain.record import RecordKind
from tests.engine.workshop import STORE
from tests.golden.golden import JOURNAL, SNAPSHOT, meaning, restored

GOLDEN = sorted(JOURNAL.parent.glob("*-*.json"))


WRITES = {
    "CreateStore",
    "UpdateStore",
    "DefineAttribute",
    "DefineBehavior",
    "UpsertContacts",
    "RecordEvents",
    "SetLifecycleLabels",
    "DeleteContacts",
    "MergeContacts",
    "CreateSegment",
    "CreateSegmentFromSuggestion",
    "CopySegment",
    "UpdateSegment",
    "DeleteSegment",
    "CreateTrigger",
    "UpdateTrigger",
    "ActivateTrigger",
    "PauseTrigger",
    "DeleteTrigger",
    "AckEntries",
    "SetQuota",
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_file_is_the_same_store(path: Path) -> None:
    assert meaning(path) == json.loads(path.read_text())["means"]


def test_another_process_with_other_hashes_finds_the_same() -> None:
    code = f"""
import json, sys
from pathlib import Path
import structlog
from tests.golden.golden import meaning
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
print(json.dumps(meaning(Path({str(JOURNAL)!r}))))
"""
    seed = {"PYTHONHASHSEED": "12345", "TZ": "Asia/Kathmandu"}
    told = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        cwd=JOURNAL.parents[2],
        env={**os.environ, **seed},
    )
    assert json.loads(told.stdout) == json.loads(JOURNAL.read_text())["means"]


def test_the_golden_files_hold_every_kind_of_write(tmp_path: Path) -> None:
    rows = json.loads(JOURNAL.read_text())["rows"]
    storage = restored(tmp_path / "golden.db", rows)
    records = list(storage.read_journal(STORE, 0))
    storage.close()
    methods = {held.method for record in records for held in record.header.requests}
    assert methods == WRITES
    assert {record.kind for record in records} >= {
        RecordKind.STORE,
        RecordKind.WRITES,
        RecordKind.TICK,
    }


def test_the_golden_snapshot_has_a_journal_behind_it() -> None:
    rows = json.loads(SNAPSHOT.read_text())["rows"]
    assert rows["snapshots"]
    assert 0 < len(rows["journal"]) < rows["stores"][0]["last_revision"]
