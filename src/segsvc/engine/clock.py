"""Where time comes from: the system, or a replay clock that moves only when told."""

from __future__ import annotations

import time
from typing import Protocol

from segsvc.domain.errors import FailedPrecondition, InvalidArgument


class Clock(Protocol):
    """UTC seconds, floored."""

    def now(self) -> int:
        """Return the current instant."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Return the current instant."""
        return int(time.time())


class ReplayClock:
    """A clock for tests, demos and back-tests: it stands still until it is told to move."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Return the instant it was last moved to."""
        return self._now

    def advance_to(self, instant: int) -> None:
        """Move forward to *instant*.

        Raises:
            InvalidArgument: when that lies in the past; nothing moved.
        """
        if instant < self._now:
            raise InvalidArgument.of("to", f"time moves forward only; it is {self._now} already")
        self._now = instant


def replay_clock(clock: Clock) -> ReplayClock:
    """Return *clock* as a replay clock, or raise `FailedPrecondition`."""
    if not isinstance(clock, ReplayClock):
        raise FailedPrecondition(
            "SYSTEM_CLOCK", "clock", "the server runs on the system clock; start it with a replay clock"
        )
    return clock
