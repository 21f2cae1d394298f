"""What fields of any request have in common."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from segsvc.domain.errors import InvalidArgument


def required(text: str, path: str) -> str:
    """Return *text*, or raise `InvalidArgument` when it is empty."""
    if not text:
        raise InvalidArgument.of(path, "is required")
    return text


def check_known(number: int, enum: EnumTypeWrapper, path: str) -> None:
    """Raise `InvalidArgument` when *number* is no value of *enum*."""
    if number not in enum.values():
        names = ", ".join(enum.keys()[1:])
        raise InvalidArgument.of(path, f"is not known; one of {names}")


def choice(number: int, enum: EnumTypeWrapper, path: str) -> str:
    """Return the name of a value without its enum's, ``UNSPECIFIED`` for 0; see `check_known`."""
    check_known(number, enum, path)
    names = enum.keys()
    prefix = names[0].removesuffix("UNSPECIFIED")
    return enum.Name(number).removeprefix(prefix)


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
