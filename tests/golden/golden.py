"""Golden files: rows of a database as JSON, and what they mean.

``python -m tests.golden.golden`` makes them anew, which is right only when a format or a meaning
was changed on purpose; files of released formats stay beside the new ones.
"""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Table, create_engine, insert, select

from segsvc.engine.recover import recover_store
from segsvc.engine.rules import RULES
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import WireCodec
from segsvc.segment.delta import Changes
from segsvc.storage import Storage
from segsvc.storage.tables import changes, chunks, journal, snapshots, stores
from tests.engine.workshop import STORE, opened
from tests.golden.story import tell
from tests.replay.digest import deltas, digests

FOLDER = Path(__file__).parent
JOURNAL = FOLDER / "journal-1.json"
SNAPSHOT = FOLDER / "snapshot-1.json"
_TABLES: tuple[Table, ...] = (stores, journal, snapshots, chunks, changes)


def dumped(database: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a database; bytes as {"base64": ...}."""
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        found = {
            table.name: [
                {name: _packed(value) for name, value in row._mapping.items()}
                for row in connection.execute(select(table))
            ]
            for table in _TABLES
        }
    engine.dispose()
    return found


def restored(database: Path, rows: dict[str, list[dict[str, Any]]]) -> Storage:
    """Return the storage over a new database with these rows."""
    Storage.open(f"sqlite:///{database}").close()
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        for table in _TABLES:
            held = [{k: _unpacked(v) for k, v in row.items()} for row in rows[table.name]]
            if held:
                connection.execute(insert(table), held)
    engine.dispose()
    return Storage.open(f"sqlite:///{database}")


def meaning(path: Path) -> dict[str, Any]:
    """Return what the store of a golden file is, replayed by the code of today."""
    rows = json.loads(path.read_text())["rows"]
    with TemporaryDirectory() as folder:
        storage = restored(Path(folder) / "golden.db", rows)
        state, _ = recover_store(storage, STORE, WireCodec())
        kept = storage.read_changes(STORE, 0, state.changes.floor)
        storage.close()
    found = [Changes.from_bytes(held.body) for held in kept]
    return _meant(state, [*found, *state.changes.since(state.changes.floor)])


def _meant(state: StoreState, changes: list[Changes]) -> dict[str, Any]:
    return {
        "revision": state.revision,
        "digests": digests(state, WireCodec()),
        "deltas": deltas(changes),
    }


def _packed(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


async def _told(folder: Path) -> None:
    async with opened(folder / "journal.db") as shop:
        await tell(shop)
        means = _meant(shop.state, await shop.changes())
        records = list(shop.engine.storage.read_journal(STORE, 0))
    _save(JOURNAL, dumped(folder / "journal.db"), means)
    storage = Storage.open(f"sqlite:///{folder / 'snapshot.db'}")
    storage.create_store(STORE, records[0])
    storage.append(records[1:-8])
    storage.close()
    async with opened(folder / "snapshot.db") as shop:
        await shop.engine.checkpoints.take(shop.engine.store(STORE))
        shop.engine.storage.append(records[-8:])
    _save(SNAPSHOT, dumped(folder / "snapshot.db"), means)


def _save(path: Path, rows: dict[str, Any], means: dict[str, Any]) -> None:
    path.write_text(json.dumps({"rules": RULES, "means": means, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    with TemporaryDirectory() as held:
        asyncio.run(_told(Path(held)))
