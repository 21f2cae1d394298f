"""The write path: a queue, turns, group commit, apply, answer.

One commit loop serves all stores of a database. A turn takes what waits, store by store and
limited by bytes, so that no store starves another; it becomes one revision per store and one
transaction in all. While one turn is being made durable the next queues up; there is no timer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import structlog

from segsvc.automation.writes import AckEntries
from segsvc.domain.errors import (
    EarlierChunkRefused,
    NotServing,
    Overloaded,
    Poisoned,
    SegsvcError,
    StorageFailed,
)
from segsvc.domain.ids import Revision
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind, RequestHeader
from segsvc.domain.write import RecordEvents, SetLifecycleLabels, UpsertContacts
from segsvc.engine.accept import Acceptance, accept
from segsvc.engine.apply import apply_record, apply_tick
from segsvc.engine.clock import Clock
from segsvc.engine.codec import Codec, Write
from segsvc.engine.requests import Answer, digest_of
from segsvc.engine.rules import RULES
from segsvc.engine.state import StoreState
from segsvc.engine.time_steps import take_step, take_steps, upcoming_step
from segsvc.index import EventOverlay

log = structlog.get_logger()

TURN_BYTES = 2**19
"""Payload bytes that one store may put into one turn; a single larger request still goes.

Nothing else runs while a turn is applied: some milliseconds for so much. Turns of 4 MiB import
a tenth faster and hold everybody up eight times as long."""

MAX_WAITING_BYTES = 256 * 2**20
"""Payload bytes that may wait in all before writes are refused."""


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

    def records(self) -> list[JournalRecord]:
        """Return the journal records of the turn: ticks that come first, then its writes.

        Ticks are kept also when no write was accepted: memberships went through them.
        """
        ticks = [tick.record for tick in self.state.owed]
        return [*ticks, self._writes()] if self.requests else ticks

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
            header=RecordHeader(rules=RULES, requests=headers, facts={}),
            payloads=tuple(held.payload for held, _ in self.requests),
        )


def _packed(acceptance: Acceptance) -> bytes | None:
    if acceptance.rows is None:
        return None
    return np.packbits(acceptance.rows, bitorder="little").tobytes()


class Journal(Protocol):
    """What the write path needs of storage."""

    def append(self, records: list[JournalRecord]) -> None:
        """Make *records* durable in one transaction, or raise and leave nothing."""


class Poison(Protocol):
    """Called when a journaled record could not be applied."""

    async def __call__(self, store_id: str, record: JournalRecord) -> None:
        """Empty the record's revision for every replay, and rebuild the store."""


