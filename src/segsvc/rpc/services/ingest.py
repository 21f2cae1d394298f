"""IngestService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

from segsvc.domain.errors import (
    ChunkRefused,
    EarlierChunkRefused,
    InvalidArgument,
    SegsvcError,
)
from segsvc.engine.requests import Answer
from segsvc.engine.write import Chain
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import timestamp
from segsvc.v1 import ingest_pb2, ingest_service_pb2_grpc
from segsvc.v1 import ingest_service_pb2 as pb

READ_AHEAD = 4
"""Chunks of one import stream that are decoded and waiting at the same time."""


Write: TypeAlias = Callable[[Any, Chain], Awaitable[Any]]
Waiting: TypeAlias = tuple[int, "asyncio.Task[Any]"]


class IngestService(Servicer, ingest_service_pb2_grpc.IngestServiceServicer):
    """See ingest_service.proto."""

    async def UpsertContacts(self, request: pb.UpsertContactsRequest, context: Any) -> Any:
        """Make and change contacts."""
        return await self._upsert(request)

    async def _upsert(
        self, request: pb.UpsertContactsRequest, chain: Chain | None = None
    ) -> pb.UpsertContactsResponse:
        _, answer = await self.write(request, chain)
        facts = answer.facts
        return pb.UpsertContactsResponse(
            revision=answer.revision,
            accepted_rows=facts["accepted"],
            created_contacts=facts["created"],
            rejected_rows=facts["rejected_total"],
            row_errors=_row_errors(answer),
        )

    async def RecordEvents(self, request: pb.RecordEventsRequest, context: Any) -> Any:
        """Add events."""
        return await self._record(request)

    async def _record(
        self, request: pb.RecordEventsRequest, chain: Chain | None = None
    ) -> pb.RecordEventsResponse:
        _, answer = await self.write(request, chain)
        facts = answer.facts
        return pb.RecordEventsResponse(
            revision=answer.revision,
            accepted_rows=facts["accepted"],
            created_contacts=facts["created"],
            duplicate_rows=facts["duplicates"],
            clamped_rows=facts["clamped_total"],
            clamped_row_numbers=facts["clamped"],
            clamped_to=timestamp(answer.at) if facts["clamped_total"] else None,
            rejected_rows=facts["rejected_total"],
            row_errors=_row_errors(answer),
        )

    async def DeleteContacts(self, request: pb.DeleteContactsRequest, context: Any) -> Any:
        """Erase contacts."""
        _, answer = await self.write(request)
        return pb.DeleteContactsResponse(
            revision=answer.revision,
            deleted_contacts=answer.facts["deleted"],
            unknown_contact_ids=answer.facts["unknown"],
        )

    async def MergeContacts(self, request: pb.MergeContactsRequest, context: Any) -> Any:
        """Unite contacts."""
        _, answer = await self.write(request)
        return pb.MergeContactsResponse(
            revision=answer.revision,
            merged_contacts=answer.facts["merged"],
            unchanged_merges=answer.facts["unchanged"],
        )

    async def SetLifecycleLabels(self, request: pb.SetLifecycleLabelsRequest, context: Any) -> Any:
        """Apply a batch of labels."""
        _, answer = await self.write(request)
        return pb.SetLifecycleLabelsResponse(
            revision=answer.revision,
            accepted_rows=answer.facts["accepted"],
            cleared_contacts=answer.facts["cleared"],
            rejected_rows=answer.facts["rejected_total"],
            row_errors=_row_errors(answer),
        )

    async def ImportContacts(
        self, request: AsyncIterator[pb.ImportContactsRequest], context: Any
    ) -> AsyncIterator[pb.ImportContactsResponse]:
        """Upsert a stream of chunks."""
        async for sequence, result in _in_order(request, self._upsert):
            yield pb.ImportContactsResponse(sequence=sequence, result=result)

    async def ImportEvents(
        self, request: AsyncIterator[pb.ImportEventsRequest], context: Any
    ) -> AsyncIterator[pb.ImportEventsResponse]:
        """Record a stream of chunks."""
        async for sequence, result in _in_order(request, self._record):
            yield pb.ImportEventsResponse(sequence=sequence, result=result)


async def _in_order(messages: AsyncIterator[Any], write: Write) -> AsyncIterator[tuple[int, Any]]:
    """Write the chunks of a stream a few ahead of the answers, and yield those in order.

    Tasks first run in the order they are made, and a write enters the commit queue before it
    first waits, so chunks apply in order. The chain sees to it that none is applied behind one
    that was refused.
    """
    chain = Chain()
    waiting: asyncio.Queue[Waiting | None] = asyncio.Queue(READ_AHEAD)
    reader = asyncio.ensure_future(_read(messages, write, chain, waiting))
    try:
        while (held := await waiting.get()) is not None:
            sequence, task = held
            try:
                yield sequence, await task
            except SegsvcError as refused:
                raise ChunkRefused(sequence, refused) from refused
        await reader
    finally:
        reader.cancel()
        left = [] if waiting.empty() else [waiting.get_nowait() for _ in range(waiting.qsize())]
        await asyncio.gather(*(held[1] for held in left if held), return_exceptions=True)


async def _read(
    messages: AsyncIterator[Any], write: Write, chain: Chain, waiting: asyncio.Queue[Waiting | None]
) -> None:
    expected: int | None = None
    store_id: str | None = None
    try:
        async for message in messages:
            if expected is not None and message.sequence != expected:
                raise InvalidArgument.of(
                    "sequence", f"must grow by one: is {message.sequence}, not {expected}"
                )
            if store_id is not None and message.chunk.store_id != store_id:
                raise InvalidArgument.of("chunk.store_id", "must not change in a stream")
            expected, store_id = message.sequence + 1, message.chunk.store_id
            task = asyncio.ensure_future(_chained(write, message.chunk, chain))
            await waiting.put((message.sequence, task))
    finally:
        await waiting.put(None)


async def _chained(write: Write, chunk: Any, chain: Chain) -> Any:
    """Write a chunk unless one before it was refused while it was decoded."""
    if chain.broken:
        raise EarlierChunkRefused
    try:
        return await write(chunk, chain)
    except BaseException:
        chain.broken = True
        raise


def _row_errors(answer: Answer) -> list[ingest_pb2.RowError]:
    return [
        ingest_pb2.RowError(
            row=row,
            field=field,
            reason=f"ROW_ERROR_REASON_{reason}",
            description=description,
        )
        for row, field, reason, description in answer.facts["rejected"]
    ]
