"""A watch on its way: whole revisions only, and what to ask for next, whatever breaks."""

from __future__ import annotations

import time
from asyncio import sleep
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from segsvc.client.call import Call, Scope, delays
from segsvc.client.errors import CallFailed, is_worth_repeating
from segsvc.client.strings import texts_of
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import watch_service_pb2 as pb

SNAPSHOT = "SNAPSHOT"
"""The cause of a change that says who is in when the watch begins."""

PATIENCE = 300.0
"""Seconds for which a server that does not answer is asked again."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who entered and left one segment at one revision.

    Attributes:
        cause: SNAPSHOT, DATA, TIME, DEFINITION, CONTACT_DELETED or MERGED.
        entered, left: contact ids.
        first_revision: the first revision that a coalesced change covers; 0: it is not coalesced.
        changed_leaves: paths in the condition, when they were asked for.
        resume_token: continues behind this change; empty when more of its revision follows.
    """

    segment_id: str
    cause: str
    entered: list[str]
    left: list[str]
    revision: int
    at: datetime
    first_revision: int = 0
    changed_leaves: tuple[str, ...] = ()
    resume_token: bytes = b""


class Cursor:
    """What was watched so far. Hands out a revision when all of it has come, so never twice."""

    def __init__(
        self,
        scope: Scope,
        segment_ids: Iterable[str],
        *,
        since: bytes,
        members: bool,
        coalesce: bool,
        changed_leaves: bool,
    ) -> None:
        self.resume_token = since
        """Continues behind what has come whole; asked for when the stream breaks."""
        self.handed = since
        """Continues behind what was handed out."""
        self._request = pb.WatchRequest(
            store_id=scope.store_id,
            segment_ids=segment_ids,
            initial_snapshot=(pb.INITIAL_SNAPSHOT_MEMBERS if members else pb.INITIAL_SNAPSHOT_NONE),
            format=evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS,
            coalesce=coalesce,
            with_changed_leaves=changed_leaves,
        )
        self._waiting: list[Change] = []

    def call(self) -> Call[pb.WatchResponse]:
        """Return what to ask now; a revision that has come in part is asked for again."""
        self._waiting = []
        self._request.resume_token = self.resume_token
        return Call("/segsvc.v1.WatchService/Watch", self._request, pb.WatchResponse)

    def take(self, message: pb.WatchResponse) -> Iterator[Change]:
        """Take in a message; yield the changes of its revision once they are all there."""
        for change in self._whole(message):
            self.handed = change.resume_token or self.handed
            yield change
        self.handed = self.resume_token

    def _whole(self, message: pb.WatchResponse) -> list[Change]:
        self._waiting += _changes(message)
        if not message.resume_token:
            return []
        self.resume_token = message.resume_token
        whole, self._waiting = self._waiting, []
        return whole


def _changes(message: pb.WatchResponse) -> list[Change]:
    """Return the changes of a message, the last with its token."""
    at = datetime.fromtimestamp(message.at.seconds, UTC)
    found: list[Change] = []
    match message.WhichOneof("event"):
        case "snapshot":
            held = message.snapshot
            entered = texts_of(held.members.contact_ids)
            found.append(Change(held.segment_id, SNAPSHOT, entered, [], message.revision, at))
        case "deltas":
            found += [
                Change(
                    delta.segment_id,
                    pb.DeltaCause.Name(delta.cause).removeprefix("DELTA_CAUSE_"),
                    texts_of(delta.entered.contact_ids),
                    texts_of(delta.left.contact_ids),
                    message.revision,
                    at,
                    message.first_revision,
                    tuple(delta.changed_leaf_paths),
                )
                for delta in message.deltas.deltas
            ]
    if found:
        found[-1] = replace(found[-1], resume_token=message.resume_token)
    return found


class Watch:
    """Changes as they come, without an end; a broken stream goes on where it broke.

    `resume_token` continues behind the last revision all of whose changes were handed out: whoever
    keeps it beside what it did with them goes on after its own crash with nothing lost, and sees
    again at most the changes of one revision.
    """

    def __init__(
        self,
        messages: Callable[[Call[pb.WatchResponse]], Iterator[pb.WatchResponse]],
        cursor: Cursor,
        patience: float,
    ) -> None:
        self._messages = messages
        self._cursor = cursor
        self._patience = patience

    @property
    def resume_token(self) -> bytes:
        """See `Watch`; also moved on by bookmarks when nothing changes."""
        return self._cursor.handed

    def __iter__(self) -> Iterator[Change]:
        waits = delays(self._patience)
        while True:
            try:
                for message in self._messages(self._cursor.call()):
                    waits = delays(self._patience)
                    yield from self._cursor.take(message)
            except CallFailed as failed:
                time.sleep(next_wait(failed, waits))


class AsyncWatch:
    """See `Watch`."""

    def __init__(
        self,
        messages: Callable[[Call[pb.WatchResponse]], AsyncIterator[pb.WatchResponse]],
        cursor: Cursor,
        patience: float,
    ) -> None:
        self._messages = messages
        self._cursor = cursor
        self._patience = patience

    @property
    def resume_token(self) -> bytes:
        """See `Watch.resume_token`."""
        return self._cursor.handed

    async def __aiter__(self) -> AsyncIterator[Change]:
        waits = delays(self._patience)
        while True:
            try:
                async for message in self._messages(self._cursor.call()):
                    waits = delays(self._patience)
                    for change in self._cursor.take(message):
                        yield change
            except CallFailed as failed:
                await sleep(next_wait(failed, waits))


def next_wait(failed: CallFailed, waits: Iterator[float]) -> float:
    """Return how long to wait before asking again, or raise what cannot be waited out."""
    delay = next(waits, None) if is_worth_repeating(failed) else None
    if delay is None:
        raise failed
    return delay
