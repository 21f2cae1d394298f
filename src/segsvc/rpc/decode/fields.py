"""Checks that requests of all services share."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask

from segsvc.domain.errors import InvalidArgument


def required(text: str, path: str) -> None:
    """Raise `InvalidArgument` when *text* is empty."""
    if not text:
        raise InvalidArgument.of(path, "is required")


def mask_paths(mask: FieldMask, allowed: Collection[str]) -> frozenset[str]:
    """Return what an update mask names: at least one path, all of them allowed."""
    if not mask.paths:
        raise InvalidArgument.of("update_mask", f"must name some of {', '.join(allowed)}")
    for path in mask.paths:
        if path not in allowed:
            raise InvalidArgument.of(
                "update_mask", f"{path!r} cannot be changed; allowed are {', '.join(allowed)}"
            )
    return frozenset(mask.paths)
