"""What was acknowledged survives kill -9."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from segsvc.storage import Storage
from tests.storage.storage_cases import payload_of, random_array, same_arrays

ROOT = Path(__file__).parents[2]
CHILD = "tests.storage.append_until_killed"


def append_then_kill(url: str, acknowledgements: int) -> int:
    """Let another process append, kill it, and return the last revision it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, "-m", CHILD, url], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert child.stdout is not None
    last = 0
    with child.stdout as told:
        for _ in range(acknowledgements):
            last = int(next(told))
        child.kill()
        last = max([last, *(int(line) for line in told if line.endswith("\n"))])
    child.wait()
    return last


def test_nothing_acknowledged_is_lost(sqlite_url: str) -> None:
    chance = random.Random(8)
    for _ in range(4):
        acknowledged = append_then_kill(sqlite_url, chance.randint(1, 25))
        storage = Storage.open(sqlite_url)
        snapshot = storage.latest_snapshot("shop")
        reached = 1
        if snapshot is not None:
            reached = snapshot.revision
            assert same_arrays(snapshot.sections, {"a": random_array(reached, 5_000)})
        for record in storage.read_journal("shop", reached):
            assert record.payloads == (payload_of(record.revision),)
            reached = record.revision
        assert acknowledged <= reached <= acknowledged + 1
        storage.close()
