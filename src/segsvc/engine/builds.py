"""Segments that are being built: leaves answered in small pieces, before the writer's turn.

A definition enters the commit queue when its leaves are answered, so that its turn only combines
bitmaps. Everything here runs on the event loop between other calls, and a piece never waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic, thread_time

from segsvc.condition.tree import Condition
from segsvc.domain.errors import NotServing, SegsvcError, Superseded
from segsvc.engine.accept import accept
from segsvc.engine.clock import Clock
from segsvc.engine.codec import Write
from segsvc.engine.numbers import IndexNumbers
from segsvc.engine.pace import Work
from segsvc.engine.requests import Answer
from segsvc.engine.state import StoreState
from segsvc.engine.write import CommitLoop
from segsvc.index import EventOverlay
from segsvc.segment.build import Build
from segsvc.segment.suggestions import suggestion
from segsvc.segment.writes import CreateFromSuggestion, CreateSegment, UpdateSegment

PIECE_SECONDS = 0.002
"""CPU time a piece should take; up to twice as much is well."""

FIRST_PIECE = 512
"""Ordinals in the first piece of a leaf."""

LARGEST_PIECE = 65_536
"""Beyond, scanning all events may look cheaper to a leaf than walking those of the contacts."""


class Builds:
    """All builds of a server; of one segment only that of the newest edit goes on."""

    def __init__(
        self, commits: CommitLoop, clock: Clock, is_open: Callable[[StoreState], bool]
    ) -> None:
        self._commits = commits
        self._clock = clock
        self._is_open = is_open
        self._newest: dict[tuple[StoreState, str], Write] = {}
        self._sent: set[asyncio.Future[Answer]] = set()

    async def write(
        self,
        state: StoreState,
        method: str,
        request_id: str,
        payload: bytes,
        write: Write,
        digest: str,
    ) -> Answer:
        """Build what *write* needs, then commit it; the leaves stay answered until it is.

        Raises:
            Superseded: a newer edit of the segment came.
            NotServing: the server stops, or the store was deleted.
        """
        build = await self._built(state, method, request_id, digest, write)
        commit = self._commits.write(state, method, request_id, payload, write, None, digest)
        if build is None:
            return await commit
        sent = asyncio.ensure_future(commit)
        self._sent.add(sent)
        sent.add_done_callback(lambda _: self._committed(build, sent))
        return await asyncio.shield(sent)

    def _committed(self, build: Build, sent: asyncio.Future[Answer]) -> None:
        build.close()
        self._sent.discard(sent)
        if not sent.cancelled():
            sent.exception()  # who asked may be gone, and nobody else wants it

    async def ended(self) -> None:
        """Wait until what was sent is answered."""
        await asyncio.gather(*self._sent, return_exceptions=True)

    async def _built(
        self, state: StoreState, method: str, request_id: str, digest: str, write: Write
    ) -> Build | None:
        """Answer the leaves that *write* needs.

        None: there is nothing to build, or the turn will refuse the write, or has its answer.
        """
        at = max(state.at, self._clock.now())
        try:
            if state.requests.find(method, request_id, digest, at) is not None:
                return None
            accept(state, write, at, EventOverlay())
        except SegsvcError:
            return None
        condition = _condition(state, write, at)
        if not isinstance(write, UpdateSegment):
            return None if condition is None else await self._build(state, condition, None)
        self._newest.pop((state, write.segment_id), None)
        return None if condition is None else await self._build(state, condition, write)

    async def _build(
        self, state: StoreState, condition: Condition, edit: UpdateSegment | None
    ) -> Build | None:
        if edit is not None:
            self._newest[state, edit.segment_id] = edit
        build, work = Build(state.memberships.answers, condition), Work(self._commits.pace)
        try:
            size: int | None = FIRST_PIECE
            begun = 0
            while not build.done and self._is_wanted(state, edit):
                if build.answers is not state.memberships.answers:
                    build = Build(state.memberships.answers, condition)  # the store was rebuilt
                if build.leaves_begun > begun:
                    size, begun = FIRST_PIECE, build.leaves_begun
                began = monotonic()
                size = _paced(build, state, size)
                await work.did(monotonic() - began)
        except BaseException:
            build.close()
            raise
        finally:
            if edit is not None and self._newest.get((state, edit.segment_id)) is edit:
                del self._newest[state, edit.segment_id]
        return build

    def _is_wanted(self, state: StoreState, edit: UpdateSegment | None) -> bool:
        """Whether to go on; a segment that is gone is refused by the turn."""
        if not self._is_open(state):
            raise NotServing("STOPPING", "the server is stopping, or the store is deleted")
        if edit is None:
            return True
        if self._newest.get((state, edit.segment_id)) is not edit:
            raise Superseded(edit.segment_id)
        return edit.segment_id in state.segments


def _condition(state: StoreState, write: Write, at: int) -> Condition | None:
    """Return the new condition of an accepted write, as far as it can be told before its turn."""
    match write:
        case CreateSegment(_, _, _, condition) | UpdateSegment(_, _, _, _, condition):
            return condition
        case CreateFromSuggestion(suggestion_id, _, _, _, parameters):
            numbers = IndexNumbers(state.view(), state.index, at)
            chosen = suggestion(suggestion_id)
            return chosen.build(numbers, chosen.choose(numbers, parameters))
        case _:
            return None


def _paced(build: Build, state: StoreState, size: int | None) -> int | None:
    """Take one step of *size* contacts (None: everybody left); return the size of the next."""
    began = thread_time()
    asked = build.step(state.view(), size)
    took = thread_time() - began
    if size is None or not asked:
        return size
    if took < PIECE_SECONDS:
        return min(size * 2, LARGEST_PIECE)
    if took < PIECE_SECONDS * 2:
        return size
    if size == FIRST_PIECE and took > PIECE_SECONDS * 4:
        return None  # few cost it as much as many do, so in pieces it would not end
    return max(size // 2, FIRST_PIECE)
