"""Segments, suggestions and what is wrong with conditions -> the wire."""

from __future__ import annotations

from segsvc.bitmap import Bitmap
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.tree import AllOf, Condition, describe
from segsvc.engine.numbers import IndexNumbers
from segsvc.engine.reach import Size
from segsvc.engine.read import Reading
from segsvc.engine.state import StoreState
from segsvc.rpc.encode.condition import condition
from segsvc.rpc.encode.values import number
from segsvc.rpc.times import timestamp
from segsvc.segment.definition import Segment
from segsvc.segment.suggestions import Suggestion
from segsvc.v1 import segment_pb2, value_pb2


def size(held: Size) -> segment_pb2.SegmentSize:
    """Encode a size."""
    return segment_pb2.SegmentSize(
        contact_count=held.contacts,
        email_reachable_count=held.email,
        sms_reachable_count=held.sms,
    )


def segment(held: Segment, state: StoreState, members: Size | None) -> segment_pb2.Segment:
    """Encode a segment, with its size when *members* is given."""
    listeners = state.triggers.listening_to((held.id,))
    return segment_pb2.Segment(
        segment_id=held.id,
        name=held.name,
        description=held.description,
        condition=condition(held.condition),
        condition_text=describe(held.condition),
        size=None if members is None else size(members),
        create_time=timestamp(held.created_at),
        update_time=timestamp(held.updated_at),
        etag=held.etag,
        revision=held.revision,
        source_suggestion_id=held.suggestion_id,
        used_by_segment_ids=sorted(user.id for user in state.segments.dependants(held.id)),
        used_by_trigger_ids=sorted(trigger.id for trigger in listeners),
    )


def dependant(held: Segment, entering: Bitmap, leaving: Bitmap) -> segment_pb2.DependantChange:
    """Encode what an update would do to a segment that reads the updated one."""
    return segment_pb2.DependantChange(
        segment_id=held.id,
        name=held.name,
        entering_count=len(entering),
        leaving_count=len(leaving),
    )


def suggestion(held: Suggestion, reading: Reading) -> segment_pb2.SegmentSuggestion:
    """Encode a suggestion with parameters at their defaults; one without a default has no size."""
    numbers = IndexNumbers(reading.view, reading.state.index, reading.as_of)
    defaults = {asked.name: numbers.top_value(asked.attribute) for asked in held.parameters}
    encoded = segment_pb2.SegmentSuggestion(
        suggestion_id=held.id,
        title=held.title,
        description=held.description,
        parameters=[
            segment_pb2.SuggestionParameter(
                name=asked.name,
                title=asked.title,
                attribute=asked.attribute,
                default_value=_text(defaults[asked.name]),
            )
            for asked in held.parameters
        ],
    )
    if None not in defaults.values():
        tree = held.build(numbers, held.choose(numbers, {}))
        encoded.condition.CopyFrom(condition(tree))
        encoded.condition_text = describe(tree)
        encoded.size.CopyFrom(size(reading.reach().size(reading.members(tree))))
        encoded.thresholds.extend(thresholds(held, tree))
    return encoded


def _text(value: str | None) -> value_pb2.Value | None:
    return None if value is None else value_pb2.Value(text=value)


def thresholds(held: Suggestion, tree: Condition) -> list[segment_pb2.SuggestionThreshold]:
    """Encode the numbers that were taken from the store."""
    asked = held.threshold
    if asked is None:
        return []
    assert isinstance(tree, AllOf)
    leaf = tree.children[asked.child]
    assert isinstance(leaf, BehaviorLeaf)
    assert leaf.measure is not None
    assert leaf.measure.test is not None
    assert leaf.measure.test.value is not None
    return [
        segment_pb2.SuggestionThreshold(
            path=f"all_of.children[{asked.child}].behavior.measure.sum.test.value",
            title=asked.title,
            percentile=asked.percentile,
            value=number(leaf.measure.test.value),
        )
    ]
