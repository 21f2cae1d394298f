"""Who a question is about: an unsaved condition, a saved segment, or segments combined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from segsvc.client.conditions.expression import Expression, condition_of
from segsvc.v1 import condition_pb2 as pb


@dataclass(frozen=True, slots=True)
class Saved:
    """The members of a saved segment."""

    segment_id: str


@dataclass(frozen=True, slots=True)
class Segments:
    """The members of saved segments combined."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    in_all: bool = False


Target: TypeAlias = Expression | pb.Condition | Saved | Segments | pb.Target


def saved(segment_id: str) -> Saved:
    """Return the target that is a saved segment."""
    return Saved(segment_id)


def segments(
    include: Iterable[str], exclude: Iterable[str] = (), *, in_all: bool = False
) -> Segments:
    """Return the target of members of any (or of all) of *include* and of none of *exclude*."""
    return Segments(tuple(include), tuple(exclude), in_all)


def target_of(target: Target) -> pb.Target:
    """Return the message of a target."""
    match target:
        case pb.Target():
            return target
        case Saved():
            return pb.Target(segment_id=target.segment_id)
        case Segments():
            operator = pb.SET_OPERATOR_ALL if target.in_all else pb.SET_OPERATOR_ANY
            return pb.Target(
                segments=pb.SegmentSet(
                    include=target.include, exclude=target.exclude, include_operator=operator
                )
            )
        case _:
            return pb.Target(condition=condition_of(target))
