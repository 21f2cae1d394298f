"""Requests are made ahead, so that only the wire and the server are timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import grpc
from google.protobuf.message import Message

from segsvc.v1 import condition_pb2, evaluation_service_pb2, store_service_pb2

_COUNT = "/segsvc.v1.EvaluationService/Count"
_GET_STORE = "/segsvc.v1.StoreService/GetStore"


class Calls:
    """A channel to a server and the calls of the suites over it."""

    def __init__(self, target: str, store_id: str) -> None:
        options = [("grpc.max_receive_message_length", -1)]
        self.channel = grpc.insecure_channel(target, options)
        self._store_id = store_id
        self._count = self._unary(_COUNT, evaluation_service_pb2.CountResponse)
        self._get = self._unary(_GET_STORE, store_service_pb2.GetStoreResponse)

    def _unary(self, path: str, response: type[Any]) -> Callable[..., Any]:
        method: Callable[..., Any] = self.channel.unary_unary(
            path, lambda request: request.SerializeToString(), response.FromString
        )
        return method

    def count_request(self, condition: condition_pb2.Condition) -> Message:
        """Return the request that counts *condition*."""
        target = condition_pb2.Target(condition=condition)
        return evaluation_service_pb2.CountRequest(store_id=self._store_id, target=target)

    def saved_request(self, segment_id: str) -> Message:
        """Return the request that counts a saved segment."""
        target = condition_pb2.Target(segment_id=segment_id)
        return evaluation_service_pb2.CountRequest(store_id=self._store_id, target=target)

    def count(self, request: Message) -> float:
        """Count; return the milliseconds."""
        begun = time.perf_counter_ns()
        self._count(request)
        return (time.perf_counter_ns() - begun) / 1e6

    def begin_count(self, request: Message) -> grpc.Future[Any]:
        """Count; do not wait for the answer."""
        begun: grpc.Future[Any] = self._count.future(request)  # type: ignore[attr-defined]
        return begun

    def nothing(self) -> float:
        """Call GetStore, which looks up a store and says its name; return the milliseconds."""
        request = store_service_pb2.GetStoreRequest(store_id=self._store_id)
        begun = time.perf_counter_ns()
        self._get(request)
        return (time.perf_counter_ns() - begun) / 1e6

    def stream(self, path: str, request: Message, response: type[Any]) -> Iterable[Any]:
        """Call a server stream."""
        method: Callable[..., Iterable[Any]] = self.channel.unary_stream(
            path, lambda held: held.SerializeToString(), response.FromString
        )
        return method(request)

    def close(self) -> None:
        """End the connection."""
        self.channel.close()
