"""Writes about triggers and quotas, decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from segsvc.automation.quotas import SetQuota
from segsvc.automation.trigger import PauseMethod, Policy


@dataclass(frozen=True, slots=True)
class CreateTrigger:
    """Make a trigger, paused; an empty *trigger_id* is chosen."""

    trigger_id: str
    name: str
    segment_id: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class UpdateTrigger:
    """Change what is not None; *etag* empty: whatever the trigger is now."""

    trigger_id: str
    etag: str
    name: str | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class ActivateTrigger:
    """Start a trigger, and pause others in the same revision.

    *enter_current_members*: whoever is in the segment enters at once.
    """

    trigger_id: str
    etag: str
    enter_current_members: bool = False
    pause_trigger_ids: tuple[str, ...] = ()
    method: PauseMethod = PauseMethod.STOP_NEW_ENTRIES


@dataclass(frozen=True, slots=True)
class PauseTrigger:
    """Stop a trigger until it is activated again."""

    trigger_id: str
    etag: str
    method: PauseMethod = PauseMethod.STOP_NEW_ENTRIES


@dataclass(frozen=True, slots=True)
class DeleteTrigger:
    """Remove a trigger with its history and its stream."""

    trigger_id: str
    etag: str


@dataclass(frozen=True, slots=True)
class AckEntries:
    """Everything in a trigger's stream up to *sequence* was processed."""

    trigger_id: str
    sequence: int


TriggerWrite: TypeAlias = (
    CreateTrigger | UpdateTrigger | ActivateTrigger | PauseTrigger | DeleteTrigger
)
AutomationWrite: TypeAlias = TriggerWrite | AckEntries | SetQuota
