"""Makes what recent questions would have been quicker with, while nothing else runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import chain

from segsvc.engine.pace import Pace
from segsvc.engine.state import StoreState

_DELAY_SECONDS = 0.1
"""Between a question and the upkeep that it may have asked for."""


class Upkeep:
    """One task that does the upkeep of every index, piece by piece, after questions.

    It sleeps after each piece for as long as that took, so that it never has more than half of
    the loop's time, and gives way to reads. Answers are the same with and without it.
    """

    def __init__(self, stores: Callable[[], Iterable[StoreState]], pace: Pace) -> None:
        self._stores = stores
        self._pace = pace
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; call inside a running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End, between two pieces."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Note that questions were asked."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_DELAY_SECONDS)
            self._wake.clear()
            for state in list(self._stores()):
                limit = state.index.contacts.ordinal_limit
                pieces = chain(state.index.upkeep(), state.evaluation.make_room(limit))
                async for took in self._pace.by_pieces(pieces):
                    await asyncio.sleep(took)
