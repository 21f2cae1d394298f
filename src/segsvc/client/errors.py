"""What a call can raise: one class for each status, with the facts of google.rpc details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2, status_pb2

_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One wrong field of a request."""

    field: str
    """Path from the request in proto names: ``condition.all_of.children[2].number.test.value``."""
    description: str


@dataclass(frozen=True, slots=True)
class PreconditionViolation:
    """One thing in the way."""

    type: str
    subject: str
    description: str


@dataclass(eq=False)
class CallFailed(Exception):
    """A call that ended with a status other than OK."""

    message: str
    reason: str = ""
    """The ErrorReason of error.proto without its prefix; empty when the server did not say."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[FieldViolation] = ()
    preconditions: Sequence[PreconditionViolation] = ()
    method: str = ""

    def __str__(self) -> str:
        return self.message


class InvalidArgument(CallFailed):
    """The request is wrong; `violations` says where."""


class NotFound(CallFailed):
    """What the request names does not exist."""


class AlreadyExists(CallFailed):
    """The name or id is taken."""


class FailedPrecondition(CallFailed):
    """Something is in the way; `preconditions` says what."""


class Aborted(CallFailed):
    """Somebody else changed it first."""


class OutOfRange(CallFailed):
    """The position asked for is not, or no longer, there."""


class ResourceExhausted(CallFailed):
    """A limit, a quota, or a full queue."""


class Unavailable(CallFailed):
    """No server answered, or it cannot answer now."""


class Unimplemented(CallFailed):
    """The server does not do this yet."""


class Unauthenticated(CallFailed):
    """The call carries no credentials the server accepts."""


class PermissionDenied(CallFailed):
    """The caller may not do this."""


class DeadlineExceeded(CallFailed):
    """The answer did not come in time; a write may or may not have happened."""


class Cancelled(CallFailed):
    """The call was cancelled; a write may or may not have happened."""


class Internal(CallFailed):
    """A fault of the service; `metadata` holds its id in the server's log."""


_CLASSES: dict[grpc.StatusCode, type[CallFailed]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.ABORTED: Aborted,
    grpc.StatusCode.OUT_OF_RANGE: OutOfRange,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.UNIMPLEMENTED: Unimplemented,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.CANCELLED: Cancelled,
}


def error_of(failed: Any, method: str = "") -> CallFailed:
    """Return the typed error of a failed call (a `grpc.RpcError`, of either kind of channel)."""
    known = _CLASSES.get(failed.code(), Internal)
    error = known(failed.details() or failed.code().name, method=method)
    for key, value in failed.trailing_metadata() or ():
        if key == _DETAILS:
            _read_details(error, value)
    return error


def _read_details(error: CallFailed, encoded: bytes) -> None:
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    precondition = error_details_pb2.PreconditionFailure()
    for detail in status_pb2.Status.FromString(encoded).details:
        if detail.Unpack(info):
            error.reason, error.metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(request):
            error.violations = tuple(
                FieldViolation(held.field, held.description) for held in request.field_violations
            )
        elif detail.Unpack(precondition):
            error.preconditions = tuple(
                PreconditionViolation(held.type, held.subject, held.description)
                for held in precondition.violations
            )


def is_worth_repeating(error: CallFailed) -> bool:
    """Whether the same call, with the same request id, may succeed a little later."""
    return isinstance(error, Unavailable) or error.reason == "OVERLOADED"
