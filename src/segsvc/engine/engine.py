"""All stores of one database: opened, written to, checkpointed, closed."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, TypeVar

import structlog

from segsvc.domain.calendar import Weekday, check_time_zone
from segsvc.domain.errors import (
    AlreadyExists,
    NotFound,
    RevisionCompacted,
    RevisionNotReached,
    StorageFailed,
)
from segsvc.domain.ids import Revision, StoreId, check_store_id
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind, RequestHeader
from segsvc.engine.allocator import resident_bytes, unused_bytes
from segsvc.engine.apply import apply_record, new_store
from segsvc.engine.builds import Builds
from segsvc.engine.checkpoints import CheckpointPolicy, Checkpoints
from segsvc.engine.clock import Clock, replay_clock, trusted_now
from segsvc.engine.codec import Codec, Write
from segsvc.engine.evaluation import Evaluation
from segsvc.engine.memory import ProcessMemory, parts_of
from segsvc.engine.new_rules import rules_record
from segsvc.engine.recover import Recovered, Unapplied, recover_store
from segsvc.engine.requests import Answer, digest_of
from segsvc.engine.rules import RULES
from segsvc.engine.state import StoreSettings, StoreState
from segsvc.engine.ticker import Ticker
from segsvc.engine.turn import Chain
from segsvc.engine.upkeep import Upkeep
from segsvc.engine.write import CommitLoop
from segsvc.segment.delta import Changes
from segsvc.segment.writes import SegmentWrite
from segsvc.storage import Storage

log = structlog.get_logger()
T = TypeVar("T")

CREATE_STORE = "CreateStore"

CHANGES_PER_PAGE = 256
"""Revisions whose changes a reader of the change log gets at a time."""


class Engine:
    """The stores of one database and the one loop that commits to them."""

    def __init__(
        self,
        storage: Storage,
        codec: Codec,
        clock: Clock,
        policy: CheckpointPolicy | None = None,
        evaluation: Evaluation | None = None,
        *,
        empties_unapplied: bool = False,
        rules: str = RULES,
    ) -> None:
        """Make an engine; `open` it.

        Args:
            evaluation: how conditions are evaluated; the usual way when not given.
            empties_unapplied: whether the last revision of a store, when it cannot be applied at
                start, is emptied. It may have been acknowledged by another version of the
                service, so an operator must say so.
        """
        self.storage = storage
        self.codec = codec
        self.clock = clock
        self.rules = rules
        self.recovered: list[Recovered] = []
        self.started_at = int(time.time())
        self._baseline = resident_bytes()
        self.evaluation = evaluation or Evaluation()
        self._empties_unapplied = empties_unapplied
        self._stores: dict[str, StoreState] = {}
        self._creating = asyncio.Lock()
        self._threads = ThreadPoolExecutor(2, "segsvc-storage")
        self._background: set[asyncio.Future[Any]] = set()
        self.commits = CommitLoop(storage, codec, clock, self._poison, self._changed)
        self.checkpoints = Checkpoints(
            storage, self.commits, codec, policy or CheckpointPolicy(), self.in_thread
        )
        self.ticker = Ticker(self.commits, clock)
        self.upkeep = Upkeep(self.stores, self.commits.pace)
        self._builds = Builds(self.commits, clock, self._is_open)
        self.stopping = False
        self._pulses: dict[StoreState, asyncio.Future[None]] = {}

    async def open(self) -> None:
        """Recover every store and begin to commit.

        Raises:
            StorageFailed: when what is stored of a store does not make one.
        """
        for store_id in await self.in_thread(self.storage.store_ids):
            state, recovered = await self._recover(store_id)
            self._stores[store_id] = state
            self.checkpoints.recovered(store_id, recovered.snapshot_revision)
            self.recovered.append(recovered)
            log.info("recovered", **recovered.facts())
            await self._renew_rules(state, recovered)
        self.clock.begin(max((state.at for state in self._stores.values()), default=0))
        self.commits.start()
        self.ticker.start()
        self.upkeep.start()
        self.upkeep.wake()
        for state in self.stores():
            self.ticker.plan(state)

    async def _recover(self, store_id: str) -> tuple[StoreState, Recovered]:
        try:
            return self._replayed(store_id)
        except Unapplied as broken:
            if not self._empties_unapplied:
                raise StorageFailed(
                    f"revision {broken.record.revision} of store {store_id!r}, its last, cannot be "
                    f"applied: {broken.__cause__!r}. If no client was told that it is durable, "
                    "start once with empty_unapplied"
                ) from broken
            await self._empty(broken.record)
        return self._replayed(store_id)

    def _replayed(self, store_id: str) -> tuple[StoreState, Recovered]:
        """Return a store as storage tells it, to be written on by this owner."""
        state, recovered = recover_store(self.storage, store_id, self.codec, self.evaluation)
        state.lineage.owner = self.storage.epoch
        return state, recovered

    async def _renew_rules(self, state: StoreState, recovered: Recovered) -> None:
        """Go on under this service's rules; see `new_rules`."""
        record = rules_record(state, recovered, self.rules)
        if record is not None:
            await self.in_thread(self.storage.append, [record])
            apply_record(state, record, self.codec)
            log.info(
                "new rules",
                store_id=state.store_id,
                revision=state.revision,
                rules=self.rules,
                watch_generation=state.watch_generation,
            )

    async def close(self) -> None:
        """Commit what waits, take a last snapshot of what changed, and end."""
        await self.upkeep.stop()
        await self.ticker.stop()
        await self.commits.stop()
        await self._builds.ended()
        await asyncio.gather(*self._background, return_exceptions=True)
        for state in self.stores():
            if not self.checkpoints.covers(state) and self._may_be_saved(state.store_id):
                await self.checkpoints.take(state)
        self._threads.shutdown()

    def _may_be_saved(self, store_id: str) -> bool:
        """Whether memory holds what the journal does, not less and not more."""
        return self.commits.fault is None and not self._stores[store_id].owed

    def memory(self) -> ProcessMemory:
        """Return what the memory of the process is used for."""
        return ProcessMemory(
            resident=resident_bytes(),
            baseline=self._baseline,
            unused=unused_bytes(),
            waiting=self.commits.waiting_bytes,
            stores=sum(sum(parts_of(state).values()) for state in self.stores()),
        )

    async def in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a blocking storage call outside the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function(*arguments))

    def stores(self) -> list[StoreState]:
        """Return all stores, by id."""
        return [self._stores[held] for held in sorted(self._stores)]

    def store(self, store_id: str) -> StoreState:
        """Return a store.

        Raises:
            NotFound: there is none.
            StorageFailed: what is in memory cannot be trusted any more; see `CommitLoop.fault`.
        """
        if self.commits.fault is not None:
            raise self.commits.fault
        state = self._stores.get(store_id)
        if state is None:
            raise NotFound("store", store_id)
        return state

    def check_served(self, state: StoreState) -> None:
        """Raise as `store` does when *state* is no store any more, though another has its id."""
        if self.store(state.store_id) is not state:
            raise NotFound("store", state.store_id)

    async def create_store(
        self,
        store_id: str,
        display_name: str,
        time_zone: str,
        week_start: Weekday,
        request_id: str,
        digest: str,
    ) -> tuple[StoreState, Answer]:
        """Create a store as its revision 1; a retry with the same request id finds it made."""
        checked = check_store_id(store_id)
        check_time_zone(time_zone)
        async with self._creating:
            held = self._stores.get(checked)
            if held is not None:
                first = held.requests.find(CREATE_STORE, request_id, digest, self.clock.now())
                if first is None:
                    raise AlreadyExists("store", store_id)
                return held, first
            at = self.clock.now()
            settings = StoreSettings(display_name, time_zone, week_start, secrets.token_hex(32), at)
            record = _first_record(checked, settings, request_id, digest, self.rules)
            await self.in_thread(self.storage.create_store, checked, record)
            state = self._stores[checked] = new_store(checked, record, self.evaluation)
            state.lineage.owner = self.storage.epoch
            return state, Answer(1, at, {})

    async def delete_store(self, store_id: str) -> None:
        """Remove a store and everything of it."""
        state = self.store(store_id)
        async with self.commits.between_turns():
            state.gone = True
            self._stores.pop(state.store_id, None)
            self.checkpoints.forget(state.store_id)
            self.evaluation.cache.forget(state.writes)
            self._beat(state)
        await self.in_thread(self.storage.delete_store, state.store_id)

    async def write(
        self,
        store_id: str,
        method: str,
        request_id: str,
        payload: bytes,
        write: Write,
        chain: Chain | None = None,
        digest: str = "",
    ) -> Answer:
        """Make a write durable and visible; see `CommitLoop.write`.

        Raises:
            Superseded: a newer edit of the segment came while this one was being built.
        """
        state = self.store(store_id)
        if isinstance(write, SegmentWrite):
            answer = await self._builds.write(
                state, method, request_id, payload, write, digest or digest_of(payload)
            )
        else:
            answer = await self.commits.write(
                state, method, request_id, payload, write, chain, digest
            )
        if self.checkpoints.is_due(state, len(payload)):
            self._in_background(self.checkpoints.take(state))
        return answer

    def _is_open(self, state: StoreState) -> bool:
        return not (self.stopping or state.gone)

    def _in_background(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def reach(self, store_id: str, revision: int, within: float) -> StoreState:
        """Return the store once it is at *revision*.

        Raises:
            RevisionNotReached: after *within* seconds.
        """
        state = self.store(store_id)
        if state.revision < revision:
            try:
                async with asyncio.timeout(within):
                    await self.commits.reached(state, revision)
            except TimeoutError:
                raise RevisionNotReached(revision, state.revision) from None
        return state

    async def advance_time(self, store_id: str, to: int) -> tuple[int, int]:
        """Move the replay clock to *to*; return the store's revision and time after it."""
        state = self.store(store_id)
        replay_clock(self.clock).advance_to(to)
        await self.commits.catch_up([state], to, mark=True)
        self.ticker.wake()
        return state.revision, state.at

    async def confirm_clock(self) -> None:
        """Trust the clock as it is now, and let what fell due meanwhile happen.

        Every store keeps that it has come so far: the next start would ask again otherwise.

        Raises:
            FailedPrecondition: when it is trusted already.
        """
        self.clock.confirm()
        self.ticker.wake()
        await self.commits.catch_up(self.stores(), trusted_now(self.clock), mark=True)

    async def settle(self, state: StoreState) -> None:
        """Let flips that are due happen, and ticks be durable, before a read.

        Raises:
            NotServing: some may be due, and the clock is not trusted.
        """
        while not state.gone and (state.owed or state.memberships.is_due(self.clock.now())):
            await self.commits.catch_up([state], trusted_now(self.clock))

    def _changed(self, state: StoreState) -> None:
        """Do what follows a revision of a store."""
        self.ticker.plan(state)
        self._beat(state)

    def _beat(self, state: StoreState) -> None:
        pulse = self._pulses.pop(state, None)
        if pulse is not None:
            pulse.set_result(None)

    def pulse(self, state: StoreState) -> asyncio.Future[None]:
        """Return what is done at the store's next revision, or when the server stops."""
        pulse = self._pulses.get(state)
        if pulse is None:
            pulse = self._pulses[state] = asyncio.get_running_loop().create_future()
        return pulse

    def end_watches(self) -> None:
        """Let endless streams end; call before the server stops."""
        self.stopping = True
        for state in list(self._pulses):
            self._beat(state)

    async def changes_since(self, state: StoreState, revision: int) -> Sequence[Changes]:
        """Return a page of the changes of revisions later than *revision*, oldest first.

        Ask again from the last one; an empty page means that there are no more.

        Raises:
            RevisionCompacted: some of them are dropped already.
        """
        _check_kept(state, revision)
        if revision < state.changes.floor:
            page = await self.in_thread(
                self.storage.read_changes, state.store_id, revision, state.changes.floor
            )
            _check_kept(state, revision)  # some may have been dropped while they were read
            if page:
                return [Changes.from_bytes(held.body) for held in page]
            revision = state.changes.floor
        return state.changes.since(revision, CHANGES_PER_PAGE)

    async def _poison(self, store_id: str, record: JournalRecord) -> None:
        """Empty *record*'s revision for every replay, and bring the store back without it."""
        state = self._stores[store_id]
        await self._empty(record)
        rebuilt, _ = self._replayed(store_id)
        vars(state).update(vars(rebuilt))

    async def _empty(self, record: JournalRecord) -> None:
        """Append the marker that makes every replay skip *record*, the last of its store."""
        log.error("poisoned", store_id=record.store_id, revision=record.revision)
        header = RecordHeader(rules=self.rules, requests=(), facts={"revision": record.revision})
        marker = JournalRecord(
            record.store_id,
            Revision(record.revision + 1),
            record.at,
            RecordKind.POISONED,
            header,
            (),
        )
        await self.in_thread(self.storage.append, [marker])


def _check_kept(state: StoreState, revision: int) -> None:
    if revision < state.compacted:
        raise RevisionCompacted(revision, state.compacted, state.revision)


def _first_record(
    store_id: StoreId, settings: StoreSettings, request_id: str, digest: str, rules: str
) -> JournalRecord:
    request = RequestHeader(CREATE_STORE, request_id, None, digest, {})
    header = RecordHeader(rules=rules, requests=(request,), facts={"settings": asdict(settings)})
    return JournalRecord(
        store_id, Revision(1), settings.created_at, RecordKind.STORE, header, (b"",)
    )
