"""What a store told of its memberships, in comparable form; `python -m` tells it from a database.

A process of its own replays the journal of every store in the database and prints a line of JSON
for each, so that nothing of the process that wrote it can help.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from segsvc.bitmap import ordinals_of
from segsvc.engine.recover import recover_store
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import WireCodec
from segsvc.storage import Storage

Telling = dict[str, Any]
ROOT = Path(__file__).parents[2]


def telling(storage: Storage, state: StoreState) -> Telling:
    """Return every change as bytes, stored or in memory, and who is in now."""
    stored = []
    while page := storage.read_changes(
        state.store_id, stored[-1].revision if stored else 0, state.changes.floor
    ):
        stored.extend(page)
    changes = [[held.revision, _digest(held.body)] for held in stored]
    tail = state.changes.since(state.changes.floor)
    changes += [[held.revision, _digest(held.to_bytes())] for held in tail]
    return {
        "store": state.store_id,
        "revision": state.revision,
        "at": state.at,
        "changes": changes,
        "members": {
            held.id: ordinals_of(state.memberships.members(held.id)).tolist()
            for held in state.segments
        },
        "history": state.history.facts(),
    }


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def replayed(database: Path, hash_seed: int) -> list[Telling]:
    """Return what a fresh process tells of every store, by id."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.oracle.telling", str(database)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def as_told(held: Telling) -> Telling:
    """Return *held* as it comes out of JSON."""
    through: Telling = json.loads(json.dumps(held))
    return through


def main(database: str) -> None:
    """Print what each store of a database tells once it is replayed."""
    storage = Storage.open(f"sqlite:///{database}")
    for store_id in storage.store_ids():
        state, _ = recover_store(storage, store_id, WireCodec())
        sys.stdout.write(json.dumps(telling(storage, state)) + "\n")
    storage.close()


if __name__ == "__main__":
    main(sys.argv[1])
