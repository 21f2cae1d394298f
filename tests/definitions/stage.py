"""An engine in this process, written to with requests of the contract, between any two steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from segsvc.bitmap import Bitmap
from segsvc.condition.language import parse
from segsvc.domain.calendar import Weekday
from segsvc.engine.clock import Clock, ReplayClock
from segsvc.engine.engine import Engine
from segsvc.engine.requests import Answer
from segsvc.engine.rules import RULES
from segsvc.engine.state import StoreState
from segsvc.plan.execute import Execution
from segsvc.rpc.codec import WireCodec, decode_write, encode_write, method_of
from segsvc.rpc.encode.condition import condition as encode_condition
from segsvc.segment.leaf_answers import own_leaves
from segsvc.storage import Storage
from segsvc.v1 import ingest_pb2, ingest_service_pb2, segment_pb2, segment_service_pb2

NOW = 1_717_243_200
DAY = 86_400


class Stage:
    """One store of one engine."""

    def __init__(self, engine: Engine, state: StoreState) -> None:
        self.engine = engine
        self.state = state

    async def write(self, request: Any) -> Answer:
        """Write as a servicer does."""
        return await self.engine.write(
            self.state.store_id,
            method_of(request),
            request.request_id,
            encode_write(request),
            decode_write(request, self.state.schema),
        )

    async def contacts(self, ids: Any, **attributes: str) -> Answer:
        """Upsert contacts that share some attributes."""
        rows = ingest_pb2.ContactRows()
        for contact_id in ids:
            row = rows.rows.add(contact_id=contact_id)
            for name, value in attributes.items():
                row.set[name].text = value
        return await self.write(ingest_service_pb2.UpsertContactsRequest(rows=rows))

    async def orders(self, ids: Any, *, ago: int = 0, value: float = 10.0) -> Answer:
        """Record one order of each contact who may have one."""
        rows = ingest_pb2.EventRows()
        for contact_id in ids:
            row = rows.rows.add(contact_id=contact_id, behavior="order_placed")
            row.time.seconds = self.engine.clock.now() - ago
            row.properties["value"].number.number = value
        return await self.write(
            ingest_service_pb2.RecordEventsRequest(rows=rows, on_invalid=ingest_pb2.ON_INVALID_SKIP)
        )

    async def delete(self, *ids: str) -> Answer:
        """Delete contacts."""
        return await self.write(ingest_service_pb2.DeleteContactsRequest(contact_ids=ids))

    async def create(self, segment_id: str, text: str, request_id: str = "") -> Answer:
        """Create a segment."""
        held = segment_pb2.Segment(name=segment_id, condition=self.condition(text))
        return await self.write(
            segment_service_pb2.CreateSegmentRequest(
                segment_id=segment_id, segment=held, request_id=request_id
            )
        )

    async def update(self, segment_id: str, text: str = "", name: str = "") -> Answer:
        """Change the condition or the name of a segment."""
        request = segment_service_pb2.UpdateSegmentRequest()
        request.segment.segment_id = segment_id
        if text:
            request.segment.condition.CopyFrom(self.condition(text))
            request.update_mask.paths.append("condition")
        if name:
            request.segment.name = name
            request.update_mask.paths.append("name")
        return await self.write(request)

    async def drop(self, segment_id: str, *, force: bool = False) -> Answer:
        """Delete a segment."""
        return await self.write(
            segment_service_pb2.DeleteSegmentRequest(segment_id=segment_id, force=force)
        )

    def condition(self, text: str) -> Any:
        """Parse a condition."""
        return encode_condition(parse(text, self.state.schema))

    async def advance(self, seconds: int) -> None:
        """Move the clock."""
        await self.engine.advance_time(self.state.store_id, self.engine.clock.now() + seconds)

    def members(self, segment_id: str) -> Bitmap:
        """Return who is in a segment, as it is maintained."""
        return self.state.memberships.members(segment_id)

    def check(self) -> None:
        """Every membership and every answer is right, and no other leaf is kept."""
        memberships = self.state.memberships
        run = Execution(self.state.view(), memberships.at)
        used = set()
        for segment in self.state.segments:
            used.update(own_leaves(segment.condition))
            assert memberships.members(segment.id) == run.members(segment.condition), segment.id
        for answer in memberships.answers:
            assert answer.members == run.members(answer.leaf), answer.leaf
        assert {answer.leaf for answer in memberships.answers} == used


async def begun(work: Awaitable[Answer], steps: int = 3) -> asyncio.Future[Answer]:
    """Start *work* and let it take some steps."""
    task = asyncio.ensure_future(work)
    for _ in range(steps):
        await asyncio.sleep(0)
    assert not task.done(), "there was nothing to wait for"
    return task


@asynccontextmanager
async def staged(
    database: Path,
    *,
    rules: str = RULES,
    start: int = NOW,
    crash: bool = False,
    clock: Clock | None = None,
) -> AsyncIterator[Stage]:
    """Run an engine with one store; *crash*: end it without its last snapshot."""
    storage = Storage.open(f"sqlite:///{database}")
    engine = Engine(storage, WireCodec(), clock or ReplayClock(start), rules=rules)
    await engine.open()
    try:
        if "shop" not in storage.store_ids():
            await engine.create_store("shop", "", "Europe/Berlin", Weekday.MONDAY, "", "")
        yield Stage(engine, engine.store("shop"))
    finally:
        engine.end_watches()
        if crash:
            await engine.ticker.stop()
            await engine.commits.stop()
        else:
            await engine.close()
        storage.close()
