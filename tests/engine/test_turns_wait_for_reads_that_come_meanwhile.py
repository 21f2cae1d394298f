"""A large turn is not applied upon the one before while reads come, but never waits for long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from time import monotonic
from typing import Any

import pytest

from segsvc.engine.pace import PIECES_SECONDS, QUIET_SECONDS, RECENT_SECONDS, SHARE, Pace, Work

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


async def test_a_turn_waits_as_long_as_reads_come_but_has_its_share() -> None:
    pace = after_a_turn_of(HELD)
    pace.read()
    began = monotonic()
    paused = asyncio.ensure_future(pace.pause())
    while not paused.done():
        pace.read()
        await asyncio.sleep(0)
    assert monotonic() - began >= SHARE * HELD


async def test_a_turn_goes_on_once_reads_have_ended() -> None:
    pace = after_a_turn_of(1.0)
    pace.read()
    began = monotonic()
    await pace.pause()
    assert QUIET_SECONDS <= monotonic() - began < 1.0


async def test_a_turn_does_not_wait_for_reads_of_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = after_a_turn_of(HELD)
    pace.read()
    later = monotonic() + RECENT_SECONDS
    monkeypatch.setattr("segsvc.engine.pace.monotonic", lambda: later)
    assert goes_on_at_once(pace)


async def test_pieces_of_work_give_way_once_they_took_long_together() -> None:
    pace = Pace()
    work = Work(pace)
    assert not waits(work.did(PIECES_SECONDS / 2))
    assert not waits(work.did(PIECES_SECONDS / 4))
    pace.read()
    assert waits(work.did(PIECES_SECONDS / 2))
    assert not waits(work.did(PIECES_SECONDS / 2)), "what was waited for is not owed again"


def waits(did: Coroutine[Any, Any, None]) -> bool:
    """Let it take its turn of the loop, and say whether it then waits for a time."""
    assert did.send(None) is None
    try:
        return did.send(None) is not None
    except StopIteration:
        return False
    finally:
        did.close()


async def test_every_piece_is_done_and_others_run_in_between() -> None:
    done: list[int] = []
    seen: list[int] = []

    async def watch() -> None:
        while len(done) < 5:
            seen.append(len(done))
            await asyncio.sleep(0)

    watcher = asyncio.ensure_future(watch())
    async for took in Pace().by_pieces(done.append(number) for number in range(5)):
        assert took >= 0
    await watcher
    assert done == [0, 1, 2, 3, 4]
    assert len(set(seen)) >= 4