class CommitLoop:
    """Turns queued writes into durable revisions."""

    def __init__(
        self,
        journal: Journal,
        codec: Codec,
        clock: Clock,
        poison: Poison,
        changed: Callable[[StoreState], None],
    ) -> None:
        self._journal = journal
        self._codec = codec
        self._clock = clock
        self._poison = poison
        self._changed = changed
        self._queues: dict[StoreState, deque[Waiting]] = {}
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.fault: StorageFailed | None = None
        """Set when a write could neither be applied nor taken back: the memory of its store is
        wrong, and only a restart brings back what the journal says."""
        self._thread = ThreadPoolExecutor(1, "segsvc-journal")
        self._advanced = asyncio.Condition()
        self._frozen = asyncio.Lock()

    def start(self) -> None:
        """Begin to commit; call inside a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Commit what waits, refuse what comes, and end."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    @property
    def waiting_bytes(self) -> int:
        """Payload bytes in the queue."""
        return self._waiting_bytes

    async def write(
        self,
        state: StoreState,
        method: str,
        request_id: str,
        payload: bytes,
        write: Write,
        chain: Chain | None = None,
        digest: str = "",
    ) -> Answer:
        """Make *write* durable and visible; return its answer.

        Args:
            chain: the writes of one stream that this one follows.
            digest: of *payload*, from `digest_of`, when it was made already.

        Raises:
            SegsvcError: when it is not accepted; nothing changed then.
        """
        if self.fault is not None:
            raise self.fault
        if self._closing:
            raise NotServing("STOPPING", "the server is stopping")
        if self._waiting_bytes + len(payload) > MAX_WAITING_BYTES:
            raise Overloaded("too many writes are waiting; try again with backoff")
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        known = digest or digest_of(payload)
        waiting = Waiting(method, request_id, payload, write, answered, chain or Chain(), known)
        self._queues.setdefault(state, deque()).append(waiting)
        self._waiting_bytes += len(payload)
        self._wake.set()
        return await asyncio.shield(waiting.answered)

    async def reached(self, state: StoreState, revision: int) -> None:
        """Wait until the store is at *revision* or later."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: state.revision >= revision)

    async def catch_up(self, state: StoreState, target: int, *, mark: bool = False) -> None:
        """Let time pass in a store up to *target*, in steps; those that change something are kept.

        Args:
            mark: whether the last step is kept in any case.
        """
        arrived = False
        while not arrived:
            async with self._frozen:
                arrived = take_steps(state, target, mark=mark)
                await self._settle(state)
            await self._announce(state)

    async def _settle(self, state: StoreState) -> None:
        """Make the ticks that a store owes its journal durable, and apply them."""
        owed = list(state.owed)
        if owed:
            await self._append([tick.record for tick in owed])
            _apply_owed(state)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while any(self._queues.values()):
                async with self._frozen:
                    written = await self._one_turn()
                await self._announce(*written)
            if self._closing or self.fault is not None:
                return

    async def _one_turn(self) -> list[StoreState]:
        """The pipeline: what waits -> accepted -> journaled -> applied -> answered."""
        turns = [self._form(state) for state in list(self._queues)]
        records = [turn.records() for turn in turns]
        try:
            await self._append([record for held in records for record in held])
        except SegsvcError as failed:
            for turn in turns:
                _fail(turn.requests, failed)
            return []
        try:
            for turn, held in zip(turns, records, strict=True):
                _apply_owed(turn.state)
                if turn.requests:
                    await self._apply(turn, held[-1])
        except Exception as broken:
            self._give_up(turns, broken)
        return [turn.state for turn, held in zip(turns, records, strict=True) if held]

    def _give_up(self, turns: list[Turn], broken: Exception) -> None:
        """Refuse what waits and what comes: something journaled is neither applied nor emptied."""
        log.critical("memory cannot be trusted", exc_info=broken)
        self.fault = StorageFailed(f"a write could not be taken back, restart the server: {broken}")
        for turn in turns:
            _fail(turn.requests, self.fault)
        for queue in self._queues.values():
            _fail(((held, None) for held in queue), self.fault)
        self._queues.clear()

    async def _append(self, records: list[JournalRecord]) -> None:
        if records:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._journal.append, records)

    def _form(self, state: StoreState) -> Turn:
        """Take what the store may commit next; requests that are not accepted are answered."""
        queue = self._queues[state]
        turn = Turn(state, _let_time_pass(state, self._clock.now()))
        overlay = EventOverlay()
        taken, ids = 0, set()
        while queue:
            held = queue[0]
            key = (held.method, held.request_id)
            full = taken + len(held.payload) > TURN_BYTES
            again = bool(held.request_id) and key in ids
            if turn.requests and (full or again or not held.shares or held.reads_contacts):
                break
            queue.popleft()
            self._waiting_bytes -= len(held.payload)
            if self._accept(turn, held, overlay):
                taken += len(held.payload)
                ids.add(key)
                if not held.shares:
                    break
        if not queue:
            del self._queues[state]
        return turn

    def _accept(self, turn: Turn, held: Waiting, overlay: EventOverlay) -> bool:
        try:
            if held.chain.broken:
                raise EarlierChunkRefused
            first = turn.state.requests.find(held.method, held.request_id, held.digest, turn.at)
            if first is not None:
                _answer(held, first)
                return False
            turn.requests.append((held, accept(turn.state, held.write, turn.at, overlay)))
        except SegsvcError as refused:
            _fail([(held, None)], refused)
            return False
        return True

    async def _apply(self, turn: Turn, record: JournalRecord) -> None:
        decoded = [held.write for held, _ in turn.requests]
        try:
            answers = apply_record(turn.state, record, self._codec, decoded)
        except Exception as broken:
            log.error("not applied", revision=record.revision, exc_info=broken)
            await self._poison(turn.state.store_id, record)
            _fail(turn.requests, Poisoned(f"the write could not be applied: {broken}"))
            return
        for (held, _), answer in zip(turn.requests, answers, strict=True):
            _answer(held, answer)

    async def _announce(self, *changed: StoreState) -> None:
        for state in changed:
            self._changed(state)
        async with self._advanced:
            self._advanced.notify_all()

    def between_turns(self) -> asyncio.Lock:
        """Return the lock under which no turn runs; hold it only for a moment."""
        return self._frozen


def _let_time_pass(state: StoreState, now: int) -> int:
    """Take all steps of time up to *now* but the last, which the writes of the turn go into."""
    target = max(state.memberships.at, now)
    while (step := upcoming_step(state, target)) < target:
        take_step(state, step)
    return target


def _apply_owed(state: StoreState) -> None:
    for tick in state.owed:
        apply_tick(state, tick.record, tick.deltas)
    state.owed.clear()


def _answer(held: Waiting, answer: Answer) -> None:
    if not held.answered.done():
        held.answered.set_result(answer)


def _fail(requests: Iterable[tuple[Waiting, object]], error: Exception) -> None:
    for held, _ in requests:
        held.chain.broken = True
        if not held.answered.done():
            held.answered.set_exception(error)
