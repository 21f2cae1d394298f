"""Questions about saved segments read their members, and who can be reached, as maintained."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segsvc.condition.language import parse
from segsvc.engine.reach import Channel, reachable
from segsvc.engine.read import Reading, SavedSegment, SegmentSet
from segsvc.engine.resolve import RecipientSpec, resolve
from segsvc.plan.execute import Execution
from tests.definitions.stage import DAY, Stage, staged

REACHED = 'email is set and not (email_invalid is true) and email_status is "subscribed"'

WRITES = (
    ("email", ("x@example.com", "y@example.com", "")),
    ("email_status", ("subscribed", "unsubscribed", "")),
    ("country", ("DE", "")),
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path / "shop.db") as stage:
        await stage.contacts(["ann", "bob"], email="a@example.com", email_status="subscribed")
        await stage.contacts(["cat"], email="c@example.com")
        await stage.orders(["ann", "cat"])
        await stage.create("buyers", "has done order_placed in the last 10 days")
        await stage.create("idle", 'not (in segment "buyers")')
        yield stage


async def test_nothing_is_evaluated(stage: Stage) -> None:
    reading = Reading(stage.state, stage.engine.clock.now() + DAY, traced=True)
    assert reading.count(SavedSegment("buyers")) == 2
    assert reading.count(SegmentSet(("buyers",), ("idle",))) == 2
    spec = RecipientSpec(("buyers",), ("idle",), Channel.EMAIL)
    assert resolve(reading, spec, b"", "res-1").recipients == 1
    assert reading.steps == []


async def test_a_resolution_stays_what_it_is_when_members_change(stage: Stage) -> None:
    spec = RecipientSpec(("buyers",), (), Channel.ANY)
    held = resolve(Reading(stage.state, stage.engine.clock.now()), spec, b"", "res-1")
    await stage.orders(["bob"])
    assert len(stage.members("buyers")) == 3
    assert len(held.members) == 2


async def test_behind_the_next_flip_it_is_evaluated(stage: Stage) -> None:
    reading = Reading(stage.state, stage.engine.clock.now() + 10 * DAY)
    assert reading.count(SavedSegment("buyers")) == 0
    assert reading.count(SavedSegment("idle")) == 3
    assert len(stage.members("buyers")) == 2


async def test_who_can_be_reached_follows_every_write(stage: Stage) -> None:
    chance = random.Random(3)
    people = [f"p{number}" for number in range(40)]
    condition = parse(REACHED, stage.state.schema)
    for _ in range(25):
        some = chance.sample(people, 6)
        if chance.random() < 0.15:
            await stage.delete(*some[:2])
        else:
            name, values = chance.choice(WRITES)
            await stage.contacts(some, **{name: chance.choice(values)})
        state = stage.state
        view = state.view()
        everybody = view.universe()
        reached, why = reachable(state.memberships, view, Channel.EMAIL, everybody)
        assert reached == Execution(view, state.at).members(condition)
        out = why.no_address + why.invalid_address + why.not_subscribed
        assert len(everybody) == len(reached) + out
    assert {held.segment_id for held in stage.state.changes.since(0) for held in held.deltas} == {
        "buyers",
        "idle",
    }


async def test_asked_of_an_empty_store_first(tmp_path: Path) -> None:
    async with staged(tmp_path / "empty.db") as stage:
        Reading(stage.state, stage.state.at).reach()
        await stage.contacts(["ann"], email="a@example.com", email_status="subscribed")
        await stage.contacts(["ann"], email_status="unsubscribed")
        assert len(stage.state.view().universe()) == 1
