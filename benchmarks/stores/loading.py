"""A store in segsvc: imported over gRPC, or opened in this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.stores.files import Files, contact_tables, event_tables
from benchmarks.stores.size import STORE
from segsvc.bitmap import Bitmap
from segsvc.client import Store
from segsvc.condition.language import parse
from segsvc.condition.tree import Condition
from segsvc.engine.checkpoints import CheckpointPolicy
from segsvc.engine.clock import ReplayClock
from segsvc.engine.engine import Engine
from segsvc.engine.read import Reading, Target
from segsvc.engine.requests import Answer
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import WireCodec, decode_write, encode_write, method_of
from segsvc.rpc.encode import condition as encode_condition
from segsvc.storage import Storage
from segsvc.v1 import schema_pb2, segment_pb2, segment_service_pb2


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import took."""

    contacts: int
    contact_seconds: float
    events: int
    event_seconds: float


def define(store: Store) -> None:
    """Add to a new store what the generated contacts have beyond the standard schema."""
    store.define_attribute(
        schema_pb2.Attribute(name="points", type="ATTRIBUTE_TYPE_NUMBER", title="Points")
    )


def import_files(store: Store, held: Files) -> Imported:
    """Import Parquet through the client's import streams, each chunk durable."""
    begun = time.perf_counter()
    contacts = store.import_contacts(contact_tables(held)).accepted
    between = time.perf_counter()
    events = 0
    for behavior in held.behaviors:
        done = store.import_events(behavior, event_tables(held, behavior), skip_event_id_check=True)
        assert not done.rejected, f"{done.rejected} {behavior} rejected"
        events += done.accepted
    ended = time.perf_counter()
    return Imported(contacts, between - begun, events, ended - between)


class Loaded:
    """The engine in this process, over a database that holds the store."""

    def __init__(self, engine: Engine, runner: asyncio.Runner, at: int) -> None:
        self.engine = engine
        self.runner = runner
        self.at = at
        self.state: StoreState = engine.store(STORE)

    def condition(self, text: str) -> Condition:
        """Read a condition in its text form."""
        return parse(text, self.state.schema)

    def reading(self) -> Reading:
        """Return a reading at the store's now, as every request makes one."""
        return Reading(self.state, self.at)

    def upkeep(self) -> None:
        """Do what a server does in the seconds after its start, and in the pauses between calls."""
        for _ in self.state.index.upkeep():
            pass
        for _ in self.state.evaluation.make_room(self.state.index.contacts.ordinal_limit):
            pass

    def count(self, target: Target) -> int:
        """Answer as one request does."""
        return self.reading().count(target)

    def members(self, target: Target) -> Bitmap:
        """Answer as one request does."""
        return self.reading().members(target)


@contextmanager
def opened(database: Path, at: int) -> Iterator[Loaded]:
    """Open *database* in this process; nothing is written to it unless the caller does."""
    policy = CheckpointPolicy(journal_bytes=2**40)
    with asyncio.Runner() as runner:
        storage = Storage.open(f"sqlite:///{database}")
        engine = Engine(storage, WireCodec(), ReplayClock(at), policy)
        runner.run(engine.open())
        try:
            loaded = Loaded(engine, runner, at)
            loaded.upkeep()
            yield loaded
        finally:
            runner.run(engine.close())
            storage.close()


def save_segments(loaded: Loaded, segments: dict[str, str]) -> None:
    """Create *segments* (text form by id) in the store of this process."""
    for name, text in segments.items():
        request = segment_service_pb2.CreateSegmentRequest(
            store_id=STORE,
            segment_id=name,
            segment=segment_pb2.Segment(
                name=name, condition=encode_condition.condition(loaded.condition(text))
            ),
        )
        write(loaded, request)


def write(loaded: Loaded, request: Any) -> Answer:
    """Commit a request of a write method as its rpc does, but for the wire."""
    return loaded.runner.run(commit(loaded, request))


async def commit(loaded: Loaded, request: Any) -> Answer:
    """See `write`; for use inside the engine's event loop."""
    return await loaded.engine.write(
        STORE,
        method_of(request),
        request.request_id,
        encode_write(request),
        decode_write(request, loaded.state.schema),
    )
