"""Reads go first: what a durable turn waits for before it holds the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

QUIET_SECONDS = 0.002
"""Reads that come one upon the other begin closer than that."""


class Pace:
    """Lets reads that came while the loop was held be answered before it is held again.

    They are taken in one by one, each in several rounds of the loop. When turns follow each other
    closely each round meets one, and what came during one turn is still there after the next.
    """

    def __init__(self) -> None:
        self._read_at = 0.0
        self._held_seconds = 0.0

    def read(self) -> None:
        """Note that a read begins."""
        self._read_at = monotonic()

    async def pause(self) -> None:
        """Wait while reads come, at most as long as the turn before held the loop.

        Small turns let them through as they are.
        """
        if self._held_seconds < QUIET_SECONDS:
            return
        end = monotonic() + self._held_seconds
        while True:
            left = min(end, self._read_at + QUIET_SECONDS) - monotonic()
            if left <= 0:
                return
            await asyncio.sleep(left)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Note how long the block holds the loop."""
        began = monotonic()
        try:
            yield
        finally:
            self._held_seconds = monotonic() - began
