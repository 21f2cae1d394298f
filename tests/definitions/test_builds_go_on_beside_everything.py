"""A segment is built in pieces: whatever happens in between, its members are right."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from segsvc.condition.language import parse
from segsvc.domain.errors import AlreadyExists, NotFound, NotServing, Superseded
from segsvc.engine import builds
from segsvc.engine.recover import recover_store
from segsvc.engine.requests import Answer
from segsvc.segment import build
from tests.definitions.stage import DAY, Stage, begun, staged

SPENDERS = "has done order_placed in the last 30 days with sum of value >= 20"
BUYERS = "has done order_placed in the last 10 days"
CROWD = [f"c{number:03}" for number in range(300)]


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setattr(build, "WHOLE_MS", 0.0)
    monkeypatch.setattr(builds, "FIRST_PIECE", 2)
    monkeypatch.setattr(builds, "PIECE_SECONDS", 60.0)
    async with staged(tmp_path / "shop.db") as stage:
        await stage.contacts(CROWD, country="DE")
        await stage.orders(CROWD[::2], ago=9 * DAY)
        await stage.orders(CROWD[::3], ago=29 * DAY, value=20.0)
        yield stage


@pytest.mark.parametrize("seed", range(6))
async def test_writes_and_time_go_on_between_pieces(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    text = f'{SPENDERS} and not ({BUYERS}) and (country is "DE" or country is not set)'
    ahead = build.Build(stage.state.memberships.answers, parse(text, stage.state.schema))
    turns = 0
    while not ahead.done:
        ahead.step(stage.state.view(), chance.randrange(20, 90))
        some = chance.sample(CROWD, 5)
        match chance.randrange(4):
            case 0:
                await stage.orders(some, value=25.0)
            case 1:
                await stage.delete(*some)
            case 2:
                await stage.contacts([f"new{turns}", *some], country="FR")
            case _:
                await stage.advance(DAY // 60)
        turns += 1
    answered = list(stage.state.memberships.answers)
    await stage.create("both", text)
    assert list(stage.state.memberships.answers) == answered, "the turn answers no leaf"
    ahead.close()
    stage.check()
    assert stage.members("both")
    await stage.advance(40 * DAY)
    stage.check()


async def test_two_builds_share_a_leaf(stage: Stage) -> None:
    first = await begun(stage.create("first", SPENDERS), 8)
    second = await begun(stage.create("second", f"{SPENDERS} or {BUYERS}"))
    await asyncio.gather(first, second)
    assert stage.members("first")
    stage.check()


async def test_the_first_of_two_builds_may_end_early(stage: Stage) -> None:
    first = await begun(stage.create("first", SPENDERS), 8)
    second = await begun(stage.create("second", f"{SPENDERS} or {BUYERS}"))
    first.cancel()
    await second
    assert stage.members("second")
    stage.check()


async def test_a_newer_edit_takes_the_place_of_an_older_one(stage: Stage) -> None:
    await stage.create("vip", 'country is "DE"')
    older = await begun(stage.update("vip", SPENDERS))
    newer = await stage.update("vip", BUYERS)
    with pytest.raises(Superseded, match="newer edit"):
        await older
    stage.check()
    assert [held.revision for held in stage.state.changes.since(0)][-1] == newer.revision
    assert stage.members("vip")


async def test_a_new_name_is_a_newer_edit(stage: Stage) -> None:
    await stage.create("vip", 'country is "DE"')
    older = await begun(stage.update("vip", SPENDERS))
    await stage.update("vip", name="very important")
    with pytest.raises(Superseded):
        await older
    stage.check()


async def test_a_refused_edit_does_not_stop_another(stage: Stage) -> None:
    await stage.create("vip", 'country is "DE"')
    await stage.create("other", 'country is "FR"')
    older = await begun(stage.update("vip", SPENDERS))
    with pytest.raises(AlreadyExists):
        await stage.update("vip", name="other")
    await older
    stage.check()


async def test_a_segment_deleted_meanwhile_is_not_found(stage: Stage) -> None:
    await stage.create("vip", 'country is "DE"')
    editing = await begun(stage.update("vip", SPENDERS))
    await stage.drop("vip")
    with pytest.raises(NotFound):
        await editing
    stage.check()


async def test_a_store_deleted_meanwhile_ends_the_build(stage: Stage) -> None:
    creating = await begun(stage.create("vip", SPENDERS))
    await stage.engine.delete_store("shop")
    with pytest.raises(NotServing):
        await creating


async def test_a_server_that_stops_does_not_wait_for_builds(stage: Stage) -> None:
    creating = await begun(stage.create("vip", SPENDERS))
    stage.engine.end_watches()
    with pytest.raises(NotServing):
        await creating
    stage.check()


async def test_a_caller_who_goes_leaves_nothing_behind(stage: Stage) -> None:
    creating = await begun(stage.create("vip", SPENDERS))
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    stage.check()
    assert "vip" not in stage.state.segments


async def test_a_caller_who_goes_when_it_is_queued_changes_nothing(stage: Stage) -> None:
    creating = await begun(stage.create("vip", SPENDERS))
    async with stage.engine.commits.between_turns():
        for _ in range(50):
            await asyncio.sleep(0)
        assert stage.engine.commits.waiting_bytes, "the build is over, the write is queued"
        creating.cancel()
    await stage.contacts(["last"])
    assert "vip" in stage.state.segments
    stage.check()


async def test_a_rebuilt_store_is_built_on_anew(stage: Stage) -> None:
    creating = await begun(stage.create("vip", SPENDERS))
    rebuilt, _ = recover_store(stage.engine.storage, "shop", stage.engine.codec)
    vars(stage.state).update(vars(rebuilt))  # as after a write that could not be applied
    await creating
    assert stage.members("vip")
    stage.check()


async def test_a_repeat_has_the_first_answer_without_a_build(stage: Stage) -> None:
    first = await stage.create("vip", SPENDERS, request_id="once")

    async def again() -> Answer:
        return await stage.create("vip", SPENDERS, request_id="once")

    assert await again() == first
    await stage.update("vip", BUYERS)
    newer = await begun(stage.update("vip", SPENDERS))
    assert await again() == first
    await newer
    stage.check()


async def test_inlining_keeps_members_and_answers_no_leaf_again(stage: Stage) -> None:
    await stage.create("base", SPENDERS)
    await stage.create("rest", 'country is "DE" and not (in segment "base")')
    before = stage.members("rest").copy()
    answered = {held.leaf: held for held in stage.state.memberships.answers}
    await stage.drop("base", force=True)
    assert stage.members("rest") == before
    stage.check()
    kept = {held.leaf: held for held in stage.state.memberships.answers}
    assert kept == answered, "the leaves of a segment that is inlined stay answered"


@pytest.mark.parametrize("text", [SPENDERS, BUYERS, "net spend in the last 30 days >= 20"])
async def test_finding_the_first_flip_is_prepared_in_pieces(stage: Stage, text: str) -> None:
    leaf, view = parse(text, stage.state.schema), stage.state.view()
    assert not view.times_at_hand(leaf.reads())
    assert list(leaf.prepare_flips(view))
    assert view.times_at_hand(leaf.reads()), "nothing is left for whoever asks first"
    assert not list(leaf.prepare_flips(view))
    assert leaf.next_flip(view, stage.state.at) is not None
