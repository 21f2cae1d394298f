"""EvaluationService: resolving recipients and exporting ordinals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from segsvc.bitmap import from_bytes, in_slices
from segsvc.domain.columns import NO_ROWS
from segsvc.domain.errors import InvalidArgument, NotFound, OffsetOutOfRange
from segsvc.engine.resolve import (
    Resolution,
    remaining,
    resolution_id_of,
    resolve,
    same_request,
)
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import encode_write
from segsvc.rpc.decode.target import recipient_spec
from segsvc.rpc.encode import members as encode_members
from segsvc.rpc.encode import values
from segsvc.rpc.services.base import Servicer, check_request_id
from segsvc.rpc.times import timestamp
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import evaluation_service_pb2 as pb


class Recipients(Servicer):
    """The streams of EvaluationService that hand out contacts for others to use."""

    async def ResolveRecipients(
        self, request: pb.ResolveRecipientsRequest, context: Any
    ) -> AsyncIterator[pb.ResolveRecipientsResponse]:
        """Resolve who receives something, or go on with it."""
        state = await self.reached(request)
        encode_members.check_format(request.format, request.attributes)
        names = encode_members.check_attributes(request.attributes, state.schema, "attributes")
        offset = 0
        match request.WhichOneof("start"):
            case "spec":
                resolution = await self._resolve(state, request)
            case "resume":
                resolution = await self._resume(state, request)
                offset = request.resume.offset
            case _:
                raise InvalidArgument.of("start", "give a spec or resume")
        yield pb.ResolveRecipientsResponse(header=_header(resolution))
        left = remaining(resolution, offset, state.ordinal_epoch)
        sent = 0
        for start, end, batch in encode_members.batches(state, left, request.format, names):
            sent += _batch_size(batch)
            yield pb.ResolveRecipientsResponse(
                batch=evaluation_pb2.ResolutionBatch(
                    offset=offset + start, next_offset=offset + end, members=batch
                )
            )
        yield pb.ResolveRecipientsResponse(
            trailer=evaluation_pb2.ResolutionTrailer(sent_count=sent, erased_count=len(left) - sent)
        )

    async def _resolve(self, state: StoreState, request: pb.ResolveRecipientsRequest) -> Resolution:
        check_request_id(request.request_id)
        raw = encode_write(request.spec)
        resolution_id = resolution_id_of(request.store_id, request.request_id)
        if request.request_id:
            held = await self._stored(state, resolution_id)
            if held is not None:
                same_request(held, raw, request.request_id)
                return held
        spec = recipient_spec(request.spec, state.segments)
        made = resolve(self.at(state), spec, raw, resolution_id)
        await self.engine.in_thread(
            self.engine.storage.put_resolution,
            state.store_id,
            resolution_id,
            made.as_of,
            made.expires_at,
            made.header_bytes(),
            made.member_bytes(),
        )
        return made

    async def _resume(self, state: StoreState, request: pb.ResolveRecipientsRequest) -> Resolution:
        if request.request_id:
            raise InvalidArgument.of("request_id", "comes only with a spec")
        asked = request.resume
        if asked.offset < 0:
            raise InvalidArgument.of("resume.offset", "must not be negative")
        held = await self._stored(state, asked.resolution_id)
        if held is None:
            raise NotFound("resolution", asked.resolution_id)
        if asked.offset > held.recipients:
            raise OffsetOutOfRange(asked.offset, held.recipients)
        return held

    async def _stored(self, state: StoreState, resolution_id: str) -> Resolution | None:
        now = max(self.engine.clock.now(), state.at)
        storage = self.engine.storage
        await self.engine.in_thread(storage.drop_expired_resolutions, state.store_id, now)
        held = await self.engine.in_thread(storage.get_resolution, state.store_id, resolution_id)
        return None if held is None else Resolution.load(held.header, held.bitmap)

    async def ExportOrdinals(
        self, request: pb.ExportOrdinalsRequest, context: Any
    ) -> AsyncIterator[pb.ExportOrdinalsResponse]:
        """Stream which contact every ordinal stands for."""
        state = await self.reached(request)
        everybody, revision = state.index.contacts.universe.copy(), state.revision
        size = encode_members.IDS_PER_BATCH
        for part in in_slices(everybody, width=size) if everybody else [NO_ROWS]:
            alive = encode_members.living(state, part)
            yield pb.ExportOrdinalsResponse(
                ordinals=alive.astype("<u4").tobytes(),
                contact_ids=values.strings(state.index.contacts.ids_of(alive)),
                ordinal_epoch=state.ordinal_epoch,
                revision=revision,
            )


def _batch_size(batch: evaluation_pb2.MemberBatch) -> int:
    match batch.WhichOneof("members"):
        case "contact_ids":
            return max(len(batch.contact_ids.offsets) // 4 - 1, 0)
        case "ordinals":
            return len(batch.ordinals) // 4
        case _:
            return len(from_bytes(batch.roaring))


def _header(held: Resolution) -> evaluation_pb2.ResolutionHeader:
    return evaluation_pb2.ResolutionHeader(
        resolution_id=held.resolution_id,
        revision=held.revision,
        as_of=timestamp(held.as_of),
        ordinal_epoch=held.ordinal_epoch,
        included_count=held.included,
        excluded_count=held.excluded,
        unreachable=evaluation_pb2.UnreachableCount(
            no_address=held.unreachable.no_address,
            invalid_address=held.unreachable.invalid_address,
            not_subscribed=held.unreachable.not_subscribed,
        ),
        split_out_count=held.split_out,
        capped_count=held.capped,
        recipient_count=held.recipients,
        expire_time=timestamp(held.expires_at),
        spec=evaluation_pb2.RecipientSpec.FromString(bytes.fromhex(held.spec)),
    )
