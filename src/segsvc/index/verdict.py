"""What acceptance says of a block of events."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.domain.columns import Bool
from segsvc.domain.errors import RowError

AHEAD_SECONDS = 300
"""How far ahead of a revision's time an event may lie; it is stored with the revision's time."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Per event of the block (bool, n): kept, a duplicate, its time moved back to the revision's.

    An event that is neither kept nor a duplicate stands in *errors*, by its row in the request.
    """

    kept: Bool
    duplicate: Bool
    clamped: Bool
    errors: tuple[RowError, ...]


def ahead_error(row: int, at: int) -> RowError:
    """Say that an event lies in the future."""
    return RowError(
        row, "time", "TIME_AHEAD", f"is more than {AHEAD_SECONDS} s ahead of the store's time {at}"
    )


def deleted_error(row: int) -> RowError:
    """Say that an event is from before its contact was deleted."""
    return RowError(
        row, "contact_id", "CONTACT_DELETED", "the contact was deleted; the event is not newer"
    )


def unknown_error(row: int) -> RowError:
    """Say that there is no such contact where none is to be made."""
    return RowError(row, "contact_id", "CONTACT_UNKNOWN", "no such contact")
