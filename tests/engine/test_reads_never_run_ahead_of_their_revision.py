"""Memberships go through a tick before the tick is durable; nobody may read them in between."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

from segsvc.domain.calendar import Weekday
from segsvc.domain.record import JournalRecord
from segsvc.engine.clock import ReplayClock
from segsvc.engine.engine import Engine
from segsvc.rpc.codec import WireCodec, decode_write, encode_write, method_of
from segsvc.storage import Storage
from segsvc.v1 import ingest_service_pb2, segment_service_pb2

NOW, DAY = 1_700_000_000, 86_400


class SlowDisk:
    """A storage whose appends wait while `gate` is closed."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def append(self, records: list[JournalRecord]) -> None:
        self.reached.set()
        self.gate.wait()
        self._storage.append(records)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)


async def write(engine: Engine, request: Any) -> None:
    schema = engine.store("shop").schema
    await engine.write(
        "shop", method_of(request), "", encode_write(request), decode_write(request, schema)
    )


async def test_a_read_waits_for_a_tick_that_is_not_durable_yet(tmp_path: Path) -> None:
    disk = SlowDisk(Storage.open(f"sqlite:///{tmp_path / 'shop.db'}"))
    engine = Engine(disk, WireCodec(), ReplayClock(NOW))  # type: ignore[arg-type]
    await engine.open()
    await engine.create_store("shop", "", "UTC", Weekday.MONDAY, "", "")
    events = ingest_service_pb2.RecordEventsRequest(store_id="shop")
    row = events.rows.rows.add(contact_id="ann", behavior="order_placed")
    row.time.seconds = NOW
    await write(engine, events)
    made = segment_service_pb2.CreateSegmentRequest(store_id="shop", segment_id="new")
    made.segment.name = "new"
    behavior = made.segment.condition.behavior
    behavior.behavior = "order_placed"
    behavior.window.in_the_last.amount = 1
    behavior.window.in_the_last.unit = 2
    await write(engine, made)
    state = engine.store("shop")
    assert len(state.memberships.members("new")) == 1

    before = state.revision
    disk.reached.clear()
    disk.gate.clear()
    moved = asyncio.create_task(engine.advance_time("shop", NOW + DAY))
    await asyncio.get_running_loop().run_in_executor(None, disk.reached.wait)
    read = asyncio.create_task(engine.settle(state))
    await asyncio.sleep(0)
    waits = not read.done()
    disk.gate.set()
    assert waits, "the contact has left already, but the revision is not there"
    await read
    assert (state.revision, len(state.memberships.members("new"))) == (before + 1, 0)
    await moved
    await engine.close()
