"""The one table from errors to gRPC status, with google.rpc details that fit in 4 KiB."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from segsvc.domain import errors
from segsvc.v1 import error_pb2

log = structlog.get_logger()

DOMAIN = "segsvc"
MAX_DETAILS_BYTES = 2_200
"""Of the encoded google.rpc.Status. As base64, and with the message once more beside it in
percent-encoding (three bytes for one), it stays inside the 4 KiB of trailers."""

MAX_MESSAGE_BYTES = 300
MAX_NAME_BYTES = 200
MAX_PATH_BYTES = 600
"""Enough for the path of a leaf sixteen levels deep."""

E = TypeVar("E", bound=errors.SegsvcError)
Status = tuple[grpc.StatusCode, str, dict[str, str]]
_CODES = grpc.StatusCode

_NOT_FOUND = {
    "store": "STORE_NOT_FOUND",
    "contact": "CONTACT_NOT_FOUND",
    "attribute": "ATTRIBUTE_NOT_FOUND",
    "behavior": "BEHAVIOR_NOT_FOUND",
    "property": "BEHAVIOR_NOT_FOUND",
    "segment": "SEGMENT_NOT_FOUND",
    "suggestion": "SUGGESTION_NOT_FOUND",
    "trigger": "TRIGGER_NOT_FOUND",
    "resolution": "RESOLUTION_NOT_FOUND",
}
_EXISTS = {
    "store": (_CODES.ALREADY_EXISTS, "STORE_EXISTS"),
    "segment": (_CODES.ALREADY_EXISTS, "SEGMENT_EXISTS"),
    "segment name": (_CODES.ALREADY_EXISTS, "SEGMENT_NAME_TAKEN"),
    "trigger": (_CODES.ALREADY_EXISTS, "TRIGGER_EXISTS"),
    "attribute": (_CODES.FAILED_PRECONDITION, "SCHEMA_CONFLICT"),
    "behavior": (_CODES.FAILED_PRECONDITION, "SCHEMA_CONFLICT"),
    "property": (_CODES.FAILED_PRECONDITION, "SCHEMA_CONFLICT"),
}


def _fixed(code: grpc.StatusCode, reason: str) -> Callable[[Any], Status]:
    return lambda error: (code, reason, {})


_TABLE: dict[type[errors.SegsvcError], Callable[[Any], Status]] = {
    errors.InvalidArgument: _fixed(_CODES.INVALID_ARGUMENT, "FIELD_INVALID"),
    errors.InvalidRows: lambda e: (
        _CODES.INVALID_ARGUMENT,
        "ROWS_INVALID",
        {"rejected_rows": str(e.total)},
    ),
    errors.ConditionInvalid: _fixed(_CODES.INVALID_ARGUMENT, "CONDITION_INVALID"),
    errors.RequestIdReused: _fixed(_CODES.INVALID_ARGUMENT, "REQUEST_ID_REUSED"),
    errors.InvalidToken: lambda e: (
        _CODES.INVALID_ARGUMENT,
        f"{e.field.upper()}_INVALID",
        {},
    ),
    errors.TimeInThePast: lambda e: (
        _CODES.INVALID_ARGUMENT,
        "TIME_IN_THE_PAST",
        {"at": str(e.at)},
    ),
    errors.NotFound: lambda e: (_CODES.NOT_FOUND, _NOT_FOUND[e.kind], {e.kind: e.name}),
    errors.AlreadyExists: lambda e: (*_EXISTS[e.kind], e.facts),
    errors.EtagMismatch: lambda e: (_CODES.ABORTED, "ETAG_MISMATCH", {"current": e.current}),
    errors.StillUsed: _fixed(_CODES.FAILED_PRECONDITION, "SEGMENT_IN_USE"),
    errors.TooManyActive: _fixed(_CODES.FAILED_PRECONDITION, "TOO_MANY_ACTIVE_TRIGGERS"),
    errors.FailedPrecondition: lambda e: (_CODES.FAILED_PRECONDITION, e.reason, e.facts),
    errors.LimitExceeded: lambda e: (
        _CODES.RESOURCE_EXHAUSTED,
        "LIMIT_EXCEEDED",
        {"limit": e.limit, "allowed": str(e.allowed), "asked": str(e.asked)},
    ),
    errors.RevisionNotReached: lambda e: (
        _CODES.FAILED_PRECONDITION,
        "REVISION_NOT_REACHED",
        {"asked": str(e.asked), "current": str(e.current)},
    ),
    errors.RevisionCompacted: lambda e: (
        _CODES.OUT_OF_RANGE,
        "REVISION_COMPACTED",
        {"oldest": str(e.oldest_kept), "current": str(e.current)},
    ),
    errors.OffsetOutOfRange: lambda e: (
        _CODES.OUT_OF_RANGE,
        "OFFSET_OUT_OF_RANGE",
        {"end": str(e.end)},
    ),
    errors.OrdinalEpochChanged: lambda e: (
        _CODES.OUT_OF_RANGE,
        "ORDINAL_EPOCH_CHANGED",
        {"current_epoch": str(e.current_epoch)},
    ),
    errors.WatchGenerationChanged: lambda e: (
        _CODES.OUT_OF_RANGE,
        "WATCH_GENERATION_CHANGED",
        {"current_generation": str(e.current_generation)},
    ),
    errors.Overloaded: _fixed(_CODES.RESOURCE_EXHAUSTED, "OVERLOADED"),
    errors.NotServing: lambda e: (_CODES.UNAVAILABLE, e.reason, {}),
    errors.StorageFailed: _fixed(_CODES.INTERNAL, "FAULT"),
    errors.Poisoned: _fixed(_CODES.INTERNAL, "POISONED"),
    errors.Superseded: _fixed(_CODES.ABORTED, "SUPERSEDED"),
    errors.ChunkRefused: lambda e: _row(e.cause),
    errors.EarlierChunkRefused: _fixed(_CODES.ABORTED, "SUPERSEDED"),
}


def status_of(error: Exception) -> tuple[grpc.StatusCode, str, bytes]:
    """Return the code, the message and the encoded google.rpc.Status of an error.

    Errors that are no `SegsvcError` are faults of the service: they are logged with an id that
    the caller gets, and say nothing else.
    """
    if not isinstance(error, errors.SegsvcError):
        fault_id = secrets.token_hex(8)
        log.error("fault", fault_id=fault_id, exc_info=error)
        message = f"a fault of the service; its log has the id {fault_id}"
        details = _packed(_CODES.INTERNAL, message, "FAULT", {"fault_id": fault_id}, [], [])
        return _CODES.INTERNAL, message, details
    sequence: dict[str, str] = {}
    if isinstance(error, errors.ChunkRefused):
        sequence, error = {"sequence": str(error.sequence)}, error.cause
    code, reason, facts = _row(error)
    facts = {**facts, **sequence}
    message = _cut(error.message, MAX_MESSAGE_BYTES)
    one, many = _details(error, reason)
    if sequence:
        many = [(kind, f"chunk.{where}", what) for kind, where, what in many]
    return code, message, _packed(code, message, reason, facts, one, many)


def _row(error: errors.SegsvcError) -> Status:
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind](error)
    raise AssertionError(f"{type(error).__name__} is not in the table")


def known_errors() -> frozenset[type[errors.SegsvcError]]:
    """Return the classes in the table."""
    return frozenset(_TABLE)


_USES = {"segment": "reads", "trigger": "listens to"}
_MAX_LISTED_NAME_BYTES = 24
"""Of a trigger in a list, so that ten of them fit whatever they are called."""


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Entry = tuple[str, str, str]
"""Of a list in a detail: where, which kind, what."""


def _details(error: errors.SegsvcError, reason: str) -> tuple[list[Any], list[Entry]]:
    """Return details of one piece, and entries of the detail that is a list."""
    match error:
        case errors.InvalidArgument(violations) | errors.ConditionInvalid(violations):
            return [], [("field", held.field, held.description) for held in violations]
        case errors.InvalidRows(rows):
            return [], [("field", error.path_of(held), held.description) for held in rows]
        case errors.InvalidToken(field, description):
            return [], [("field", field, description)]
        case errors.TimeInThePast(field):
            return [], [("field", field, error.message)]
        case errors.RequestIdReused():
            return [], [("field", "request_id", error.message)]
        case errors.StillUsed(_, dependants):
            return [], [
                (reason, f"{kind}/{held}", f"{name!r} {_USES[kind]} it")
                for kind, held, name in dependants
            ]
        case errors.TooManyActive(_, _, active):
            return [], [
                (
                    reason,
                    f"trigger/{held}",
                    f"{_cut(name, _MAX_LISTED_NAME_BYTES)!r} last updated {_utc(at)}",
                )
                for held, name, at in active
            ]
        case errors.FailedPrecondition(_, subject, description):
            return [], [(reason, subject, description)]
        case errors.RevisionNotReached(asked):
            return [], [(reason, f"revision/{asked}", error.message)]
        case errors.AlreadyExists(kind, name) if reason == "SCHEMA_CONFLICT":
            return [], [(reason, f"{kind}/{name}", error.message)]
        case errors.LimitExceeded(limit):
            failure = error_details_pb2.QuotaFailure.Violation
            held = failure(subject=limit, description=error.message)
            return [error_details_pb2.QuotaFailure(violations=[held])], []
        case errors.NotFound(kind, name) | errors.AlreadyExists(kind, name):
            named = error_details_pb2.ResourceInfo(
                resource_type=kind.split()[0],
                resource_name=_cut(name, MAX_NAME_BYTES),
                description=_cut(error.message, MAX_MESSAGE_BYTES),
            )
            return [named], []
        case _:
            return [], []


def _packed(
    code: grpc.StatusCode,
    message: str,
    reason: str,
    facts: dict[str, str],
    one: list[Any],
    many: list[Entry],
) -> bytes:
    kept = len(many)
    while True:
        status = _status(code, message, reason, facts, one, many[:kept], len(many))
        encoded: bytes = status.SerializeToString()
        if len(encoded) <= MAX_DETAILS_BYTES or kept == 0:
            return encoded
        kept = kept * 3 // 4


def _status(
    code: grpc.StatusCode,
    message: str,
    reason: str,
    facts: dict[str, str],
    one: list[Any],
    entries: list[Entry],
    total: int,
) -> status_pb2.Status:
    assert error_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}"), reason
    metadata = {key: _cut(value, MAX_NAME_BYTES) for key, value in facts.items()}
    if total > len(entries):
        metadata["violations_total"] = str(total)
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)
    details = [info, *one, *_listed(entries)]
    return status_pb2.Status(
        code=getattr(code_pb2, code.name), message=message, details=list(map(_any, details))
    )


def _listed(entries: Iterable[Entry]) -> list[Any]:
    fields = [
        error_details_pb2.BadRequest.FieldViolation(
            field=_cut(where, MAX_PATH_BYTES), description=_cut(what, MAX_MESSAGE_BYTES)
        )
        for kind, where, what in entries
        if kind == "field"
    ]
    preconditions = [
        error_details_pb2.PreconditionFailure.Violation(
            type=kind,
            subject=_cut(where, MAX_NAME_BYTES),
            description=_cut(what, MAX_MESSAGE_BYTES),
        )
        for kind, where, what in entries
        if kind != "field"
    ]
    found: list[Any] = []
    if fields:
        found.append(error_details_pb2.BadRequest(field_violations=fields))
    if preconditions:
        found.append(error_details_pb2.PreconditionFailure(violations=preconditions))
    return found


def _cut(text: str, most: int) -> str:
    """Return the beginning of *text* that takes at most *most* bytes of UTF-8."""
    return text.encode()[:most].decode(errors="ignore")


def _any(detail: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
