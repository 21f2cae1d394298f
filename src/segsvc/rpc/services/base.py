"""What all servicers share: finding the store, waiting for a revision, writing, paging."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.domain.errors import InvalidArgument
from segsvc.domain.ids import check_store_id
from segsvc.domain.schema import Schema
from segsvc.engine.codec import Write
from segsvc.engine.engine import Engine
from segsvc.engine.read import Reading, SavedSegment, SegmentSet, Target, instant_of_read
from segsvc.engine.requests import Answer
from segsvc.engine.requests import digest_of as digest_of_bytes
from segsvc.engine.state import StoreState
from segsvc.engine.turn import Chain
from segsvc.plan.prepare import prepare
from segsvc.rpc.codec import decode_write, encode_write, method_of
from segsvc.rpc.times import instant
from segsvc.rpc.tokens import PageTokens

REVISION_TIMEOUT = 5.0
"""Seconds a read waits for its min_revision."""

MAX_REQUEST_ID_BYTES = 64

_LARGE_BYTES = 64 * 2**10
"""From here on a write is decoded in a thread: 4 MiB take some 20 ms."""

T = TypeVar("T")
G = TypeVar("G", bound=Target)


class ReadRequest(Protocol):
    """A request that reads."""

    store_id: str
    min_revision: int


@dataclass(frozen=True, slots=True, eq=False)
class DecodedWrite:
    """A write ready for the queue, and the bytes it is journaled as."""

    store_id: str
    method: str
    request_id: str
    payload: bytes
    write: Write
    digest: str


class Servicer:
    """Base of the servicers: the engine and the maker of page tokens."""

    def __init__(self, engine: Engine, tokens: PageTokens) -> None:
        self.engine = engine
        self.tokens = tokens

    def store(self, store_id: str) -> StoreState:
        """Return a store; raises `InvalidArgument` or `NotFound`."""
        return self.engine.store(check_store_id(store_id))

    async def reached(self, request: Any) -> StoreState:
        """Return the store of a read once it is at the revision asked for."""
        state = self.store(request.store_id)
        self.engine.commits.pace.read()
        if request.HasField("min_revision"):
            if request.min_revision < 0:
                raise InvalidArgument.of("min_revision", "must not be negative")
            await self.engine.reach(request.store_id, request.min_revision, REVISION_TIMEOUT)
        await self.engine.settle(state)
        return state

    async def reading(self, request: Any, *, traced: bool = False) -> Reading:
        """Return a reading of the store at the revision and instant asked for."""
        state = await self.reached(request)
        asked = None
        if "as_of" in request.DESCRIPTOR.fields_by_name and request.HasField("as_of"):
            asked = instant(request.as_of, "as_of")
        return self.at(state, asked, traced=traced)

    async def reading_of(
        self, request: Any, group: Callable[[Reading], G], *, traced: bool = False
    ) -> tuple[Reading, G]:
        """Return a reading and the group that *group* decodes for it.

        What would take long to answer is done ahead in short pieces, with others served in
        between; the reading is from after that.
        """
        reading = await self.reading(request, traced=traced)
        found, waited = group(reading), False
        if not isinstance(found, SavedSegment | SegmentSet):
            pieces = prepare(reading.run, found)
            async for _ in self.engine.commits.pace.by_pieces(pieces):
                waited = True
        if waited:
            reading = await self.reading(request, traced=traced)
            found = group(reading)
        return reading, found

    def at(self, state: StoreState, asked: int | None = None, *, traced: bool = False) -> Reading:
        """Return a reading of *state* at *asked* or now."""
        as_of = instant_of_read(state, self.engine.clock.now(), asked)
        self.engine.upkeep.wake()
        return Reading(state, as_of, traced=traced)

    async def write(self, request: Any) -> tuple[StoreState, Answer]:
        """Decode a write once, commit it, return the store and the answer."""
        decoded = await self.decoded(request)
        return self.store(request.store_id), await self.commit(decoded)

    async def decoded(self, request: Any) -> DecodedWrite:
        """Decode a write, a large one beside the event loop; raises what is wrong with it."""
        state = self.store(request.store_id)
        check_request_id(request.request_id)
        if request.ByteSize() < _LARGE_BYTES:
            return _decoded(request, state.schema)
        return await asyncio.to_thread(_decoded, request, state.schema)

    async def commit(self, held: DecodedWrite, chain: Chain | None = None) -> Answer:
        """Commit a write; it enters the queue before this first waits, to keep an order."""
        return await self.engine.write(
            held.store_id,
            held.method,
            held.request_id,
            held.payload,
            held.write,
            chain,
            held.digest,
        )

    def page(
        self, request: Any, items: Sequence[T], default: int, maximum: int
    ) -> tuple[Sequence[T], str]:
        """Cut the page that *request* asks for out of *items*; return it and the next token."""
        start, end, token = self.cut(request, len(items), default, maximum)
        return items[start:end], token

    def cut(self, request: Any, total: int, default: int, maximum: int) -> tuple[int, int, str]:
        """Return the first place of a page of *total* things, its end, and the next token."""
        size = page_size(request.page_size, default, maximum)
        position = self.tokens.read(request, request.page_token) or {"offset": 0}
        start = int(position["offset"])
        more = start + size < total
        token = self.tokens.make(request, {"offset": start + size}) if more else ""
        return start, start + size, token


def _decoded(request: Any, schema: Schema) -> DecodedWrite:
    payload = encode_write(request)
    return DecodedWrite(
        store_id=request.store_id,
        method=method_of(request),
        request_id=request.request_id,
        payload=payload,
        write=decode_write(request, schema),
        digest=digest_of_bytes(payload),
    )


def page_size(asked: int, default: int, maximum: int) -> int:
    """Return the size of a page, or raise `InvalidArgument`."""
    if not 0 <= asked <= maximum:
        raise InvalidArgument.of("page_size", f"must be 1..{maximum:,}, or 0 for {default:,}")
    return asked or default


def check_request_id(request_id: str) -> None:
    """Raise `InvalidArgument` when a request id is too long."""
    if len(request_id.encode()) > MAX_REQUEST_ID_BYTES:
        raise InvalidArgument.of("request_id", f"must be at most {MAX_REQUEST_ID_BYTES} bytes")


def digest_of(request: Message) -> str:
    """Return the digest that tells a repeated request from another one."""
    return digest_of_bytes(encode_write(request))


def set_time(field: Timestamp, instant_: int) -> None:
    """Set a Timestamp field to UTC seconds."""
    field.seconds = instant_
