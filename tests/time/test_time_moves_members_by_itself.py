"""Flips happen in the second they fall due, in steps, and cost nothing where nothing is due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time

import pytest

from segsvc.domain.calendar import Weekday
from segsvc.domain.errors import NotFound
from segsvc.engine import time_steps
from segsvc.engine.clock import SystemClock
from segsvc.engine.engine import Engine
from segsvc.engine.requests import Answer
from segsvc.rpc.codec import WireCodec
from segsvc.segment.delta import Cause, Changes
from segsvc.storage import Storage
from tests.definitions.stage import DAY, NOW, Stage, staged

HOUR = 3_600


def told(changes: Changes) -> list[tuple[str, Cause, int, int]]:
    return [(d.segment_id, d.cause, len(d.entered), len(d.left)) for d in changes.deltas]


async def since(stage: Stage, revision: int) -> list[Changes]:
    return list(await stage.engine.changes_since(stage.state, revision))


async def test_a_server_that_was_down_catches_up_in_steps(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        await stage.create("buyers", "has done order_placed in the last 1 day")
        for hours in range(5):
            await stage.orders([f"c{hours}"], ago=hours * HOUR + 60)
        last = stage.state.revision
    async with staged(tmp_path / "shop.db", start=NOW + 3 * DAY) as stage:
        await stage.engine.settle(stage.state)
        assert stage.state.memberships.at == NOW + 3 * DAY
        caught = await since(stage, last)
        assert [told(held) for held in caught] == [[("buyers", Cause.TIME, 0, 1)]] * 5
        steps = [held.at - NOW for held in caught]
        assert steps == sorted(steps)
        assert all(19 * HOUR < step <= 25 * HOUR for step in steps)
        assert len(stage.members("buyers")) == 0
        stage.check()
    async with staged(tmp_path / "shop.db", start=NOW + 3 * DAY) as stage:
        await stage.engine.settle(stage.state)
        assert [told(held) for held in await since(stage, last)] == [told(held) for held in caught]


async def test_no_step_crosses_a_local_midnight(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db") as stage:  # noon of 1 June 2024, UTC; Berlin is +2
        await stage.create("today", "has done order_placed today")
        await stage.orders(["ann"])
        revision = stage.state.revision
        await stage.advance(2 * DAY)
        (left,) = await since(stage, revision)
        assert left.at == int(datetime(2024, 6, 1, 22, 0, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("day", "midnight"),
    [
        (datetime(2025, 3, 30, 12, tzinfo=UTC), datetime(2025, 3, 30, 22, tzinfo=UTC)),
        (datetime(2025, 3, 29, 12, tzinfo=UTC), datetime(2025, 3, 29, 23, tzinfo=UTC)),
        (datetime(2025, 10, 26, 12, tzinfo=UTC), datetime(2025, 10, 26, 23, tzinfo=UTC)),
        (datetime(2025, 10, 25, 12, tzinfo=UTC), datetime(2025, 10, 25, 22, tzinfo=UTC)),
    ],
)
async def test_days_turn_at_local_midnight_when_clocks_change(
    tmp_path: Path, day: datetime, midnight: datetime
) -> None:
    async with staged(tmp_path / "shop.db", start=int(day.timestamp())) as stage:
        await stage.create("today", "has done order_placed today")
        await stage.create("yesterday", "has done order_placed yesterday")
        await stage.orders(["ann"])
        revision = stage.state.revision
        await stage.advance(DAY)
        (turned,) = await since(stage, revision)
        assert turned.at == int(midnight.timestamp())
        assert told(turned) == [
            ("today", Cause.TIME, 0, 1),
            ("yesterday", Cause.TIME, 1, 0),
        ]


async def test_the_second_itself(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db") as stage:
        await stage.create("buyers", "has done order_placed in the last 30 days")
        await stage.create("lost", "has done order_placed more than 30 days ago")
        await stage.orders(["ann"], ago=100)
        due = 30 * DAY - 100
        await stage.advance(due - 1)
        assert (len(stage.members("buyers")), len(stage.members("lost"))) == (1, 0)
        await stage.advance(1)
        assert (len(stage.members("buyers")), len(stage.members("lost"))) == (0, 1)


async def test_leaves_are_named_alike_live_and_replayed(tmp_path: Path) -> None:
    """Orders leave first and change no membership; views follow and do: both leaves changed."""
    text = "has done order_placed in the last 1 day or has done order_placed in the last 2 days"
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        await stage.create("recent", text)
        await stage.orders(["ann"])
        revision = stage.state.revision
        stage.engine.clock.advance_to(NOW + DAY + 60)
        await stage.engine.settle(stage.state)
        assert stage.state.revision == revision, "no membership changed"
        stage.engine.clock.advance_to(NOW + 3 * DAY)
        await stage.engine.settle(stage.state)
        live = [held.to_bytes() for held in await since(stage, 0)]
        (last,) = (await since(stage, revision))[0].deltas
        assert last.leaves == ("any_of.children[0]", "any_of.children[1]")
    async with staged(tmp_path / "shop.db", start=NOW + 3 * DAY) as stage:
        assert [held.to_bytes() for held in await since(stage, 0)] == live


async def test_and_from_a_snapshot_between_them(tmp_path: Path) -> None:
    text = "has done order_placed in the last 1 day or has done order_placed in the last 2 days"
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        await stage.create("recent", text)
        await stage.orders(["ann"])
        stage.engine.clock.advance_to(NOW + DAY + 60)
        await stage.engine.settle(stage.state)
        await stage.engine.checkpoints.take(stage.engine.store("shop"))
    async with staged(tmp_path / "shop.db", start=NOW + DAY + 60) as stage:
        revision = stage.state.revision
        await stage.advance(2 * DAY)
        (last,) = (await since(stage, revision))[0].deltas
        assert last.leaves == ("any_of.children[0]", "any_of.children[1]")


async def test_writes_wait_for_a_store_that_catches_up_but_other_stores_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_steps, "SLICE_SECONDS", 0.0)
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        await stage.create("buyers", "has done order_placed in the last 1 day")
        for hour in range(30):
            await stage.orders([f"c{hour}"], ago=hour * HOUR // 2)
    async with staged(tmp_path / "shop.db") as stage:
        await stage.engine.create_store("other", "", "UTC", Weekday.MONDAY, "", "")
        other = Stage(stage.engine, stage.engine.store("other"))
        stage.engine.clock.advance_to(NOW + 2 * DAY)
        waiting = asyncio.ensure_future(stage.contacts(["ann"]))
        await other.contacts(["bob"])
        assert not waiting.done()
        assert len(stage.members("buyers")) > 0, "it is still on its way"
        answer = await waiting
        assert answer.at == NOW + 2 * DAY
        assert len(stage.members("buyers")) == 0
        stage.check()


async def test_a_deleted_store_does_not_stop_others(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db") as stage:
        await stage.engine.create_store("other", "", "UTC", Weekday.MONDAY, "", "")
        other = Stage(stage.engine, stage.engine.store("other"))
        for held in (stage, other):
            await held.create("buyers", "has done order_placed in the last 1 day")
            await held.orders(["ann"])
        async with stage.engine.commits.between_turns():
            writes = [asyncio.ensure_future(held.contacts(["bob"])) for held in (stage, other)]
            deleting = asyncio.ensure_future(stage.engine.delete_store("shop"))
            await asyncio.sleep(0)
        await deleting
        refused, done = await asyncio.gather(*writes, return_exceptions=True)
        assert isinstance(refused, NotFound)
        assert isinstance(done, Answer)
        stage.engine.clock.advance_to(NOW + DAY)
        stage.engine.ticker.wake()
        await stage.engine.pulse(other.state)
        assert len(other.members("buyers")) == 0


class Hands(SystemClock):
    """A system clock over hands that a test moves; counts how often they are looked at."""

    def __init__(self) -> None:
        self.at = float(NOW)
        self.looks = 0
        super().__init__(self._wall, lambda: self.at)

    def _wall(self) -> float:
        self.looks += 1
        return self.at


async def test_idle_stores_cost_nothing_for_an_hour(tmp_path: Path) -> None:
    storage = Storage.open(f"sqlite:///{tmp_path / 'shop.db'}")
    clock = Hands()
    engine = Engine(storage, WireCodec(), clock)
    await engine.open()
    await engine.create_store("shop", "", "UTC", Weekday.MONDAY, "", "")
    busy = Stage(engine, engine.store("shop"))
    await busy.create("buyers", "has done order_placed in the last 1 hour")
    await busy.orders(["ann"])
    for number in range(20):
        await engine.create_store(f"idle{number}", "", "UTC", Weekday.MONDAY, "", "")
        idle = Stage(engine, engine.store(f"idle{number}"))
        await idle.create("buyers", "has done order_placed in the last 1 hour")
    revisions = [state.revision for state in engine.stores()]
    flipped = engine.pulse(busy.state)
    begun, looks = thread_time(), clock.looks
    for _ in range(60):
        clock.at += 60
        engine.ticker.wake()
        for _ in range(3):
            await asyncio.sleep(0)
    await flipped
    spent = thread_time() - begun
    assert clock.looks - looks < 60 * 6, "a look at each wake-up, not one for each store"
    after = [state.revision for state in engine.stores()]
    assert sum(after) - sum(revisions) == 1, "the one flip that fell due"
    assert spent < 1.0
    await engine.close()
    storage.close()
