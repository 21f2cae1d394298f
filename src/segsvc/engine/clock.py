"""Where time comes from: the system, or a replay clock that moves only when told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from segsvc.domain.errors import FailedPrecondition, NotServing, TimeInThePast

JUMP_SECONDS = 60
"""How far the system clock may run ahead of the monotonic clock before it is suspect."""

IDLE_SECONDS = 31 * 86_400
"""How far ahead of the journal the system clock may be at start before it is suspect."""


class Clock(Protocol):
    """UTC seconds, floored."""

    def now(self) -> int:
        """Return the current instant."""

    @property
    def suspicion(self) -> str:
        """Why the clock is not trusted as it is now; empty when it is."""

    def confirm(self) -> None:
        """Trust the clock as it is now.

        Raises:
            FailedPrecondition: when it is trusted already.
        """

    def seconds_until(self, instant: int) -> float | None:
        """Return how long it takes until `now` is *instant*; None: until somebody moves it."""

    def begin(self, latest: int) -> None:
        """Start from stores whose newest revision is of the instant *latest* (0: none)."""


class SystemClock:
    """The machine's clock, which is not trusted when it jumps ahead until somebody confirms it."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._base = wall() - monotonic()
        self._suspicion = ""

    def now(self) -> int:
        """Return the current instant."""
        wall = self._wall()
        ahead = wall - self._monotonic() - self._base
        if ahead > JUMP_SECONDS and not self._suspicion:
            self._suspicion = f"the system clock jumped {ahead:.0f} s ahead"
        return int(wall)

    @property
    def suspicion(self) -> str:
        """See `Clock.suspicion`; once it jumped, it stays suspect."""
        self.now()
        return self._suspicion

    def seconds_until(self, instant: int) -> float | None:
        """See `Clock.seconds_until`."""
        return max(instant - self._wall(), 0.0)

    def begin(self, latest: int) -> None:
        """See `Clock.begin`."""
        idle = self.now() - latest
        if latest and idle > IDLE_SECONDS:
            self._suspicion = f"the system clock is {idle // 86_400} days ahead of the journal"

    def confirm(self) -> None:
        """See `Clock.confirm`."""
        if not self.suspicion:
            raise FailedPrecondition("CLOCK_NOT_SUSPECT", "clock", "the clock is trusted already")
        self._base = self._wall() - self._monotonic()
        self._suspicion = ""


class ReplayClock:
    """A clock for tests, demos and back-tests: it stands still until it is told to move."""

    suspicion = ""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Return the instant it was last moved to."""
        return self._now

    def confirm(self) -> None:
        """See `Clock.confirm`."""
        raise FailedPrecondition("CLOCK_NOT_SUSPECT", "clock", "a replay clock is always trusted")

    def seconds_until(self, instant: int) -> float | None:
        """See `Clock.seconds_until`."""
        return None

    def begin(self, latest: int) -> None:
        """See `Clock.begin`: time goes on where the stores stand."""
        self._now = max(self._now, latest)

    def advance_to(self, instant: int) -> None:
        """Move forward to *instant*.

        Raises:
            TimeInThePast: when that lies in the past; nothing moved.
        """
        if instant < self._now:
            raise TimeInThePast("to", self._now)
        self._now = instant


def trusted_now(clock: Clock) -> int:
    """Return the current instant, which stores may be moved to.

    Raises:
        NotServing: the clock is not trusted.
    """
    now = clock.now()
    suspicion = clock.suspicion
    if suspicion:
        raise NotServing("CLOCK_SUSPECT", f"{suspicion}; AdminService.ConfirmClock trusts it")
    return now


def replay_clock(clock: Clock) -> ReplayClock:
    """Return *clock* as a replay clock, or raise `FailedPrecondition`."""
    if not isinstance(clock, ReplayClock):
        raise FailedPrecondition(
            "CLOCK_NOT_REPLAY",
            "clock",
            "the server runs on the system clock; start it with a replay clock",
        )
    return clock
