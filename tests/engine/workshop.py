"""An engine over a database, without a server in front: requests of the contract go straight in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from segsvc.domain.calendar import Weekday
from segsvc.engine.checkpoints import CheckpointPolicy
from segsvc.engine.clock import ReplayClock
from segsvc.engine.codec import Codec
from segsvc.engine.engine import Engine
from segsvc.engine.requests import Answer
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import WireCodec, decode_write, encode_write, method_of
from segsvc.segment.delta import Changes
from segsvc.storage import Storage
from segsvc.v1 import (
    condition_pb2,
    ingest_pb2,
    ingest_service_pb2,
    segment_service_pb2,
)

NOW = 1_717_243_200
"""2024-06-01T12:00:00Z."""

DAY = 86_400
STORE = "shop"


class Workshop:
    """One store of an engine, and the requests tests make of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def state(self) -> StoreState:
        """The store."""
        return self.engine.store(STORE)

    async def create(self, time_zone: str = "UTC") -> None:
        """Create the store."""
        await self.engine.create_store(STORE, STORE, time_zone, Weekday.MONDAY, "", "")

    async def write(self, request: Any) -> Answer:
        """Commit a write of the contract."""
        request.store_id = STORE
        decoded = decode_write(request, self.state.schema)
        method, payload = method_of(request), encode_write(request)
        request_id = getattr(request, "request_id", "")
        return await self.engine.write(STORE, method, request_id, payload, decoded)

    async def contact(self, contact_id: str, request_id: str = "", **texts: str) -> Answer:
        """Upsert one contact with text attributes."""
        row = ingest_pb2.ContactRow(contact_id=contact_id)
        for name, text in texts.items():
            row.set[name].text = text
        rows = ingest_pb2.ContactRows(rows=[row])
        return await self.write(
            ingest_service_pb2.UpsertContactsRequest(request_id=request_id, rows=rows)
        )

    async def event(self, contact_id: str, behavior: str, ago: int = 0) -> Answer:
        """Record one event."""
        row = ingest_pb2.EventRow(contact_id=contact_id, behavior=behavior)
        row.time.seconds = self.engine.clock.now() - ago
        rows = ingest_pb2.EventRows(rows=[row])
        return await self.write(ingest_service_pb2.RecordEventsRequest(rows=rows))

    async def segment(self, segment_id: str, condition: condition_pb2.Condition) -> Answer:
        """Create a segment."""
        request = segment_service_pb2.CreateSegmentRequest(segment_id=segment_id)
        request.segment.name = segment_id
        request.segment.condition.CopyFrom(condition)
        return await self.write(request)

    async def changes(self, after: int = 0) -> list[Changes]:
        """Return all changes behind a revision, as a watcher reads them."""
        found: list[Changes] = []
        while page := await self.engine.changes_since(self.state, after):
            found.extend(page)
            after = page[-1].revision
        return found

    def members(self, segment_id: str) -> set[str]:
        """Return the ids of a segment's members."""
        contacts = self.state.index.contacts
        return {contacts.id_of(held) for held in self.state.memberships.members(segment_id)}


def is_text(attribute: str, text: str) -> condition_pb2.Condition:
    """Return the condition that an attribute is a text."""
    condition = condition_pb2.Condition()
    condition.text.attribute = attribute
    condition.text.test.operator = condition_pb2.TEXT_OPERATOR_IS
    condition.text.test.values.append(text)
    return condition


def did_in_the_last(behavior: str, days: int) -> condition_pb2.Condition:
    """Return the condition of a behavior in the last days."""
    condition = condition_pb2.Condition()
    condition.behavior.behavior = behavior
    condition.behavior.window.in_the_last.amount = days
    condition.behavior.window.in_the_last.unit = 2
    return condition


@asynccontextmanager
async def opened(
    database: Path,
    codec: Codec | None = None,
    storage: type[Storage] = Storage,
    **options: Any,
) -> AsyncIterator[Workshop]:
    """Open an engine over a SQLite file; leave it as a crash would, without a last snapshot."""
    held = storage.open(f"sqlite:///{database}")
    engine = Engine(held, codec or WireCodec(), ReplayClock(NOW), CheckpointPolicy(), **options)
    try:
        await engine.open()
        yield Workshop(engine)
    finally:
        await engine.ticker.stop()
        await engine.commits.stop()
        held.close()
