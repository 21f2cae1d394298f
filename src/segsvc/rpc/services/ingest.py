"""IngestService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from segsvc.domain.errors import (
    ChunkRefused,
    EarlierChunkRefused,
    InvalidArgument,
    SegsvcError,
)
from segsvc.engine.requests import Answer
from segsvc.engine.turn import Chain
from segsvc.rpc.services.base import DecodedWrite, Servicer
from segsvc.rpc.times import timestamp
from segsvc.v1 import ingest_pb2, ingest_service_pb2_grpc
from segsvc.v1 import ingest_service_pb2 as pb

READ_AHEAD = 8
"""Chunks of one import stream that are decoded and waiting at the same time."""


Waiting: TypeAlias = tuple[int, "asyncio.Future[Answer]"]


class IngestService(Servicer, ingest_service_pb2_grpc.IngestServiceServicer):
    """See ingest_service.proto."""

    async def UpsertContacts(self, request: pb.UpsertContactsRequest, context: Any) -> Any:
        """Make and change contacts."""
        return self._upserted(await self.commit(await self.decoded(request)))

    @staticmethod
    def _upserted(answer: Answer) -> pb.UpsertContactsResponse:
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
        return self._recorded(await self.commit(await self.decoded(request)))

    @staticmethod
    def _recorded(answer: Answer) -> pb.RecordEventsResponse:
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
        async for sequence, answer in self._in_order(request):
            yield pb.ImportContactsResponse(sequence=sequence, result=self._upserted(answer))

    async def ImportEvents(
        self, request: AsyncIterator[pb.ImportEventsRequest], context: Any
    ) -> AsyncIterator[pb.ImportEventsResponse]:
        """Record a stream of chunks."""
        async for sequence, answer in self._in_order(request):
            yield pb.ImportEventsResponse(sequence=sequence, result=self._recorded(answer))

    async def _in_order(self, messages: AsyncIterator[Any]) -> AsyncIterator[tuple[int, Answer]]:
        """Write the chunks of a stream a few ahead of the answers, and yield those in order.

        Chunks are decoded one after the other and enter the commit queue in that order; while one
        is committed the next is decoded. The chain sees to it that none is applied behind one
        that was refused.
        """
        waiting: asyncio.Queue[Waiting | None] = asyncio.Queue(READ_AHEAD)
        reader = asyncio.ensure_future(self._read(messages, waiting))
        try:
            while (held := await waiting.get()) is not None:
                sequence, committed = held
                try:
                    yield sequence, await committed
                except SegsvcError as refused:
                    raise ChunkRefused(sequence, refused) from refused
            await reader
        finally:
            reader.cancel()
            left = [] if waiting.empty() else [waiting.get_nowait() for _ in range(waiting.qsize())]
            await asyncio.gather(*(held[1] for held in left if held), return_exceptions=True)

    async def _read(
        self, messages: AsyncIterator[Any], waiting: asyncio.Queue[Waiting | None]
    ) -> None:
        chain = Chain()
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
                await waiting.put((message.sequence, await self._begin(message.chunk, chain)))
        finally:
            await waiting.put(None)

    async def _begin(self, chunk: Any, chain: Chain) -> asyncio.Future[Answer]:
        """Decode a chunk and put it into the commit queue; return what its answer comes from."""
        try:
            if chain.broken:
                raise EarlierChunkRefused
            decoded = await self.decoded(chunk)
        except SegsvcError as refused:
            chain.broken = True
            failed: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            failed.set_exception(refused)
            return failed
        committed = asyncio.ensure_future(self._chained(decoded, chain))
        await asyncio.sleep(0)  # a task first runs here, and enters the queue
        return committed

    async def _chained(self, decoded: DecodedWrite, chain: Chain) -> Answer:
        try:
            return await self.commit(decoded, chain)
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
