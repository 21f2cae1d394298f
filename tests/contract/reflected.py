"""A client that knows nothing but what the server tells by reflection, and speaks JSON."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

Json: TypeAlias = Mapping[str, Any]
Request: TypeAlias = Json | Sequence[Json]
"""One message, or the messages of a request stream."""

TIMEOUT = 20.0


@dataclass(eq=False)
class Refusal(Exception):
    """How a call was refused."""

    code: str
    message: str
    details: tuple[Message, ...]
    trailer_bytes: int

    def detail(self, kind: type[Message]) -> Any:
        """Return the one detail of a kind, or None."""
        found = [held for held in self.details if isinstance(held, kind)]
        assert len(found) < 2, f"one {kind.__name__} at most"
        return found[0] if found else None

    @property
    def reason(self) -> str:
        """The reason in the ErrorInfo; empty when there is none, as in errors of gRPC itself."""
        told = self.detail(error_details_pb2.ErrorInfo)
        return told.reason if told is not None else ""

    @property
    def metadata(self) -> dict[str, str]:
        """The facts in the ErrorInfo."""
        return dict(self.detail(error_details_pb2.ErrorInfo).metadata)

    @property
    def fields(self) -> dict[str, str]:
        """Paths and descriptions of the wrong fields."""
        told = self.detail(error_details_pb2.BadRequest)
        return {} if told is None else {v.field: v.description for v in told.field_violations}


_DETAILS = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        error_details_pb2.ErrorInfo,
        error_details_pb2.BadRequest,
        error_details_pb2.PreconditionFailure,
        error_details_pb2.QuotaFailure,
        error_details_pb2.ResourceInfo,
    )
}


@dataclass
class Reflected:
    """Every rpc of a server, by full name: ``segsvc.v1.StoreService.GetStore``."""

    channel: grpc.Channel
    methods: dict[str, MethodDescriptor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        database = ProtoReflectionDescriptorDatabase(self.channel)
        pool = DescriptorPool(database)
        for service in database.get_services():
            if service.startswith("segsvc."):
                for method in pool.FindServiceByName(service).methods:
                    self.methods[method.full_name] = method

    def request(self, rpc: str) -> Descriptor:
        """Return the message an rpc takes."""
        return self.methods[rpc].input_type

    def call(self, rpc: str, request: Request, at_most: int | None = None) -> list[Any]:
        """Return the answers of a call as JSON with proto names; raises `Refusal`.

        Args:
            at_most: of a stream, hang up after so many messages.
        """
        return [
            json_format.MessageToDict(answer, preserving_proto_field_name=True)
            for answer in self.answers(rpc, request, at_most)
        ]

    def answers(self, rpc: str, request: Request, at_most: int | None = None) -> list[Message]:
        """Return the answers of a call as messages; raises `Refusal`."""
        method = self.methods[rpc]
        kind = GetMessageClass(method.input_type)
        parts = [request] if isinstance(request, Mapping) else list(request)
        wire = [json_format.ParseDict(part, kind()).SerializeToString() for part in parts]
        return self.raw(rpc, wire, at_most)

    def raw(self, rpc: str, wire: Sequence[bytes], at_most: int | None = None) -> list[Message]:
        """Call with messages that are encoded already."""
        method = self.methods[rpc]
        answer = GetMessageClass(method.output_type)
        path = f"/{method.containing_service.full_name}/{method.name}"
        streams, streamed = method.client_streaming, method.server_streaming
        names = (("unary", "stream")[streams], ("unary", "stream")[streamed])
        make = getattr(self.channel, "_".join(names))
        stub = make(path, request_serializer=bytes, response_deserializer=answer.FromString)
        given = iter(wire) if streams else wire[0]
        try:
            told = stub(given, timeout=TIMEOUT)
            return list(_some(told, at_most)) if streamed else [told]
        except grpc.RpcError as refused:
            raise refusal(refused) from None


def _some(call: Any, at_most: int | None) -> Iterator[Message]:
    yield from itertools.islice(call, at_most)
    call.cancel()


def refusal(refused: Any) -> Refusal:
    """Return what an error of gRPC says."""
    size, details = len(quote(refused.details() or "", safe=" ")), []
    for key, value in refused.trailing_metadata() or ():
        raw = value if isinstance(value, bytes) else value.encode()
        size += len(key) + (len(base64.b64encode(raw)) if key.endswith("-bin") else len(raw))
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            assert status.message == refused.details()
            assert status.code == refused.code().value[0]
            details = [_unpacked(held) for held in status.details]
    return Refusal(refused.code().name, refused.details(), tuple(details), size)


def _unpacked(packed: Any) -> Message:
    kind = _DETAILS[packed.TypeName()]()
    packed.Unpack(kind)
    return kind
