"""Targets, recipients and other questions of the wire -> domain values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from segsvc.condition.check import require_valid
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import Condition, leaves
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.schema import Schema
from segsvc.engine.reach import Channel
from segsvc.engine.read import SavedSegment, SegmentSet, Target
from segsvc.engine.resolve import RecipientSpec, Split
from segsvc.rpc.decode.condition import condition
from segsvc.rpc.decode.fields import check_known
from segsvc.rpc.decode.values import number
from segsvc.segment.catalog import Catalog
from segsvc.v1 import condition_pb2, evaluation_pb2, value_pb2

MAX_SEGMENTS = 100
MAX_SALT_BYTES = 64


def checked_condition(
    wire: condition_pb2.Condition, path: str, schema: Schema, catalog: Catalog
) -> Condition:
    """Decode a condition and check it against the store; raises what is wrong with it."""
    tree = condition(wire, path)
    require_valid(tree, schema, path)
    if any(isinstance(leaf, SegmentLeaf) for leaf in leaves(tree)):
        catalog.check_references(tree, prefix=path)
    return tree


def target(wire: condition_pb2.Target, path: str, schema: Schema, catalog: Catalog) -> Target:
    """Decode a target; segments it names exist."""
    match wire.WhichOneof("kind"):
        case "condition":
            return checked_condition(wire.condition, f"{path}.condition", schema, catalog)
        case "segment_id":
            catalog.get(wire.segment_id)
            return SavedSegment(wire.segment_id)
        case "segments":
            return _segments(wire.segments, f"{path}.segments", catalog)
        case _:
            raise InvalidArgument.of(path, "give a condition, a segment_id or segments")


def _segments(wire: condition_pb2.SegmentSet, path: str, catalog: Catalog) -> SegmentSet:
    include = segment_ids(wire.include, f"{path}.include", catalog, at_least=1)
    exclude = segment_ids(wire.exclude, f"{path}.exclude", catalog)
    check_known(wire.include_operator, condition_pb2.SetOperator, f"{path}.include_operator")
    return SegmentSet(include, exclude, wire.include_operator == condition_pb2.SET_OPERATOR_ALL)


def segment_ids(
    wire: Iterable[str], path: str, catalog: Catalog, at_least: int = 0
) -> tuple[str, ...]:
    """Return ids of segments that exist, without repeats."""
    ids = tuple(dict.fromkeys(wire))
    if not at_least <= len(ids) <= MAX_SEGMENTS:
        raise InvalidArgument.of(path, f"must name {at_least}..{MAX_SEGMENTS} segments")
    for held in ids:
        catalog.get(held)
    return ids


_CHANNELS = {
    evaluation_pb2.CHANNEL_EMAIL: Channel.EMAIL,
    evaluation_pb2.CHANNEL_SMS: Channel.SMS,
    evaluation_pb2.CHANNEL_ANY: Channel.ANY,
}


def recipient_spec(wire: evaluation_pb2.RecipientSpec, catalog: Catalog) -> RecipientSpec:
    """Decode who receives something."""
    channel = _CHANNELS.get(wire.channel)
    if channel is None:
        raise InvalidArgument.of("spec.channel", "must be EMAIL, SMS or ANY")
    if wire.cap < 0:
        raise InvalidArgument.of("spec.cap", "must not be negative")
    _check_salt(wire.cap_salt, "spec.cap_salt")
    return RecipientSpec(
        segment_ids(wire.include_segment_ids, "spec.include_segment_ids", catalog, at_least=1),
        segment_ids(wire.exclude_segment_ids, "spec.exclude_segment_ids", catalog),
        channel,
        _split(wire.split) if wire.HasField("split") else None,
        wire.cap,
        wire.cap_salt,
    )


def _split(wire: evaluation_pb2.RecipientSplit) -> Split:
    _check_salt(wire.salt, "spec.split.salt")
    low = _percent(wire.from_percent, "spec.split.from_percent")
    high = _percent(wire.to_percent, "spec.split.to_percent")
    if low >= high:
        raise InvalidArgument.of("spec.split.to_percent", f"must be more than {low}, is {high}")
    return Split(wire.salt, low, high)


def _percent(wire: value_pb2.Number, path: str) -> Decimal:
    try:
        percent = number(wire)
    except ValueError as wrong:
        raise InvalidArgument.of(path, str(wrong)) from None
    if not 0 <= percent <= 100:
        raise InvalidArgument.of(path, f"must lie between 0 and 100, is {percent}")
    return percent


def _check_salt(salt: str, path: str) -> None:
    if len(salt.encode()) > MAX_SALT_BYTES:
        raise InvalidArgument.of(path, f"must be at most {MAX_SALT_BYTES} bytes of UTF-8")
