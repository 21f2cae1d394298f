"""Writes about stores and segments -> domain values."""

from __future__ import annotations

from segsvc.domain.calendar import Weekday, check_time_zone
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.ids import check_segment_id
from segsvc.engine.codec import UpdateStore
from segsvc.rpc.decode.condition import condition
from segsvc.rpc.decode.fields import choice, mask_paths, required
from segsvc.segment.definition import check_description, check_name
from segsvc.segment.writes import (
    CopySegment,
    CreateFromSuggestion,
    CreateSegment,
    DeleteSegment,
    TriggerOnUpdate,
    UpdateSegment,
)
from segsvc.v1 import segment_pb2, segment_service_pb2, store_service_pb2

MAX_DISPLAY_NAME = 200


def create_segment(request: segment_service_pb2.CreateSegmentRequest) -> CreateSegment:
    """Decode; raises `InvalidArgument` or `LimitExceeded`."""
    return CreateSegment(
        _new_id(request.segment_id, "segment_id"),
        check_name(request.segment.name, "segment.name"),
        check_description(request.segment.description, "segment.description"),
        condition(request.segment.condition, "segment.condition"),
    )


def update_segment(request: segment_service_pb2.UpdateSegmentRequest) -> UpdateSegment:
    """Decode; raises `InvalidArgument` or `LimitExceeded`."""
    wire = request.segment
    required(wire.segment_id, "segment.segment_id")
    paths = mask_paths(request.update_mask, ("name", "description", "condition"))
    return UpdateSegment(
        wire.segment_id,
        wire.etag,
        check_name(wire.name, "segment.name") if "name" in paths else None,
        check_description(wire.description, "segment.description")
        if "description" in paths
        else None,
        condition(wire.condition, "segment.condition") if "condition" in paths else None,
        _trigger_on_update(request.trigger_on_update, with_condition="condition" in paths),
    )


def _trigger_on_update(number: int, *, with_condition: bool) -> TriggerOnUpdate:
    name = choice(number, segment_pb2.TriggerOnUpdate, "trigger_on_update")
    chosen = TriggerOnUpdate.NONE if name == "UNSPECIFIED" else TriggerOnUpdate[name]
    if chosen is not TriggerOnUpdate.NONE and not with_condition:
        raise InvalidArgument.of("trigger_on_update", "needs 'condition' in update_mask")
    return chosen


def copy_segment(request: segment_service_pb2.CopySegmentRequest) -> CopySegment:
    """Decode; raises `InvalidArgument`."""
    required(request.segment_id, "segment_id")
    return CopySegment(
        request.segment_id,
        _new_id(request.new_segment_id, "new_segment_id"),
        check_name(request.name, "name") if request.name else "",
    )


def create_from_suggestion(
    request: segment_service_pb2.CreateSegmentFromSuggestionRequest,
) -> CreateFromSuggestion:
    """Decode; raises `InvalidArgument`."""
    required(request.suggestion_id, "suggestion_id")
    parameters = {}
    for name in sorted(request.parameters):
        value = request.parameters[name]
        if value.WhichOneof("kind") != "text":
            raise InvalidArgument.of(f'parameters["{name}"]', "needs a 'text'")
        parameters[name] = value.text
    return CreateFromSuggestion(
        request.suggestion_id,
        _new_id(request.segment_id, "segment_id"),
        check_name(request.name, "name") if request.name else "",
        check_description(request.description, "description"),
        parameters,
    )


def delete_segment(request: segment_service_pb2.DeleteSegmentRequest) -> DeleteSegment:
    """Decode; raises `InvalidArgument`."""
    required(request.segment_id, "segment_id")
    return DeleteSegment(request.segment_id, request.etag, request.force)


def update_store(request: store_service_pb2.UpdateStoreRequest) -> UpdateStore:
    """Decode; raises `InvalidArgument`."""
    wire = request.store
    if wire.store_id not in {"", request.store_id}:
        raise InvalidArgument.of("store.store_id", "must be empty or the same as store_id")
    paths = mask_paths(request.update_mask, ("display_name", "time_zone", "week_start"))
    zone = None
    if "time_zone" in paths:
        zone = check_time_zone(wire.time_zone or "UTC", "store.time_zone").key
    return UpdateStore(
        wire.etag,
        display_name(wire.display_name, request.store_id, "store.display_name")
        if "display_name" in paths
        else None,
        zone,
        weekday(wire.week_start, "store.week_start") if "week_start" in paths else None,
    )


def weekday(number: int, path: str) -> Weekday:
    """Decode a weekday; unspecified is Monday."""
    known = store_service_pb2.Weekday.DESCRIPTOR.values_by_number.get(number)
    if known is None:
        names = ", ".join(held.name for held in Weekday)
        raise InvalidArgument.of(path, f"is not known; one of {names}")
    return Weekday.MONDAY if number == 0 else Weekday[known.name.removeprefix("WEEKDAY_")]


def display_name(name: str, store_id: str, path: str) -> str:
    """Return the name of a store; empty is its id."""
    if len(name) > MAX_DISPLAY_NAME:
        raise InvalidArgument.of(path, f"must be at most {MAX_DISPLAY_NAME} characters")
    return name or store_id


def _new_id(segment_id: str, path: str) -> str:
    return check_segment_id(segment_id, path) if segment_id else ""
