"""A trigger: what makes an entry when a contact enters a segment."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from segsvc.domain.errors import FailedPrecondition

DAY_SECONDS = 86_400


class TriggerState(StrEnum):
    """Whether a trigger makes entries."""

    PAUSED = "paused"
    ACTIVE = "active"
    STOPPED = "stopped"
    """Its segment is gone; it never will again."""


class Reentry(StrEnum):
    """When a contact may enter again."""

    ONCE = "once"
    EVERY_ENTRY = "every_entry"
    COOLDOWN = "cooldown"


class PauseMethod(StrEnum):
    """What becomes of contacts who entered before a pause."""

    STOP_NEW_ENTRIES = "stop_new_entries"
    ALSO_STOP_IN_FLOW = "also_stop_in_flow"


@dataclass(frozen=True, slots=True)
class Policy:
    """When a contact may enter again; *days* is 0 unless it is a cooldown."""

    reentry: Reentry = Reentry.ONCE
    days: int = 0

    def cutoff(self, at: int) -> int:
        """Return the latest last entry that lets a contact in again at *at*, for a cooldown."""
        return at - self.days * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger as of the revision that last changed its name, policy or state.

    *created_at* and *updated_at* are the times (UTC seconds) of those revisions.
    """

    id: str
    name: str
    segment_id: str
    policy: Policy
    state: TriggerState
    created_at: int
    updated_at: int
    revision: int

    @property
    def etag(self) -> str:
        """Changes with every update."""
        return str(self.revision)

    @property
    def is_active(self) -> bool:
        """Whether entering contacts become entries."""
        return self.state is TriggerState.ACTIVE

    def check_not_stopped(self) -> None:
        """Raise `FailedPrecondition` when its segment is gone."""
        if self.state is TriggerState.STOPPED:
            raise self.wrong_state("is stopped: its segment was deleted")

    def wrong_state(self, description: str) -> FailedPrecondition:
        """Return the error for something its state does not allow."""
        return FailedPrecondition(
            "TRIGGER_STATE", f"trigger/{self.id}", f"trigger {self.id!r} {description}"
        )

    def facts(self) -> dict[str, Any]:
        """Return it as JSON-able facts."""
        return asdict(self)

    @classmethod
    def load(cls, facts: dict[str, Any]) -> Trigger:
        """Undo `facts`."""
        policy = Policy(Reentry(facts["policy"]["reentry"]), facts["policy"]["days"])
        return cls(**{**facts, "policy": policy, "state": TriggerState(facts["state"])})
