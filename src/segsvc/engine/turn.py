"""Requests in the queue, and what one store commits of them as its next revision."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np

from segsvc.automation.writes import AckEntries
from segsvc.domain.columns import Strings
from segsvc.domain.ids import Revision
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind, RequestHeader
from segsvc.domain.write import RecordEvents, SetLifecycleLabels, UpsertContacts
from segsvc.engine.accept import Acceptance
from segsvc.engine.codec import Write
from segsvc.engine.requests import Answer
from segsvc.engine.state import StoreState

_MANY_IDS = 8_192
"""From here on ids are looked up beside the event loop: they take more than a millisecond."""


@dataclass(slots=True, eq=False)
class Chain:
    """The writes of one stream: once one is refused, those behind it are refused too."""

    broken: bool = False


@dataclass(slots=True, eq=False)
class Waiting:
    """A request in the queue."""

    method: str
    request_id: str
    payload: bytes
    write: Write
    answered: asyncio.Future[Answer]
    chain: Chain
    digest: str

    @property
    def shares(self) -> bool:
        """Whether it may share its revision with other writes."""
        return isinstance(
            self.write, UpsertContacts | SetLifecycleLabels | RecordEvents | AckEntries
        )

    @property
    def reads_contacts(self) -> bool:
        """Whether it is judged by which contacts exist, so that it cannot follow a data write."""
        if isinstance(self.write, RecordEvents):
            return not self.write.create_contacts
        return isinstance(self.write, SetLifecycleLabels)


@dataclass(slots=True)
class Turn:
    """What one store commits as its next revision."""

    state: StoreState
    at: int
    requests: list[tuple[Waiting, Acceptance]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Payload bytes of its requests."""
        return sum(len(held.payload) for held, _ in self.requests)

    def records(self) -> list[JournalRecord]:
        """Return the journal records of the turn: ticks that come first, then its writes.

        Ticks are kept also when no write was accepted: memberships went through them.
        """
        ticks = [tick.record for tick in self.state.owed]
        return [*ticks, self._writes()] if self.requests else ticks

    def ids(self) -> list[Strings]:
        """Return the ids that applying the turn will look up, batch by batch, if they are many.

        A batch of which some rows were not accepted is copied without them, and left out here.
        """
        whole = [held.write for held, accepted in self.requests if accepted.rows is None]
        batches = [held.batch.ids for held in whole if isinstance(held, UpsertContacts)]
        for write in whole:
            if isinstance(write, RecordEvents):
                batches += [block.ids for block in write.blocks]
        return batches if sum(map(len, batches)) >= _MANY_IDS else []

    def _writes(self) -> JournalRecord:
        headers = tuple(
            RequestHeader(
                method=held.method,
                request_id=held.request_id,
                accepted=_packed(acceptance),
                digest=held.digest,
                answer=acceptance.facts,
            )
            for held, acceptance in self.requests
        )
        return JournalRecord(
            store_id=self.state.store_id,
            revision=Revision(self.state.revision + len(self.state.owed) + 1),
            at=self.at,
            kind=RecordKind.WRITES,
            header=RecordHeader(rules=self.state.rules, requests=headers, facts={}),
            payloads=tuple(held.payload for held, _ in self.requests),
        )


def _packed(acceptance: Acceptance) -> bytes | None:
    if acceptance.rows is None:
        return None
    return np.packbits(acceptance.rows, bitorder="little").tobytes()
