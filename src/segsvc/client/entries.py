"""A trigger's entries on their way: each message once, and what to ask for when a stream breaks."""

from __future__ import annotations

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from segsvc.client.call import Call, Scope, delays
from segsvc.client.errors import CallFailed
from segsvc.client.strings import texts_of
from segsvc.client.watching import next_wait
from segsvc.v1 import automation_pb2
from segsvc.v1 import automation_service_pb2 as pb


@dataclass(frozen=True, slots=True)
class Entry:
    """One contact who entered. *sequence* identifies the entry of this trigger for good."""

    sequence: int
    contact_id: str
    cause: str
    """DATA, TIME, MERGED, SEGMENT_UPDATE or ACTIVATION."""
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Entries:
    """What comes next in a stream.

    Attributes:
        entries: who entered; may be empty.
        stop_before: everybody who entered with a lower sequence must be stopped; None: nobody.
        through_sequence: acknowledge this when all of it is processed.
    """

    entries: tuple[Entry, ...]
    stop_before: int | None
    through_sequence: int


class EntryCursor:
    """What was handed out so far."""

    def __init__(self, scope: Scope, trigger_id: str, after: int | None) -> None:
        self._request = pb.StreamEntriesRequest(
            store_id=scope.store_id, trigger_id=trigger_id, after_sequence=after
        )

    def call(self) -> Call[pb.StreamEntriesResponse]:
        """Return what to ask now."""
        path = "/segsvc.v1.AutomationService/StreamEntries"
        return Call(path, self._request, pb.StreamEntriesResponse)

    def take(self, message: pb.StreamEntriesResponse) -> Entries:
        """Take in a message."""
        self._request.after_sequence = message.through_sequence
        batch = message.entries
        cause = automation_pb2.EntryCause.Name(batch.cause).removeprefix("ENTRY_CAUSE_")
        at = datetime.fromtimestamp(batch.at.seconds, UTC)
        entries = tuple(
            Entry(sequence, contact_id, cause, batch.revision, at)
            for sequence, contact_id in zip(
                batch.sequences, texts_of(batch.contact_ids), strict=True
            )
        )
        stop = message.stop.sequence if message.HasField("stop") else None
        return Entries(entries, stop, message.through_sequence)


class EntryStream:
    """`Entries` as they come, without an end; a broken stream goes on where it broke."""

    def __init__(
        self,
        messages: Callable[[Call[pb.StreamEntriesResponse]], Iterator[pb.StreamEntriesResponse]],
        cursor: EntryCursor,
        patience: float,
    ) -> None:
        self._messages = messages
        self._cursor = cursor
        self._patience = patience

    def __iter__(self) -> Iterator[Entries]:
        waits = delays(self._patience)
        while True:
            try:
                for message in self._messages(self._cursor.call()):
                    waits = delays(self._patience)
                    yield self._cursor.take(message)
            except CallFailed as failed:
                time.sleep(next_wait(failed, waits))


class AsyncEntryStream:
    """See `EntryStream`."""

    def __init__(
        self,
        messages: Callable[
            [Call[pb.StreamEntriesResponse]], AsyncIterator[pb.StreamEntriesResponse]
        ],
        cursor: EntryCursor,
        patience: float,
    ) -> None:
        self._messages = messages
        self._cursor = cursor
        self._patience = patience

    async def __aiter__(self) -> AsyncIterator[Entries]:
        waits = delays(self._patience)
        while True:
            try:
                async for message in self._messages(self._cursor.call()):
                    waits = delays(self._patience)
                    yield self._cursor.take(message)
            except CallFailed as failed:
                await sleep(next_wait(failed, waits))
