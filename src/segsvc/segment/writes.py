"""Writes about segments, decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from segsvc.condition.tree import Condition


@dataclass(frozen=True, slots=True, eq=False)
class CreateSegment:
    """Save a checked condition under a free name; an empty *segment_id* is chosen."""

    segment_id: str
    name: str
    description: str
    condition: Condition


@dataclass(frozen=True, slots=True, eq=False)
class CreateFromSuggestion:
    """Save a suggestion; an empty name or description takes the suggestion's own."""

    suggestion_id: str
    segment_id: str
    name: str
    description: str
    parameters: Mapping[str, str]


class TriggerOnUpdate(StrEnum):
    """Which contacts feed the triggers of a segment whose condition changes."""

    NONE = "none"
    ENTERING = "entering"
    ALL_MEMBERS = "all_members"

    @property
    def feeds_entering(self) -> bool:
        """Whether those who enter because of the update feed triggers, of dependants too."""
        return self is not TriggerOnUpdate.NONE


@dataclass(frozen=True, slots=True, eq=False)
class UpdateSegment:
    """Change the fields that are not None; *etag* empty: whatever the segment is now."""

    segment_id: str
    etag: str
    name: str | None = None
    description: str | None = None
    condition: Condition | None = None
    trigger_on_update: TriggerOnUpdate = TriggerOnUpdate.NONE


@dataclass(frozen=True, slots=True, eq=False)
class CopySegment:
    """Save a segment's condition again; an empty name becomes ``Copy of <name>``."""

    segment_id: str
    new_segment_id: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class DeleteSegment:
    """Remove a segment; *force* inlines its condition into the segments that read it."""

    segment_id: str
    etag: str
    force: bool


SegmentWrite: TypeAlias = (
    CreateSegment | CreateFromSuggestion | UpdateSegment | CopySegment | DeleteSegment
)
