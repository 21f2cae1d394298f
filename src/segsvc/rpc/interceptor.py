"""Around every call: errors become statuses, and each call is counted and logged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from time import perf_counter
from typing import Any, Protocol, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError

from segsvc.domain.errors import InvalidArgument
from segsvc.rpc.status import status_of

log = structlog.get_logger()

Handler: TypeAlias = Any
Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]

DETAILS = "grpc-status-details-bin"


class Gate(Protocol):
    """Says whether calls may be served."""

    def __call__(self, method: str) -> None:
        """Raise `NotServing` when *method* may not be called now."""


class Observer(Protocol):
    """Is told of every finished call."""

    def __call__(self, method: str, code: str, seconds: float) -> None:
        """Take note of it."""


class Malformed:
    """Stands for a request that is not a message of its type."""

    def __init__(self, wrong: Exception) -> None:
        self.wrong = wrong

    def refused(self) -> InvalidArgument:
        """Return the error to answer."""
        described = "is not a message of its type, or nests deeper than 100 messages"
        return InvalidArgument.of("request", f"{described}: {self.wrong}")


def _or_malformed(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Leave saying what is wrong with undecodable bytes to the call that gets them."""

    def decode(raw: bytes) -> Any:
        try:
            return deserialize(raw)
        except DecodeError as wrong:
            return Malformed(wrong)

    return decode


async def _well_formed(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        if isinstance(request, Malformed):
            raise request.refused()
        yield request


def _or_bytes(serialize: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Let messages through that are encoded already, because many callers get the same."""
    return lambda message: message if isinstance(message, bytes) else serialize(message)


class Calls(grpc.aio.ServerInterceptor):
    """Maps errors by `rpc.status`, asks the gate, tells the observer."""

    def __init__(self, gate: Gate, observer: Observer) -> None:
        self._gate = gate
        self._observer = observer

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """Wrap the handler of our own services; others go through as they are."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith("/segsvc."):
            return handler
        if handler.response_streaming:
            wrapped = self._streaming(method, handler)
            serializer = _or_bytes(handler.response_serializer)
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
        else:
            wrapped = self._unary(method, handler.unary_unary)
            make = grpc.unary_unary_rpc_method_handler
            serializer = handler.response_serializer
        return make(wrapped, _or_malformed(handler.request_deserializer), serializer)

    def _unary(self, method: str, call: Callable[[Any, Context], Awaitable[Any]]) -> Any:
        async def wrapped(request: Any, context: Context) -> Any:
            started = perf_counter()
            try:
                self._gate(method)
                if isinstance(request, Malformed):
                    raise request.refused()
                answer = await call(request, context)
            except Exception as error:
                await self._fail(method, context, error, started)
            self._observer(method, "OK", perf_counter() - started)
            return answer

        return wrapped

    def _streaming(self, method: str, handler: Handler) -> Any:
        call = handler.stream_stream if handler.request_streaming else handler.unary_stream

        async def wrapped(request: Any, context: Context) -> AsyncIterator[Any]:
            started = perf_counter()
            try:
                self._gate(method)
                if handler.request_streaming:
                    request = _well_formed(request)
                elif isinstance(request, Malformed):
                    raise request.refused()
                async for message in call(request, context):
                    yield message
            except Exception as error:
                await self._fail(method, context, error, started)
            self._observer(method, "OK", perf_counter() - started)

        return wrapped

    async def _fail(self, method: str, context: Context, error: Exception, started: float) -> None:
        if isinstance(error, grpc.aio.AbortError | grpc.aio.UsageError):
            raise error
        code, message, details = status_of(error)
        self._observer(method, code.name, perf_counter() - started)
        log.info("refused", method=method, code=code.name, message=message)
        context.set_trailing_metadata(((DETAILS, details),))
        await context.abort(code, message)
