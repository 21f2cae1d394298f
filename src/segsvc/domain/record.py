"""Journal records: what one committed revision of one store is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from segsvc.domain.ids import Revision, StoreId


class RecordKind(StrEnum):
    """What a record does."""

    STORE = "store"
    """Creates the store; always revision 1."""
    WRITES = "writes"
    """Applies 1..n requests, in order."""
    TICK = "tick"
    """Only time passed."""
    POISONED = "poisoned"
    """Held writes that could not be applied; they were never acknowledged and are skipped."""
    RULES = "rules"
    """The service started under other rules; memberships were checked again."""


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """What replay must know of one request besides its payload.

    Attributes:
        method: the write method of the contract, like ``UpsertContacts``.
        request_id: as given, or empty.
        accepted: packed bits (little-endian) of the accepted rows; None: every row.
        digest: hex digest of the payload, which tells a retry from another use of an id.
        answer: JSON-able facts of the answer that were known before the record was applied.
    """

    method: str
    request_id: str
    accepted: bytes | None
    digest: str
    answer: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """The small part of a record.

    Attributes:
        rules: version of the rules under which rows were accepted.
        requests: one per payload, in order.
        facts: JSON-able, of kinds other than WRITES.
    """

    rules: str
    requests: tuple[RequestHeader, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """One committed revision of one store.

    Attributes:
        at: UTC seconds of the revision.
        payloads: the requests' own bytes, one per `RecordHeader.requests`.
        epoch: of the owner of the database who stored it; 0: it is not stored yet.
    """

    store_id: StoreId
    revision: Revision
    at: int
    kind: RecordKind
    header: RecordHeader
    payloads: tuple[bytes, ...] = ()
    epoch: int = field(default=0, compare=False)
