"""What does an hour in which nothing arrives cost a server of 1,000 stores?

Processor time of the process, not of the clock on the wall, on a replay clock that moves by one
hour. Every store has a segment; in none, or in every one, a window ends within the hour.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.harness.measure import Samples
from benchmarks.peers.lowered import read
from benchmarks.suites.bench import Bench, Facts
from segsvc.domain.calendar import Weekday
from segsvc.engine.clock import ReplayClock
from segsvc.engine.engine import Engine
from segsvc.rpc.codec import WireCodec, decode_write, encode_write, method_of
from segsvc.rpc.encode import condition as encode_condition
from segsvc.storage import Storage
from segsvc.v1 import ingest_pb2, ingest_service_pb2, segment_pb2, segment_service_pb2

_STORES = 1_000
_HOUR = 3_600
_TEXT = "has done visited in the last 24 hours"


def idle_hour(bench: Bench) -> None:
    """Record the hour, with and without something falling due."""
    stores = min(_STORES, bench.size.contacts // 10)
    database = bench.work / "idle.db"
    with asyncio.Runner() as runner:
        took = runner.run(_hours(database, bench.size.at, stores))
    for held in database.parent.glob(f"{database.name}*"):
        held.unlink()
    for name, seconds in took.items():
        facts: Facts = {"stores": stores, "due": name}
        bench.record("maintain", "idle hour", Samples.once(seconds * 1e3), facts)


async def _hours(database: Path, at: int, stores: int) -> dict[str, float]:
    storage = Storage.open(f"sqlite:///{database}")
    engine = Engine(storage, WireCodec(), ReplayClock(at))
    await engine.open()
    try:
        names = [f"store-{number}" for number in range(stores)]
        for name in names:
            await engine.create_store(name, name, "UTC", Weekday.MONDAY, "", "")
            await _fill(engine, name, at)
        quiet = await _pass(engine, names, at + _HOUR)
        await _pass(engine, names, at + 23 * _HOUR)
        return {"nothing": quiet, "every store": await _pass(engine, names, at + 24 * _HOUR)}
    finally:
        await engine.close()
        storage.close()


async def _pass(engine: Engine, names: list[str], to: int) -> float:
    """Let time pass in all stores; return the processor seconds it took."""
    begun = time.process_time()
    await engine.advance_time(names[0], to)
    for name in names:
        await engine.settle(engine.store(name))
    return time.process_time() - begun


async def _fill(engine: Engine, store_id: str, at: int) -> None:
    columns = ingest_pb2.EventRow(contact_id="someone", behavior="visited")
    columns.time.seconds = at
    segment = segment_pb2.Segment(
        name="visitors", condition=encode_condition.condition(read(_TEXT))
    )
    for request in (
        ingest_service_pb2.RecordEventsRequest(
            store_id=store_id, rows=ingest_pb2.EventRows(rows=[columns])
        ),
        segment_service_pb2.CreateSegmentRequest(store_id=store_id, segment=segment),
    ):
        decoded = decode_write(request, engine.store(store_id).schema)
        await engine.write(store_id, method_of(request), "", encode_write(request), decoded)
