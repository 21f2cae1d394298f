"""StoreService."""

from __future__ import annotations

from typing import Any

from segsvc.domain.errors import EtagMismatch
from segsvc.engine.state import StoreState
from segsvc.rpc.decode.segment import display_name, weekday
from segsvc.rpc.encode.values import date
from segsvc.rpc.services.base import Servicer, check_request_id, digest_of
from segsvc.rpc.times import timestamp
from segsvc.v1 import store_service_pb2 as pb
from segsvc.v1 import store_service_pb2_grpc


class StoreService(Servicer, store_service_pb2_grpc.StoreServiceServicer):
    """See store_service.proto."""

    async def CreateStore(self, request: pb.CreateStoreRequest, context: Any) -> Any:
        """Make an empty store."""
        check_request_id(request.request_id)
        state, _ = await self.engine.create_store(
            request.store_id,
            display_name(request.display_name, request.store_id, "display_name"),
            request.time_zone or "UTC",
            weekday(request.week_start, "week_start"),
            request.request_id,
            digest_of(request),
        )
        return pb.CreateStoreResponse(store=_store(state))

    async def GetStore(self, request: pb.GetStoreRequest, context: Any) -> Any:
        """Answer one store."""
        return pb.GetStoreResponse(store=_store(self.store(request.store_id)))

    async def ListStores(self, request: pb.ListStoresRequest, context: Any) -> Any:
        """List stores by id."""
        stores, token = self.page(request, self.engine.stores(), 100, 1_000)
        return pb.ListStoresResponse(stores=map(_store, stores), next_page_token=token)

    async def UpdateStore(self, request: pb.UpdateStoreRequest, context: Any) -> Any:
        """Change settings."""
        state, answer = await self.write(request)
        return pb.UpdateStoreResponse(store=_store(state), revision=answer.revision)

    async def DeleteStore(self, request: pb.DeleteStoreRequest, context: Any) -> Any:
        """Erase a store."""
        state = self.store(request.store_id)
        if request.etag not in {"", state.etag}:
            raise EtagMismatch("store", request.store_id, request.etag, state.etag)
        contacts = state.index.contacts.count
        await self.engine.delete_store(request.store_id)
        return pb.DeleteStoreResponse(deleted_contacts=contacts)


def _store(state: StoreState) -> pb.Store:
    settings = state.settings
    return pb.Store(
        store_id=state.store_id,
        display_name=settings.display_name,
        time_zone=settings.time_zone,
        week_start=f"WEEKDAY_{settings.week_start.name}",
        create_time=timestamp(settings.created_at),
        update_time=timestamp(state.updated_at),
        etag=state.etag,
        revision=state.revision,
        at=timestamp(state.at),
        ordinal_epoch=state.ordinal_epoch,
        contact_count=state.index.contacts.count,
        lifecycle_date=date(state.lifecycle_date) if state.lifecycle_date else None,
    )
