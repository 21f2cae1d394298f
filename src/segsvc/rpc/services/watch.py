"""WatchService: each watcher is a cursor in the change log, so nobody waits for anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from time import monotonic
from typing import Any

from segsvc.bitmap import Bitmap, ordinals_of
from segsvc.domain.errors import InvalidArgument, NotServing, RevisionCompacted
from segsvc.engine.engine import Engine
from segsvc.engine.state import StoreState
from segsvc.rpc.decode.fields import check_known, required
from segsvc.rpc.encode import changes as encode
from segsvc.rpc.encode import members as encode_members
from segsvc.rpc.principal import principal
from segsvc.rpc.resume_tokens import ResumeTokens
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import timestamp
from segsvc.rpc.tokens import PageTokens
from segsvc.segment.delta import Changes
from segsvc.v1 import watch_service_pb2 as pb
from segsvc.watch.coalesce import by_contact_id, coalesced

BOOKMARK_SECONDS = 5.0
"""How often a watcher for whom nothing changes is told how far the store has come."""

MAX_SEGMENTS = 1_000


class WatchService(Servicer):
    """See watch_service.proto."""

    def __init__(
        self,
        engine: Engine,
        tokens: PageTokens,
        resume: ResumeTokens,
        bookmark_seconds: float = BOOKMARK_SECONDS,
    ) -> None:
        super().__init__(engine, tokens)
        self._resume = resume
        self._encoded = encode.EncodedChanges()
        self._bookmark_seconds = bookmark_seconds

    async def Watch(self, request: pb.WatchRequest, context: Any) -> AsyncIterator[bytes]:
        """Stream deltas: bytes, because equal messages are encoded once."""
        state = self.store(request.store_id)
        encode_members.check_format(request.format, ())
        if len(request.segment_ids) > MAX_SEGMENTS:
            raise InvalidArgument.of("segment_ids", f"must be at most {MAX_SEGMENTS:,} segments")
        check_known(request.initial_snapshot, pb.InitialSnapshot, "initial_snapshot")
        caller = principal(context)
        if request.resume_token:
            revision = self._resume.read(state, caller, request.resume_token)
            told = 0
        else:
            for segment_id in request.segment_ids:
                state.segments.get(segment_id)
            await self.engine.settle(state)
            revision, at = state.revision, state.at
            async for message in self._beginning(state, request, caller, revision, at):
                yield message
            told = revision
        async for message in self._follow(state, request, caller, revision, told):
            yield message

    async def _beginning(
        self, state: StoreState, request: pb.WatchRequest, caller: str, revision: int, at: int
    ) -> AsyncIterator[bytes]:
        """Yield the initial snapshot, or a bookmark where there is none."""
        token = self._resume.make(state, caller, revision)
        wanted: Sequence[str] = ()
        if request.initial_snapshot == pb.INITIAL_SNAPSHOT_MEMBERS:
            ids = request.segment_ids or [str(segment.id) for segment in state.segments]
            wanted = tuple(dict.fromkeys(ids))
        members = [
            (held, Bitmap(state.memberships.members(held), optimize=False)) for held in wanted
        ]
        last: bytes | None = None
        for message in encode.snapshot(state, revision, at, members, request.format):
            if last is not None:
                yield last
            last = message
        yield encode.with_token(last or encode.bookmark(state, revision, at), token)

    async def _follow(
        self, state: StoreState, request: pb.WatchRequest, caller: str, revision: int, told: int
    ) -> AsyncIterator[bytes]:
        """Yield the changes of later revisions, and bookmarks, until the caller goes.

        *told* is the revision of the last message; 0: there was none, so that the caller is told
        at once when it has caught up.
        """
        told_at = monotonic() if told else 0.0
        while True:
            self.engine.check_served(state)
            reached, at = state.revision, state.at
            pulse = self.engine.pulse(state)
            page = await self.engine.changes_since(state, revision)
            for changes, first in _united(page) if request.coalesce else _each(page):
                for message in self._messages(state, request, caller, changes, first):
                    yield message
                    told, told_at = changes.revision, monotonic()
                revision = changes.revision
            if page:
                continue
            revision = max(revision, reached)
            overdue = told_at + self._bookmark_seconds - monotonic()
            if revision > told and overdue <= 0:
                token = self._resume.make(state, caller, revision)
                yield encode.with_token(encode.bookmark(state, revision, at), token)
                told, told_at = revision, monotonic()
            await self._wait(state, pulse, max(overdue, 0.0) if revision > told else None)

    def _messages(
        self,
        state: StoreState,
        request: pb.WatchRequest,
        caller: str,
        changes: Changes,
        first_revision: int,
    ) -> Iterator[bytes]:
        """Yield the messages of a revision that concern the caller, the last with a token."""
        wanted = frozenset(request.segment_ids)
        with_leaves = request.with_changed_leaves
        if first_revision:
            if encode.is_by_id(request.format):
                changes = by_contact_id(changes, state.index.contacts)
            deltas = (held for held in changes.deltas if not wanted or held.segment_id in wanted)
            found = encode.encode(
                state,
                changes,
                deltas,
                request.format,
                with_leaves=with_leaves,
                first_revision=first_revision,
            )
        else:
            found = self._encoded.messages(
                state, changes, request.format, with_leaves=with_leaves, wanted=wanted
            )
        last: bytes | None = None
        for message in found:
            if last is not None:
                yield last
            last = message
        if last is not None:
            yield encode.with_token(last, self._resume.make(state, caller, changes.revision))

    async def _wait(
        self, state: StoreState, pulse: asyncio.Future[None], seconds: float | None
    ) -> None:
        """Wait for the store's next revision, or some time."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(pulse)
        except TimeoutError:
            pass
        if self.engine.stopping:
            raise NotServing("STOPPING", "the server is stopping; resume with the last token")

    async def ListPastMembers(
        self, request: pb.ListPastMembersRequest, context: Any
    ) -> pb.ListPastMembersResponse:
        """List who was in a segment at a revision that is still kept."""
        state = self.store(request.store_id)
        await self.engine.settle(state)
        segment = state.segments.get(required(request.segment_id, "segment_id"))
        if not 1 <= request.revision <= state.revision:
            raise InvalidArgument.of("revision", f"must be 1..{state.revision:,}")
        members, at = await self._members_then(state, segment.id, request.revision)
        start, end, token = self.cut(request, len(members), 1_000, 10_000)
        alive = encode_members.living(state, ordinals_of(members)[start:end])
        return pb.ListPastMembersResponse(
            contact_ids=state.index.contacts.ids_of(alive).tolist(),
            next_page_token=token,
            total_size=len(members),
            at=None if at is None else timestamp(at),
        )

    async def _members_then(
        self, state: StoreState, segment_id: str, revision: int
    ) -> tuple[Bitmap, int | None]:
        """Go back from the members now; return those at *revision*, and its time if it is known.

        The time stands in the revision's own change, which may be dropped already at the oldest
        revision that is kept.
        """
        newest, now = state.revision, state.at
        members = state.memberships.members(segment_id).copy()
        try:
            later = await self._changes_between(state, revision - 1, newest)
        except RevisionCompacted:
            later = await self._changes_between(state, revision, newest)
        for held in reversed(later):
            if held.revision == revision:
                return members, held.at
            for delta in held.deltas:
                if delta.segment_id == segment_id:
                    members = (members - delta.entered) | delta.left
        return members, now if revision == newest else None

    async def _changes_between(
        self, state: StoreState, revision: int, newest: int
    ) -> list[Changes]:
        found: list[Changes] = []
        while page := await self.engine.changes_since(state, revision):
            found.extend(held for held in page if held.revision <= newest)
            revision = page[-1].revision
            if revision >= newest:
                break
        return found


def _each(page: Sequence[Changes]) -> Iterator[tuple[Changes, int]]:
    for changes in page:
        yield changes, 0


def _united(page: Sequence[Changes]) -> Iterator[tuple[Changes, int]]:
    """Yield one change for a page of several, with the first revision that it covers."""
    if len(page) > 1:
        yield coalesced(page), page[0].revision
    else:
        yield from _each(page)
