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
from time import perf_counter
from typing import Protocol

import structlog

from segsvc.domain.errors import (
    EarlierChunkRefused,
    NotFound,
    NotServing,
    Overloaded,
    Poisoned,
    SegsvcError,
    StorageFailed,
)
from segsvc.domain.record import JournalRecord
from segsvc.engine.accept import accept
from segsvc.engine.apply import apply_record, apply_tick
from segsvc.engine.clock import Clock, trusted_now
from segsvc.engine.codec import Codec, Write
from segsvc.engine.pace import Pace
from segsvc.engine.requests import Answer, digest_of
from segsvc.engine.state import StoreState
from segsvc.engine.time_steps import SLICE_SECONDS, is_behind, take_step, take_steps, upcoming_step
from segsvc.engine.turn import Chain, Turn, Waiting
from segsvc.index import EventOverlay

log = structlog.get_logger()

SLICES_PER_TURN = 8
"""Slices of steps of time that share a transaction; others run in between."""

MAX_WAITING_BYTES = 256 * 2**20
"""Payload bytes that may wait in all before writes are refused."""


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
        self._catching_up: set[StoreState] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "segsvc-journal")
        self._beside = ThreadPoolExecutor(1, "segsvc-contacts")
        self._advanced = asyncio.Condition()
        self.pace = Pace()
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
        self._beside.shutdown()

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

    async def catch_up(
        self, states: Iterable[StoreState], target: int, *, mark: bool = False
    ) -> None:
        """Let time pass in stores up to *target*, in steps; those that change something are kept.

        Many stores share a transaction, and others get a turn in between.

        Args:
            mark: whether the last step is kept in any case.
        """
        waiting = deque(states)
        while waiting:
            stepped: dict[StoreState, None] = {}
            async with self._frozen:
                for _ in range(SLICES_PER_TURN):
                    stepped.update(dict.fromkeys(_step_some(waiting, target, mark=mark)))
                    await asyncio.sleep(0)
                    if not waiting:
                        break
                await self.settle_owed(*stepped)
            await self._announce(*stepped)

    async def settle_owed(self, *states: StoreState) -> None:
        """Make the ticks that stores owe the journal durable, and apply them; between turns."""
        await self._append([tick.record for state in states for tick in state.owed])
        for state in states:
            _apply_owed(state)

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while ready := self._ready():
                async with self._frozen:
                    written = await self._one_turn(*ready)
                await self._announce(*written)
                await self.pace.pause()
            if (self._closing and not self._catching_up) or self.fault is not None:
                return

    def _ready(self) -> tuple[list[StoreState], int] | None:
        """Return the stores that can take a turn, and its time; None: there is none.

        A store that time has far to go in catches up first, beside the turns of others.
        """
        try:
            now = trusted_now(self._clock) if self._queues else 0
        except NotServing as refused:
            for state in list(self._queues):
                self._refuse(state, refused)
            return None
        for state in [held for held in self._queues if held.gone]:
            self._refuse(state, NotFound("store", state.store_id))
        behind = {state for state in self._queues if is_behind(state, now)}
        for state in behind - self._catching_up:
            self._catching_up.add(state)
            task = asyncio.get_running_loop().create_task(self._catch_up_for_writes(state, now))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        ready = [state for state in self._queues if state not in self._catching_up]
        return (ready, now) if ready else None

    async def _catch_up_for_writes(self, state: StoreState, now: int) -> None:
        try:
            await self.catch_up([state], now)
        except SegsvcError as failed:
            self._refuse(state, failed)
        finally:
            self._catching_up.discard(state)
            self._wake.set()

    async def _one_turn(self, states: list[StoreState], now: int) -> list[StoreState]:
        """The pipeline: what waits -> accepted -> journaled -> applied -> answered."""
        with self.pace.holding():
            turns = [self._form(state, now) for state in states if not state.gone]
            records = [turn.records() for turn in turns]
        try:
            await self._append([record for held in records for record in held], turns)
        except SegsvcError as failed:
            for turn in turns:
                _fail(turn.requests, failed)
            return []
        await self.pace.pause()
        try:
            with self.pace.holding():
                for turn, held in zip(turns, records, strict=True):
                    _apply_owed(turn.state)
                    if turn.requests:
                        await self._apply(turn, held[-1])
        except Exception as broken:
            self._give_up(turns, broken)
        self.pace.turned(sum(turn.size for turn in turns))
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

    async def _append(self, records: list[JournalRecord], turns: Iterable[Turn] = ()) -> None:
        """Make *records* durable; meanwhile find the contacts that *turns* name.

        What goes wrong with finding them goes wrong again when the turn is applied.
        """
        if not records:
            return
        loop = asyncio.get_running_loop()
        durable = loop.run_in_executor(self._thread, self._journal.append, records)
        found = [
            loop.run_in_executor(self._beside, turn.state.index.contacts.look_ahead, ids)
            for turn in turns
            if (ids := turn.ids())
        ]
        try:
            await durable
        finally:
            await asyncio.gather(*found, return_exceptions=True)

    def _refuse(self, state: StoreState, error: SegsvcError) -> None:
        """Refuse all that waits for a store."""
        queue = self._queues.pop(state, deque())
        self._waiting_bytes -= sum(len(held.payload) for held in queue)
        _fail(((held, None) for held in queue), error)

    def _form(self, state: StoreState, now: int) -> Turn:
        """Take what the store may commit next; requests that are not accepted are answered."""
        queue = self._queues[state]
        turn = Turn(state, _let_time_pass(state, now))
        overlay = EventOverlay()
        taken, room, ids = 0, self.pace.turn_bytes, set()
        while queue:
            held = queue[0]
            key = (held.method, held.request_id)
            full = taken + len(held.payload) > room
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


def _step_some(waiting: deque[StoreState], target: int, *, mark: bool) -> list[StoreState]:
    """Take steps in one store after the other, for a moment; return which, and keep the rest."""
    stepped: list[StoreState] = []
    began = perf_counter()
    while waiting and (not stepped or perf_counter() - began < SLICE_SECONDS):
        state = waiting.popleft()
        if state.gone:
            continue
        stepped.append(state)
        if not take_steps(state, target, mark=mark):
            waiting.append(state)
            break
    return stepped


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
