"""Wakes when the next flip of any store falls due; idle stores cost nothing in between."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

import structlog

from segsvc.domain.errors import SegsvcError
from segsvc.engine.clock import Clock
from segsvc.engine.state import StoreState
from segsvc.engine.write import CommitLoop

log = structlog.get_logger()

_RETRY_SECONDS = 1.0


class Ticker:
    """One task that brings stores up to now when time alone changes their memberships."""

    def __init__(self, commits: CommitLoop, clock: Clock) -> None:
        self._commits = commits
        self._clock = clock
        self._heap: list[tuple[int, int, StoreState]] = []
        self._planned: dict[StoreState, int] = {}
        self._number = count()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tick; call inside a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End, between two ticks."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def plan(self, state: StoreState) -> None:
        """Note when *state* is due now; call after each of its revisions."""
        due = state.memberships.due
        if due is None or state.gone or self._planned.get(state) == due:
            return
        self._planned[state] = due
        heapq.heappush(self._heap, (due, next(self._number), state))
        if self._heap[0][2] is state:
            self._wake.set()

    def wake(self) -> None:
        """Look at the clock again: it was moved, or is trusted again."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._tick_due()
            except SegsvcError as failed:
                log.error("tick failed", why=str(failed))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            wait = None
            if self._heap and not self._clock.suspicion:
                wait = self._clock.seconds_until(self._heap[0][0])
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _tick_due(self) -> None:
        now = self._clock.now()
        if self._clock.suspicion:
            return
        due = []
        while self._heap and self._heap[0][0] <= now:
            instant, _, state = heapq.heappop(self._heap)
            if self._planned.get(state) == instant:
                del self._planned[state]
                due.append(state)
        try:
            await self._commits.catch_up(due, now)
        finally:
            for state in due:
                self.plan(state)
