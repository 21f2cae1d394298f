"""A segment: a named, saved condition."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.condition.tree import Condition, leaves
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.ids import MAX_NAME_CHARACTERS, SegmentId

MAX_DESCRIPTION_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as of the revision that last changed it.

    *created_at* and *updated_at* are the times (UTC seconds) of those revisions.
    """

    id: SegmentId
    name: str
    description: str
    condition: Condition
    created_at: int
    updated_at: int
    revision: int
    suggestion_id: str = ""

    @property
    def etag(self) -> str:
        """Changes with every update."""
        return str(self.revision)


def reads(condition: Condition) -> frozenset[str]:
    """Return the ids of the segments that *condition* reads directly."""
    return frozenset().union(*(leaf.reads().segments for leaf in leaves(condition)))


def check_name(name: str, field: str = "name") -> str:
    """Return *name* without outer blanks, or raise `InvalidArgument` on *field*."""
    stripped = name.strip()
    if not 1 <= len(stripped) <= MAX_NAME_CHARACTERS:
        raise InvalidArgument.of(
            field, f"must be 1..{MAX_NAME_CHARACTERS} characters, is {len(stripped)}"
        )
    return stripped


def check_description(description: str, field: str = "description") -> str:
    """Return *description*, or raise `InvalidArgument` when it is too long."""
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidArgument.of(
            field,
            f"must be at most {MAX_DESCRIPTION_CHARACTERS:,} characters, is {len(description):,}",
        )
    return description
