"""Instants of the wire."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.domain.errors import InvalidArgument
from segsvc.rpc.decode import values


def timestamp(instant: int) -> Timestamp:
    """Return UTC seconds as a Timestamp."""
    return Timestamp(seconds=instant)


def instant(wire: Timestamp, path: str) -> int:
    """Return whole UTC seconds, or raise `InvalidArgument` on *path*."""
    try:
        return values.instant(wire)
    except ValueError as wrong:
        raise InvalidArgument.of(path, str(wrong)) from None
