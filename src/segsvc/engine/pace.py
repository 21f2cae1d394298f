"""How long turns hold the event loop: how much goes into one, and what it waits for before.

Everything else waits while a turn is judged and applied. How long that is depends on what is in it:
2 MiB of events, or 256 KiB of new contacts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic

HOLD_SECONDS = 0.008
"""A turn takes no more than is likely to hold the loop so long. Of 512 KiB of events applied in 2
ms, 5 wait for the disk: turns of 2 MiB import 40% faster."""

LEAST_BYTES = 2**19
"""So much goes into a turn however long it takes: as each waits for the disk, many small turns take
far longer than one."""

LEAST_BESIDE_READS = 2**17
"""The same while reads come, which wait for the turn and matter more."""

MOST_BYTES = 2**22

QUIET_SECONDS = 0.002
"""So long nothing must run and no read begin, until those that came are taken to be answered."""

RECENT_SECONDS = 0.05
"""Reads that come at all begin closer than that: twenty a second."""

SHARE = 4
"""While reads come, what can wait for them waits at most so many times as long as it held the loop:
it has a fifth of the time, turns a ninth, which wait before they are formed and applied. A hundred
counts a second of ten million contacts, whose leaves an import changes, take half of it, and more
would queue up for good."""

PIECES_SECONDS = 0.004
"""Pieces of work that take less together do not wait for reads: a wait takes at least 2 ms."""

_TELLING_BYTES = 2**16
"""A turn of less says little about what a byte takes."""

_LATEST = 0.25
"""The weight of the latest turn in what a byte takes."""


class Pace:
    """Measures turns, sizes the next, and lets reads go first.

    Reads are taken in one by one, each in several rounds of the loop. When turns follow each other
    closely each round meets one, and what came during one turn is still there after the next.
    """

    def __init__(self) -> None:
        self._read_at = 0.0
        self._holding = 0.0
        self._held_seconds = 0.0
        self._seconds_per_byte = HOLD_SECONDS / LEAST_BYTES

    @property
    def turn_bytes(self) -> int:
        """Payload bytes that one store may put into the next turn."""
        least = LEAST_BESIDE_READS if self._reads_come() else LEAST_BYTES
        return int(min(max(HOLD_SECONDS / self._seconds_per_byte, least), MOST_BYTES))

    def _reads_come(self) -> bool:
        return monotonic() < self._read_at + RECENT_SECONDS

    def read(self) -> None:
        """Note that a read begins."""
        self._read_at = monotonic()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Note that the block, a part of a turn, holds the loop."""
        began = monotonic()
        try:
            yield
        finally:
            self._holding += monotonic() - began

    def turned(self, size: int) -> None:
        """Note that a turn of *size* payload bytes is over."""
        self._held_seconds, self._holding = self._holding, 0.0
        if size >= _TELLING_BYTES:
            latest = self._held_seconds / size
            self._seconds_per_byte += _LATEST * (latest - self._seconds_per_byte)

    async def pause(self) -> None:
        """Give way to reads as a turn does that follows the one before.

        Small turns let them through as they are.
        """
        if self._held_seconds >= QUIET_SECONDS:
            await self.give_way(self._held_seconds)

    async def give_way(self, held: float) -> None:
        """Let reads that have come be answered first, after the loop was *held* so many seconds."""
        end = monotonic() + SHARE * held
        while (now := monotonic()) < min(end, self._read_at + RECENT_SECONDS):
            await asyncio.sleep(QUIET_SECONDS)
            late = monotonic() - now > 2 * QUIET_SECONDS  # something else ran: a read, likely
            if not late and self._read_at < now:
                return

    async def by_pieces(self, pieces: Iterable[None]) -> AsyncIterator[float]:
        """Do one piece after the other, giving way; yield the seconds each took."""
        work, began = Work(self), monotonic()
        for _ in pieces:
            took = monotonic() - began
            await work.did(took)
            yield took
            began = monotonic()


class Work:
    """Something long that is done in pieces, beside reads."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._held = 0.0

    async def did(self, seconds: float) -> None:
        """Note a piece; give way behind pieces that took long together."""
        self._held += seconds
        await asyncio.sleep(0)
        if self._held >= PIECES_SECONDS:
            held, self._held = self._held, 0.0
            await self._pace.give_way(held)
