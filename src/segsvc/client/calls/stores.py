"""StoreService."""

from __future__ import annotations

from segsvc.client.call import Call, Pages, Scope, read, write
from segsvc.v1 import store_service_pb2 as pb


def create_store(
    scope: Scope,
    store_id: str,
    *,
    display_name: str = "",
    time_zone: str = "",
    week_start: str = "WEEKDAY_UNSPECIFIED",
    request_id: str = "",
) -> Call[pb.CreateStoreResponse]:
    """Make an empty store with the standard schema."""
    request = pb.CreateStoreRequest(
        store_id=store_id,
        display_name=display_name,
        time_zone=time_zone,
        week_start=week_start,
        request_id=request_id,
    )
    return write("StoreService/CreateStore", request, pb.CreateStoreResponse)


def list_stores(scope: Scope) -> Pages[pb.ListStoresResponse, pb.Store]:
    """Yield every store, by its id."""
    call = read("StoreService/ListStores", pb.ListStoresRequest(), pb.ListStoresResponse)
    return Pages(call, lambda page: page.stores)


def get(scope: Scope) -> Call[pb.GetStoreResponse]:
    """Return the store itself: its settings, revision and time."""
    request = pb.GetStoreRequest(store_id=scope.store_id)
    return read("StoreService/GetStore", request, pb.GetStoreResponse)


def update(
    scope: Scope,
    *,
    display_name: str | None = None,
    time_zone: str | None = None,
    week_start: str | None = None,
    etag: str = "",
    request_id: str = "",
) -> Call[pb.UpdateStoreResponse]:
    """Change the settings that are given."""
    store = pb.Store(
        etag=etag, display_name=display_name, time_zone=time_zone, week_start=week_start
    )
    request = pb.UpdateStoreRequest(store_id=scope.store_id, request_id=request_id, store=store)
    given = (("display_name", display_name), ("time_zone", time_zone), ("week_start", week_start))
    request.update_mask.paths.extend(name for name, value in given if value is not None)
    return write("StoreService/UpdateStore", request, pb.UpdateStoreResponse)


def delete(scope: Scope, *, etag: str = "") -> Call[pb.DeleteStoreResponse]:
    """Erase the store and everything in it, for good."""
    request = pb.DeleteStoreRequest(store_id=scope.store_id, etag=etag)
    return write("StoreService/DeleteStore", request, pb.DeleteStoreResponse)
