"""Journaled requests and conditions: bytes <-> domain values. `engine.codec.Codec` for the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from segsvc.condition.tree import Condition
from segsvc.domain.schema import Schema
from segsvc.engine.codec import Write
from segsvc.rpc.decode import automation, ingest, schema, segment
from segsvc.rpc.decode import condition as decode_condition
from segsvc.rpc.encode import condition as encode_condition
from segsvc.v1 import (
    automation_service_pb2,
    condition_pb2,
    ingest_service_pb2,
    schema_service_pb2,
    segment_service_pb2,
    store_service_pb2,
)

Decoder = Callable[[Any, Schema], Write]


def _no_schema(decoder: Callable[[Any], Write]) -> Decoder:
    return lambda request, _: decoder(request)


_METHODS: dict[type[Message], Decoder] = {
    ingest_service_pb2.UpsertContactsRequest: ingest.upsert_contacts,
    ingest_service_pb2.RecordEventsRequest: ingest.record_events,
    ingest_service_pb2.SetLifecycleLabelsRequest: _no_schema(ingest.set_lifecycle_labels),
    ingest_service_pb2.DeleteContactsRequest: _no_schema(ingest.delete_contacts),
    ingest_service_pb2.MergeContactsRequest: _no_schema(ingest.merge_contacts),
    schema_service_pb2.DefineAttributeRequest: _no_schema(schema.define_attribute),
    schema_service_pb2.DefineBehaviorRequest: _no_schema(schema.define_behavior),
    store_service_pb2.UpdateStoreRequest: _no_schema(segment.update_store),
    segment_service_pb2.CreateSegmentRequest: _no_schema(segment.create_segment),
    segment_service_pb2.UpdateSegmentRequest: _no_schema(segment.update_segment),
    segment_service_pb2.CopySegmentRequest: _no_schema(segment.copy_segment),
    segment_service_pb2.DeleteSegmentRequest: _no_schema(segment.delete_segment),
    segment_service_pb2.CreateSegmentFromSuggestionRequest: _no_schema(
        segment.create_from_suggestion
    ),
    automation_service_pb2.CreateTriggerRequest: _no_schema(automation.create_trigger),
    automation_service_pb2.UpdateTriggerRequest: _no_schema(automation.update_trigger),
    automation_service_pb2.ActivateTriggerRequest: _no_schema(automation.activate_trigger),
    automation_service_pb2.PauseTriggerRequest: _no_schema(automation.pause_trigger),
    automation_service_pb2.DeleteTriggerRequest: _no_schema(automation.delete_trigger),
    automation_service_pb2.AckEntriesRequest: _no_schema(automation.ack_entries),
    automation_service_pb2.SetQuotaRequest: _no_schema(automation.set_quota),
}
_TYPES = {held.DESCRIPTOR.name.removesuffix("Request"): held for held in _METHODS}


def method_of(request: Message) -> str:
    """Return the name under which a write is journaled: that of its rpc."""
    return request.DESCRIPTOR.name.removesuffix("Request")


def decode_write(request: Message, schema_: Schema) -> Write:
    """Decode the request of a write method; raises what is wrong with it."""
    return _METHODS[type(request)](request, schema_)


def encode_write(request: Message) -> bytes:
    """Return the bytes a request is journaled as: the same for equal requests."""
    return request.SerializeToString(deterministic=True)


class WireCodec:
    """`engine.codec.Codec` for the messages of segsvc.v1."""

    def decode(self, method: str, payload: bytes, schema: Schema) -> Write:
        """Decode a journaled request."""
        return decode_write(_TYPES[method].FromString(payload), schema)

    def condition_to_bytes(self, condition: Condition) -> bytes:
        """Encode a condition."""
        return encode_condition.condition(condition).SerializeToString(deterministic=True)

    def condition_from_bytes(self, encoded: bytes) -> Condition:
        """Decode a condition that was accepted once; limits no longer apply."""
        return decode_condition.node(condition_pb2.Condition.FromString(encoded), "condition", 0)
