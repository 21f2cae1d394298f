"""SegmentService."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from segsvc.client.call import Call, Pages, Scope, read, write
from segsvc.client.conditions.expression import Expression, condition_of
from segsvc.client.values import Value, optional_moment, to_proto
from segsvc.v1 import condition_pb2, segment_pb2
from segsvc.v1 import segment_service_pb2 as pb

TriggerOnUpdate = Literal["none", "entering", "all_members"]
AnyCondition = Expression | condition_pb2.Condition


def create_segment(
    scope: Scope,
    name: str,
    condition: AnyCondition,
    *,
    segment_id: str = "",
    description: str = "",
    request_id: str = "",
) -> Call[pb.CreateSegmentResponse]:
    """Save a condition under a name."""
    request = pb.CreateSegmentRequest(
        store_id=scope.store_id,
        request_id=request_id,
        segment_id=segment_id,
        segment=segment_pb2.Segment(
            name=name, description=description, condition=condition_of(condition)
        ),
    )
    return write("SegmentService/CreateSegment", request, pb.CreateSegmentResponse)


def segment(
    scope: Scope, segment_id: str, *, with_size: bool = True
) -> Call[pb.GetSegmentResponse]:
    """Return one segment."""
    request = pb.GetSegmentRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        segment_id=segment_id,
        view=_view(with_size),
    )
    return read("SegmentService/GetSegment", request, pb.GetSegmentResponse)


def list_segments(
    scope: Scope,
    *,
    name_contains: str = "",
    order_by: str = "",
    with_size: bool = True,
) -> Pages[pb.ListSegmentsResponse, segment_pb2.Segment]:
    """Yield segments in a chosen order: the latest changed first unless *order_by* says other."""
    request = pb.ListSegmentsRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        name_contains=name_contains,
        order_by=order_by,
        view=_view(with_size),
    )
    call = read("SegmentService/ListSegments", request, pb.ListSegmentsResponse)
    return Pages(call, lambda page: page.segments)


def update_segment(
    scope: Scope,
    segment_id: str,
    *,
    name: str | None = None,
    description: str | None = None,
    condition: AnyCondition | None = None,
    etag: str = "",
    trigger_on_update: TriggerOnUpdate = "none",
    request_id: str = "",
) -> Call[pb.UpdateSegmentResponse]:
    """Change what is given of a segment; *trigger_on_update* goes with a new condition."""
    changed = segment_pb2.Segment(
        segment_id=segment_id,
        name=name,
        description=description,
        condition=None if condition is None else condition_of(condition),
        etag=etag,
    )
    request = pb.UpdateSegmentRequest(
        store_id=scope.store_id,
        request_id=request_id,
        segment=changed,
        trigger_on_update="TRIGGER_ON_UPDATE_" + trigger_on_update.upper(),
    )
    given = (("name", name), ("description", description), ("condition", condition))
    request.update_mask.paths.extend(field for field, value in given if value is not None)
    return write("SegmentService/UpdateSegment", request, pb.UpdateSegmentResponse)


def delete_segment(
    scope: Scope, segment_id: str, *, etag: str = "", force: bool = False, request_id: str = ""
) -> Call[pb.DeleteSegmentResponse]:
    """Remove a segment for good; *force* writes its condition into the segments that use it."""
    request = pb.DeleteSegmentRequest(
        store_id=scope.store_id,
        request_id=request_id,
        segment_id=segment_id,
        etag=etag,
        force=force,
    )
    return write("SegmentService/DeleteSegment", request, pb.DeleteSegmentResponse)


def copy_segment(
    scope: Scope,
    segment_id: str,
    *,
    name: str = "",
    new_segment_id: str = "",
    request_id: str = "",
) -> Call[pb.CopySegmentResponse]:
    """Save the condition of a segment once more under another name."""
    request = pb.CopySegmentRequest(
        store_id=scope.store_id,
        request_id=request_id,
        segment_id=segment_id,
        new_segment_id=new_segment_id,
        name=name,
    )
    return write("SegmentService/CopySegment", request, pb.CopySegmentResponse)


def suggestions(scope: Scope) -> Call[pb.ListSuggestionsResponse]:
    """Return ready conditions for common purposes, with their sizes."""
    request = pb.ListSuggestionsRequest(store_id=scope.store_id, min_revision=scope.min_revision)
    return read("SegmentService/ListSuggestions", request, pb.ListSuggestionsResponse)


def create_from_suggestion(
    scope: Scope,
    suggestion_id: str,
    *,
    segment_id: str = "",
    name: str = "",
    description: str = "",
    parameters: Mapping[str, Value] | None = None,
    request_id: str = "",
) -> Call[pb.CreateSegmentFromSuggestionResponse]:
    """Save a suggestion as a segment."""
    request = pb.CreateSegmentFromSuggestionRequest(
        store_id=scope.store_id,
        request_id=request_id,
        suggestion_id=suggestion_id,
        segment_id=segment_id,
        name=name,
        description=description,
        parameters={key: to_proto(value) for key, value in (parameters or {}).items()},
    )
    return write(
        "SegmentService/CreateSegmentFromSuggestion",
        request,
        pb.CreateSegmentFromSuggestionResponse,
    )


def preview_update(
    scope: Scope, segment_id: str, condition: AnyCondition, *, sample_size: int = 0
) -> Call[pb.PreviewSegmentUpdateResponse]:
    """Return what a new condition would change, without changing anything."""
    request = pb.PreviewSegmentUpdateRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        segment_id=segment_id,
        condition=condition_of(condition),
        sample_size=sample_size,
    )
    return read("SegmentService/PreviewSegmentUpdate", request, pb.PreviewSegmentUpdateResponse)


def check(
    scope: Scope, condition: AnyCondition | str, *, segment_id: str = ""
) -> Call[pb.CheckConditionResponse]:
    """Find errors and warnings in a condition, given as a tree or in its text form."""
    request = pb.CheckConditionRequest(
        store_id=scope.store_id, min_revision=scope.min_revision, segment_id=segment_id
    )
    if isinstance(condition, str):
        request.text = condition
    else:
        request.condition.CopyFrom(condition_of(condition))
    return read("SegmentService/CheckCondition", request, pb.CheckConditionResponse)


def history(
    scope: Scope,
    segment_id: str,
    *,
    interval: str = "HISTORY_INTERVAL_DAY",
    start: datetime | None = None,
    end: datetime | None = None,
) -> Pages[pb.GetSegmentHistoryResponse, segment_pb2.HistoryPoint]:
    """Yield the size of a segment step by step, and how many entered and left."""
    request = pb.GetSegmentHistoryRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        segment_id=segment_id,
        interval=interval,
        start_time=optional_moment(start),
        end_time=optional_moment(end),
    )
    call = read("SegmentService/GetSegmentHistory", request, pb.GetSegmentHistoryResponse)
    return Pages(call, lambda page: page.points)


def _view(with_size: bool) -> segment_pb2.SegmentView:
    return segment_pb2.SEGMENT_VIEW_FULL if with_size else segment_pb2.SEGMENT_VIEW_DEFINITION
