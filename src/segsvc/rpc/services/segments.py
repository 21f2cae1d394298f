"""SegmentService."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from segsvc.bitmap import Bitmap, ordinals_of
from segsvc.condition.check import check, require_valid
from segsvc.condition.language import ConditionSyntaxError, ParsedCondition, parse_with_spans
from segsvc.condition.tree import Condition, depth, describe, leaves
from segsvc.condition.warnings import warnings
from segsvc.domain.columns import UInt32
from segsvc.domain.errors import ConditionInvalid, InvalidArgument
from segsvc.domain.text import fold
from segsvc.engine.forecast import forecast
from segsvc.engine.reach import Size
from segsvc.engine.read import Reading, SavedSegment
from segsvc.engine.state import segment_from
from segsvc.rpc.decode.condition import condition as decode_condition
from segsvc.rpc.decode.fields import check_known, required
from segsvc.rpc.encode import automation as encode_automation
from segsvc.rpc.encode import problems
from segsvc.rpc.encode import segment as encode
from segsvc.rpc.encode.condition import condition as encode_condition
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import instant, timestamp
from segsvc.segment.definition import Segment
from segsvc.segment.history import KEPT_HOURS, steps_of
from segsvc.segment.suggestions import SUGGESTIONS
from segsvc.v1 import segment_pb2, segment_service_pb2_grpc
from segsvc.v1 import segment_service_pb2 as pb

MAX_SAMPLE = 100

_Key = Callable[[Segment, Size | None], Any]
_ORDERS: dict[str, _Key] = {
    "name": lambda held, _: fold(held.name),
    "contact_count": lambda _, size: size.contacts if size else 0,
    "email_reachable_count": lambda _, size: size.email if size else 0,
    "sms_reachable_count": lambda _, size: size.sms if size else 0,
    "create_time": lambda held, _: held.created_at,
    "update_time": lambda held, _: held.updated_at,
}


class SegmentService(Servicer, segment_service_pb2_grpc.SegmentServiceServicer):
    """See segment_service.proto."""

    async def CreateSegment(self, request: pb.CreateSegmentRequest, context: Any) -> Any:
        """Save a condition."""
        state, answer = await self.write(request)
        held = segment_from(answer.facts["segment"], self.engine.codec)
        await self.engine.settle(state)
        reading = self.at(state)
        return pb.CreateSegmentResponse(
            segment=_sized(held, reading),
            warnings=_warnings(held.condition, reading, "segment.condition"),
            revision=answer.revision,
            as_of=timestamp(reading.as_of),
        )

    async def GetSegment(self, request: pb.GetSegmentRequest, context: Any) -> Any:
        """Answer one segment."""
        reading = await self.reading(request)
        held = reading.state.segments.get(required(request.segment_id, "segment_id"))
        _check_view(request.view)
        bare = request.view == segment_pb2.SEGMENT_VIEW_DEFINITION
        return pb.GetSegmentResponse(
            segment=encode.segment(held, reading.state, None) if bare else _sized(held, reading),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def ListSegments(self, request: pb.ListSegmentsRequest, context: Any) -> Any:
        """List segments."""
        reading = await self.reading(request)
        key, descending, by_size = _order(request.order_by)
        _check_view(request.view)
        wanted = fold(request.name_contains)
        found = [held for held in reading.state.segments if wanted in fold(held.name)]
        sizes = _Sizes(reading)
        found.sort(key=lambda held: held.id)
        found.sort(
            key=lambda held: key(held, sizes.of(held) if by_size else None), reverse=descending
        )
        page, token = self.page(request, found, 50, 500)
        bare = request.view == segment_pb2.SEGMENT_VIEW_DEFINITION
        return pb.ListSegmentsResponse(
            segments=[
                encode.segment(held, reading.state, None if bare else sizes.of(held))
                for held in page
            ],
            next_page_token=token,
            total_size=len(found),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def UpdateSegment(self, request: pb.UpdateSegmentRequest, context: Any) -> Any:
        """Change a segment."""
        state, answer = await self.write(request)
        held = segment_from(answer.facts["segment"], self.engine.codec)
        await self.engine.settle(state)
        reading = self.at(state)
        return pb.UpdateSegmentResponse(
            segment=_sized(held, reading),
            warnings=_warnings(held.condition, reading, "segment.condition"),
            revision=answer.revision,
            as_of=timestamp(reading.as_of),
        )

    async def DeleteSegment(self, request: pb.DeleteSegmentRequest, context: Any) -> Any:
        """Remove a segment."""
        _, answer = await self.write(request)
        return pb.DeleteSegmentResponse(
            revision=answer.revision,
            inlined_segment_ids=answer.facts["changed"],
            stopped_trigger_ids=answer.facts["stopped"],
        )

    async def CopySegment(self, request: pb.CopySegmentRequest, context: Any) -> Any:
        """Save a condition once more."""
        state, answer = await self.write(request)
        await self.engine.settle(state)
        reading = self.at(state)
        return pb.CopySegmentResponse(
            segment=_sized(segment_from(answer.facts["segment"], self.engine.codec), reading),
            revision=answer.revision,
            as_of=timestamp(reading.as_of),
        )

    async def ListSuggestions(self, request: pb.ListSuggestionsRequest, context: Any) -> Any:
        """List ready conditions."""
        reading = await self.reading(request)
        return pb.ListSuggestionsResponse(
            suggestions=[encode.suggestion(held, reading) for held in SUGGESTIONS.values()],
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def CreateSegmentFromSuggestion(
        self, request: pb.CreateSegmentFromSuggestionRequest, context: Any
    ) -> Any:
        """Save a suggestion."""
        state, answer = await self.write(request)
        held = segment_from(answer.facts["segment"], self.engine.codec)
        await self.engine.settle(state)
        reading = self.at(state)
        chosen = SUGGESTIONS[held.suggestion_id]
        return pb.CreateSegmentFromSuggestionResponse(
            segment=_sized(held, reading),
            thresholds=encode.thresholds(chosen, held.condition),
            revision=answer.revision,
            as_of=timestamp(reading.as_of),
        )

    async def PreviewSegmentUpdate(
        self, request: pb.PreviewSegmentUpdateRequest, context: Any
    ) -> Any:
        """Answer what another condition would change."""
        reading = await self.reading(request)
        catalog = reading.state.segments
        catalog.get(required(request.segment_id, "segment_id"))
        if not 0 <= request.sample_size <= MAX_SAMPLE:
            raise InvalidArgument.of("sample_size", f"must be 0..{MAX_SAMPLE}")
        tree = decode_condition(request.condition, "condition")
        require_valid(tree, reading.state.schema, "condition")
        catalog.check_references(tree, own_id=request.segment_id)
        found = forecast(reading, request.segment_id, tree)
        (entering, leaving), *_ = found.changes.values()
        ids_of = reading.state.index.contacts.ids_of
        return pb.PreviewSegmentUpdateResponse(
            current_size=encode.size(found.before),
            new_size=encode.size(found.after),
            entering_count=len(entering),
            leaving_count=len(leaving),
            entering_contact_ids=ids_of(_first(entering, request.sample_size)).tolist(),
            leaving_contact_ids=ids_of(_first(leaving, request.sample_size)).tolist(),
            dependants=[
                encode.dependant(catalog.get(held), *sides)
                for held, sides in found.changes.items()
                if held != request.segment_id
            ],
            triggers=[encode_automation.trigger_forecast(held) for held in found.triggers],
            channels=[encode_automation.channel_forecast(held) for held in found.channels],
            warnings=_warnings(tree, reading, "condition"),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def GetSegmentHistory(self, request: pb.GetSegmentHistoryRequest, context: Any) -> Any:
        """Answer how a segment's size went."""
        reading = await self.reading(request)
        state, now = reading.state, reading.as_of
        made = state.segments.get(required(request.segment_id, "segment_id")).created_at
        daily = request.interval != segment_pb2.HISTORY_INTERVAL_HOUR
        check_known(request.interval, segment_pb2.HistoryInterval, "interval")
        end = instant(request.end_time, "end_time") if request.HasField("end_time") else now + 1
        start = None
        if request.HasField("start_time"):
            start = instant(request.start_time, "start_time")
            if start >= end:
                raise InvalidArgument.of("start_time", "must lie before end_time")
        kept = made if daily else max(made, now - KEPT_HOURS)
        steps = steps_of(state.calendar, start, min(end, now + 1), kept, daily=daily)
        page, token = self.page(request, steps, 1_000, 1_000)
        return pb.GetSegmentHistoryResponse(
            points=[
                segment_pb2.HistoryPoint(
                    start_time=timestamp(point.start),
                    end_time=timestamp(min(point.end, now)),
                    contact_count=point.size,
                    entered_count=point.entered,
                    left_count=point.left,
                )
                for point in state.history.points(request.segment_id, page, made, daily=daily)
            ],
            next_page_token=token,
            revision=reading.revision,
            as_of=timestamp(now),
        )

    async def CheckCondition(self, request: pb.CheckConditionRequest, context: Any) -> Any:
        """Say what is wrong with a condition, and what it says."""
        reading = await self.reading(request)
        if request.segment_id:
            reading.state.segments.get(request.segment_id)
        source = request.WhichOneof("source")
        if source is None:
            raise InvalidArgument.of("source", "give a condition or a text")
        answer = pb.CheckConditionResponse(revision=reading.revision)
        text: ParsedCondition | None = None
        try:
            if source == "text":
                text = parse_with_spans(request.text, reading.state.schema)
                tree = text.condition
            else:
                tree = decode_condition(request.condition, "")
        except ConditionSyntaxError as wrong:
            answer.errors.append(problems.syntax(wrong))
            return answer
        except ConditionInvalid as wrong:
            answer.errors.extend(map(problems.error, wrong.violations))
            return answer
        _report(answer, tree, text, reading, request.segment_id)
        return answer


