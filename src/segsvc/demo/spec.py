"""What store to make: its size, its length of history, and how untidy its delivery is."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.domain.errors import InvalidArgument

DAY = 86_400

DEFAULT_END = 1_768_478_400
"""2026-01-15 12:00:00 UTC: shortly after a season's peak, so that "last 90 days" holds it."""

PRIOR_DAYS = 1_095
"""Contacts may have registered this long before the history of events begins."""

MAX_CONTACTS = 10_000_000
MAX_EVENTS_PER_CONTACT = 200.0


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """One generated store; equal specs give equal bytes.

    Attributes:
        contacts: how many contacts, 1,000 to 10,000,000.
        seed: another seed makes another store of the same kind.
        events_per_contact: the mean over all contacts, 1 to 200; the spread is heavy-tailed.
        end: the store's "now" in UTC seconds; nothing happens after it.
        days: length of the history of events.
        late: share of events that arrive minutes to weeks after they happened.
        repeated: share of events that are delivered a second time, under the same event id.
    """

    contacts: int
    seed: int = 7
    events_per_contact: float = 10.0
    end: int = DEFAULT_END
    days: int = 730
    late: float = 0.01
    repeated: float = 0.0

    def __post_init__(self) -> None:
        _check("contacts", self.contacts, 1_000, MAX_CONTACTS)
        _check("seed", self.seed, 0, 2**63 - 1)
        _check("events_per_contact", self.events_per_contact, 1, MAX_EVENTS_PER_CONTACT)
        _check("days", self.days, 7, 3_650)
        _check("end", self.end, (self.days + PRIOR_DAYS) * DAY, 2**32 - 2)
        _check("late", self.late, 0, 1)
        _check("repeated", self.repeated, 0, 1)

    @property
    def start(self) -> int:
        """The first second of the history of events."""
        return self.end - self.days * DAY


def _check(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidArgument.of(field, f"must be {low:,} to {high:,}, is {value:,}")
