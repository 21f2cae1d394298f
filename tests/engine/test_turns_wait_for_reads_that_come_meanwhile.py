"""A large turn is not applied upon the one before while reads come, but never waits for long."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from segsvc.engine.pace import QUIET_SECONDS, Pace

HELD = 20 * QUIET_SECONDS


def after_a_turn_of(seconds: float) -> Pace:
    pace = Pace()
    with pace.holding():
        end = monotonic() + seconds
        while monotonic() < end:
            pass
    pace.turned(1)
    return pace


def goes_on_at_once(pace: Pace) -> bool:
    with pytest.raises(StopIteration):
        pace.pause().send(None)
    return True


def test_nobody_waits_for_reads_that_do_not_come() -> None:
    assert goes_on_at_once(after_a_turn_of(HELD))


def test_small_turns_do_not_wait() -> None:
    pace = Pace()
    with pace.holding():
        pass
    pace.turned(1)
    pace.read()
    assert goes_on_at_once(pace)


async def test_a_turn_waits_as_long_as_reads_come_and_the_turn_before_held_them_up() -> None:
    pace = after_a_turn_of(HELD)
    pace.read()
    began = monotonic()
    paused = asyncio.ensure_future(pace.pause())
    while not paused.done():
        pace.read()
        await asyncio.sleep(0)
    assert monotonic() - began >= HELD


async def test_a_turn_goes_on_once_reads_have_ended() -> None:
    pace = after_a_turn_of(1.0)
    pace.read()
    began = monotonic()
    await pace.pause()
    assert QUIET_SECONDS <= monotonic() - began < 1.0