def _first(contacts: Bitmap, limit: int) -> UInt32:
    """Return the first ordinals: those of contacts that have been known longest."""
    return ordinals_of(contacts[:limit])


def _report(
    answer: pb.CheckConditionResponse,
    tree: Condition,
    text: ParsedCondition | None,
    reading: Reading,
    segment_id: str,
) -> None:
    wrong = check(tree, reading.state.schema, "")
    wrong += reading.state.segments.reference_problems(tree, segment_id, "")
    answer.errors.extend(problems.error(held, text) for held in wrong)
    if not wrong:
        answer.warnings.extend(_warnings(tree, reading, "", text))
    answer.condition_text = describe(tree)
    answer.condition.CopyFrom(encode_condition(tree))
    answer.leaf_count = len(set(leaves(tree)))
    answer.depth = depth(tree)


def _warnings(
    tree: Condition, reading: Reading, path: str, text: ParsedCondition | None = None
) -> list[segment_pb2.ConditionProblem]:
    state = reading.state
    found = warnings(tree, state.schema, reading.as_of, state.calendar, path)
    return [problems.warning(held, text) for held in found]


class _Sizes:
    """Sizes of segments, each counted once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._reach = reading.reach()
        self._known: dict[str, Size] = {}

    def of(self, held: Segment) -> Size:
        if held.id not in self._known:
            members = self._reading.members(SavedSegment(held.id))
            self._known[held.id] = self._reach.size(members)
        return self._known[held.id]


def _sized(held: Segment, reading: Reading) -> segment_pb2.Segment:
    members = reading.members_of(held)
    return encode.segment(held, reading.state, reading.reach().size(members))


def _check_view(view: int) -> None:
    check_known(view, segment_pb2.SegmentView, "view")


def _order(order_by: str) -> tuple[_Key, bool, bool]:
    """Return the key to sort by, whether it descends, and whether it is a size."""
    name, _, direction = (order_by or "update_time desc").partition(" ")
    if name not in _ORDERS or direction not in {"", "desc"}:
        allowed = ", ".join(_ORDERS)
        raise InvalidArgument.of("order_by", f"must be one of {allowed}, optionally with ' desc'")
    return _ORDERS[name], direction == "desc", name.endswith("_count")
