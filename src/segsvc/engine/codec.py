"""What the engine needs of the layer that knows the wire: decoding journaled requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from segsvc.automation.writes import AutomationWrite
from segsvc.condition.tree import Condition
from segsvc.domain.calendar import Weekday
from segsvc.domain.schema import Schema
from segsvc.domain.write import (
    DefineAttribute,
    DefineBehavior,
    DeleteContacts,
    MergeContacts,
    RecordEvents,
    SetLifecycleLabels,
    UpsertContacts,
)
from segsvc.segment.writes import SegmentWrite


@dataclass(frozen=True, slots=True, eq=False)
class UpdateStore:
    """Change the settings that are not None; *etag* empty: whatever the store is now."""

    etag: str = ""
    display_name: str | None = None
    time_zone: str | None = None
    week_start: Weekday | None = None


DataWrite: TypeAlias = UpsertContacts | SetLifecycleLabels | RecordEvents
"""Writes that share a revision with others, as AckEntries does; any other is alone in its own."""

Write: TypeAlias = (
    DataWrite
    | DeleteContacts
    | MergeContacts
    | DefineAttribute
    | DefineBehavior
    | UpdateStore
    | SegmentWrite
    | AutomationWrite
)


class Codec(Protocol):
    """Turns journaled bytes into writes again, and conditions into bytes and back."""

    def decode(self, method: str, payload: bytes, schema: Schema) -> Write:
        """Decode the request of a write method; rows that are wrong stand in *rejected*."""

    def condition_to_bytes(self, condition: Condition) -> bytes:
        """Encode a condition."""

    def condition_from_bytes(self, encoded: bytes) -> Condition:
        """Decode what `condition_to_bytes` made."""
