"""A service with other rules than the store's corrects memberships in one revision."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from segsvc.domain.errors import WatchGenerationChanged
from segsvc.domain.record import RecordKind
from segsvc.rpc.resume_tokens import ResumeTokens
from segsvc.segment.delta import Cause
from tests.definitions.stage import Stage, staged

TOKENS = ResumeTokens((b"key",))


async def germans(stage: Stage) -> bytes:
    """Make a segment; return a resume token of its newest revision."""
    await stage.contacts(["ann", "bob", "cat"], country="DE")
    await stage.create("germans", 'country is "DE"')
    await stage.create("others", 'not (in segment "germans")')
    return token(stage)


def token(stage: Stage) -> bytes:
    return TOKENS.make(stage.state, "", stage.state.revision)


def misread(stage: Stage) -> None:
    """Leave memberships as rules would that take the first contact for no German."""
    (first, *_) = stage.members("germans")
    stage.members("germans").remove(first)
    stage.members("others").add(first)


async def test_after_a_clean_stop_tokens_go_on(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db", rules="old") as stage:
        before = await germans(stage)
        misread(stage)
        revision = stage.state.revision
    async with staged(tmp_path / "shop.db", rules="new") as stage:
        stage.check()
        assert stage.state.revision == revision + 1
        assert TOKENS.read(stage.state, "", before) == revision
        (changes,) = await stage.engine.changes_since(stage.state, revision)
        (first, *_) = stage.members("germans")
        told = [
            (held.segment_id, held.cause, list(held.entered), list(held.left))
            for held in changes.deltas
        ]
        assert told == [
            ("germans", Cause.DEFINITION, [first], []),
            ("others", Cause.DEFINITION, [], [first]),
        ]
        kinds = [held.kind for held in stage.engine.storage.read_journal("shop", revision)]
        assert kinds == [RecordKind.RULES]


async def test_after_a_kill_older_tokens_need_a_snapshot(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db", rules="old", crash=True) as stage:
        newer = before = await germans(stage)
        revision = stage.state.revision
    for start in range(3):
        async with staged(tmp_path / "shop.db", rules="new", crash=True) as stage:
            stage.check()
            assert stage.state.watch_generation == 2
            with pytest.raises(WatchGenerationChanged):
                TOKENS.read(stage.state, "", before)
            if start:
                assert TOKENS.read(stage.state, "", newer) == revision, "nothing new was due"
            revision, newer = stage.state.revision, token(stage)
    async with staged(tmp_path / "shop.db", rules="newest", crash=True) as stage:
        assert stage.state.watch_generation == 3
        with pytest.raises(WatchGenerationChanged):
            TOKENS.read(stage.state, "", newer)


async def test_a_kill_under_the_same_rules_changes_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        before = await germans(stage)
        revision = stage.state.revision
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        assert stage.state.revision == revision
        assert TOKENS.read(stage.state, "", before) == revision


async def test_a_clean_stop_stores_ticks_too(tmp_path: Path) -> None:
    async with staged(tmp_path / "shop.db", rules="old") as stage:
        await germans(stage)
    async with staged(tmp_path / "shop.db", rules="old") as stage:
        await stage.advance(3_600)
        before, revision = token(stage), stage.state.revision
    async with staged(tmp_path / "shop.db", rules="new") as stage:
        assert TOKENS.read(stage.state, "", before) == revision
        assert stage.state.watch_generation == 1


async def test_a_copy_that_is_served_beside_its_original_goes_another_way(tmp_path: Path) -> None:
    """Both write on: what either said of a revision that only it wrote is no news of the other."""
    async with staged(tmp_path / "shop.db") as stage:
        shared = await germans(stage)
    shutil.copyfile(tmp_path / "shop.db", tmp_path / "copy.db")
    async with staged(tmp_path / "shop.db") as stage, staged(tmp_path / "copy.db") as copy:
        said: dict[Stage, list[bytes]] = {stage: [], copy: []}
        for side in (stage, copy, stage, copy):
            await side.contacts([f"dan-{len(said[side])}"], country="DE")
            said[side].append(token(side))
        for side, other in ((stage, copy), (copy, stage)):
            for foreign in said[other]:
                with pytest.raises(WatchGenerationChanged):
                    TOKENS.read(side.state, "", foreign)
            first = TOKENS.read(side.state, "", shared)
            own = [TOKENS.read(side.state, "", held) for held in said[side]]
            assert own == [first + 1, first + 2]
