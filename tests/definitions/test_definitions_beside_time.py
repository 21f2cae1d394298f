"""A definition is told alike whether time moved leaves before it, or in its own revision."""

from __future__ import annotations

from pathlib import Path

import pytest

from segsvc.bitmap import ordinals_of
from tests.definitions.stage import DAY, Stage, staged


def told(stage: Stage) -> list[bytes]:
    return [held.to_bytes() for held in stage.state.changes.since(0)]


@pytest.mark.parametrize(
    ("condition", "members"),
    [
        ('in segment "recent" or country is "FR"', {"bob", "cat"}),
        ('not in segment "recent"', {"ann", "bob"}),
        ('country is "FR" or country is "DE"', {"ann", "bob", "cat"}),
        ("has not done order_placed in the last 1 day", {"ann", "bob"}),
    ],
)
async def test_a_replay_takes_time_and_definition_in_one_step(
    tmp_path: Path, condition: str, members: set[str]
) -> None:
    """Bob's order is in nobody's segment: that it ends makes no revision, and a replay no step."""
    recent = 'country is "DE" and has done order_placed in the last 1 day'
    async with staged(tmp_path / "shop.db", crash=True) as stage:
        await stage.contacts(["ann", "cat"], country="DE")
        await stage.contacts(["bob"], country="FR")
        await stage.orders(["bob"])
        await stage.create("recent", recent)
        await stage.advance(10)
        await stage.orders(["cat"])
        await stage.advance(DAY - 5)
        await stage.create("new", condition)
        names = stage.state.index.contacts.ids_of(ordinals_of(stage.members("new")))
        assert set(names.tolist()) == members
        await stage.create("reader", 'in segment "new" and country is "DE"')
        await stage.update("new", f'({condition}) and country is "DE"')
        stage.check()
        lived = told(stage)
        end = stage.engine.clock.now()
    async with staged(tmp_path / "shop.db", start=end, crash=True) as stage:
        stage.check()
        assert told(stage) == lived
