"""A journaled record that cannot be applied is not acknowledged, is emptied, and harms nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from segsvc.bitmap import Bitmap
from segsvc.condition.tree import Condition, describe
from segsvc.domain.errors import Poisoned, StorageFailed
from segsvc.domain.record import JournalRecord, RecordKind
from segsvc.domain.schema import Schema
from segsvc.engine.codec import Write
from segsvc.rpc.codec import WireCodec
from segsvc.segment.delta import Cause, Changes
from segsvc.storage import Storage
from tests.engine.workshop import DAY, NOW, STORE, Workshop, did_in_the_last, is_text, opened

POISON = "Atlantis"


class NeverAtlantis(WireCodec):
    """Cannot encode conditions about Atlantis: applying such a segment fails halfway."""

    def condition_to_bytes(self, condition: Condition) -> bytes:
        if POISON in describe(condition):
            raise RuntimeError("no map shows it")
        return super().condition_to_bytes(condition)


class NeverDecodesAtlantis(WireCodec):
    """Cannot read what it was given about Atlantis: it fails only when it is replayed."""

    def decode(self, method: str, payload: bytes, schema: Schema) -> Write:
        if POISON.encode() in payload:
            raise RuntimeError("no map shows it")
        return super().decode(method, payload, schema)


class DiskFull(Storage):
    """Has no room for a marker."""

    def append(self, records: Sequence[JournalRecord]) -> None:
        if records[-1].kind is RecordKind.POISONED:
            raise StorageFailed("the disk is full")
        super().append(records)


async def stocked(shop: Workshop) -> None:
    await shop.create()
    await shop.segment("germans", is_text("country", "Germany"))
    await shop.segment("visitors", did_in_the_last("visited", 1))
    await shop.contact("a", country="Germany")
    await shop.event("a", "visited")


async def poisoned(shop: Workshop) -> None:
    with pytest.raises(Poisoned):
        await shop.segment("lost", is_text("country", POISON))


def lose_cities(shop: Workshop) -> None:
    """Damage memory: where the column of cities should be is something else."""
    vars(shop.state.index)["_columns"]["city"] = object()


def told(changes: Sequence[Changes]) -> list[tuple[int, str, Cause, int, int]]:
    return [
        (held.revision, delta.segment_id, delta.cause, len(delta.entered), len(delta.left))
        for held in changes
        for delta in held.deltas
    ]


def run(test: Any) -> None:
    asyncio.run(test)


def test_it_is_refused_and_its_revision_is_empty(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path / "a.db", NeverAtlantis()) as shop:
            await stocked(shop)
            before = told(await shop.changes())
            await poisoned(shop)
            assert shop.state.revision == 7
            assert "lost" not in shop.state.segments
            assert told(await shop.changes()) == before
            kinds = [held.kind for held in shop.engine.storage.read_journal(STORE, 5)]
            assert kinds == [RecordKind.WRITES, RecordKind.POISONED]

    run(test())


def test_the_store_goes_on_and_so_do_its_members_watchers_and_clock(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path / "a.db", NeverAtlantis()) as shop:
            await stocked(shop)
            at = shop.state.revision
            woken = shop.engine.pulse(shop.state)
            await poisoned(shop)
            assert woken.done(), "who waits for a revision gets it"
            assert shop.members("germans") == {"a"}
            await shop.contact("b", country="Germany")
            assert shop.members("germans") == {"a", "b"}
            assert shop.state.memberships.due == NOW + DAY
            await shop.engine.advance_time(STORE, NOW + DAY)
            assert shop.members("visitors") == set()
            assert told(await shop.changes(at)) == [
                (8, "germans", Cause.DATA, 1, 0),
                (9, "visitors", Cause.TIME, 0, 1),
            ]

    run(test())


@pytest.mark.parametrize("snapshot", ["none", "before", "after"])
def test_every_replay_skips_it(tmp_path: Path, snapshot: str) -> None:
    async def test() -> None:
        async with opened(tmp_path / "a.db", NeverAtlantis()) as shop:
            await stocked(shop)
            if snapshot == "before":
                await shop.engine.checkpoints.take(shop.engine.store(STORE))
            await poisoned(shop)
            if snapshot == "after":
                await shop.engine.checkpoints.take(shop.engine.store(STORE))
            await shop.contact("b", country="Germany")
            lived = [held.to_bytes() for held in await shop.changes()]
        async with opened(tmp_path / "a.db", NeverDecodesAtlantis()) as shop:
            assert shop.engine.recovered[0].poisoned == (snapshot != "after")
            assert shop.state.revision == 8
            assert shop.members("germans") == {"a", "b"}
            assert [held.to_bytes() for held in await shop.changes()] == lived

    run(test())


def test_writes_that_share_its_revision_are_refused_with_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path / "a.db") as shop:
            await stocked(shop)
            lose_cities(shop)
            answers = await asyncio.gather(
                shop.contact("b", country="Germany"),
                shop.contact("c", city=POISON),
                return_exceptions=True,
            )
            assert [type(held) for held in answers] == [Poisoned, Poisoned]
            assert shop.members("germans") == {"a"}
            assert shop.state.index.contacts.count == 1
            again = await shop.contact("b", country="Germany")
            assert (again.revision, shop.members("germans")) == (8, {"a", "b"})

    run(test())


def test_its_request_id_is_not_answered_with_success(tmp_path: Path) -> None:
    async def test() -> None:
        async with opened(tmp_path / "a.db") as shop:
            await stocked(shop)
            lose_cities(shop)
            with pytest.raises(Poisoned):
                await shop.contact("b", "r-1", city=POISON)
            again = await shop.contact("b", "r-1", city=POISON)
            assert (again.revision, again.facts["created"]) == (8, 1)

    run(test())


def test_a_crash_before_the_marker_stops_the_start_until_an_operator_says_so(
    tmp_path: Path,
) -> None:
    async def test() -> None:
        database = tmp_path / "a.db"
        async with opened(database) as shop:
            await stocked(shop)
            await shop.contact("b", country=POISON)
        with pytest.raises(StorageFailed, match=r"revision 6 .* its last, cannot be applied"):
            async with opened(database, NeverDecodesAtlantis()):
                raise AssertionError("it started")
        async with opened(database, NeverDecodesAtlantis(), empties_unapplied=True) as shop:
            assert (shop.state.revision, shop.state.index.contacts.count) == (7, 1)
            await shop.contact("c", country="Germany")
            assert shop.members("germans") == {"a", "c"}
        async with opened(database, NeverDecodesAtlantis()) as shop:
            assert shop.members("germans") == {"a", "c"}

    run(test())


def test_one_that_others_follow_is_never_emptied(tmp_path: Path) -> None:
    async def test() -> None:
        database = tmp_path / "a.db"
        async with opened(database) as shop:
            await stocked(shop)
            await shop.contact("b", country=POISON)
            await shop.contact("c", country="Germany")
        with pytest.raises(StorageFailed, match=r"revision 6 .* cannot be applied"):
            async with opened(database, NeverDecodesAtlantis(), empties_unapplied=True):
                raise AssertionError("it started")

    run(test())


def test_without_room_for_the_marker_everything_stops_and_the_journal_stays(
    tmp_path: Path,
) -> None:
    async def test() -> None:
        database = tmp_path / "a.db"
        async with opened(database, NeverAtlantis(), DiskFull) as shop:
            await stocked(shop)
            lost = asyncio.ensure_future(shop.segment("lost", is_text("country", POISON)))
            for _ in range(10):  # until its leaf is answered and it is in the queue
                await asyncio.sleep(0)
            behind = shop.contact("b", country="Germany")
            refused = await asyncio.gather(lost, behind, return_exceptions=True)
            assert [type(held) for held in refused] == [StorageFailed, StorageFailed]
            with pytest.raises(StorageFailed, match="restart"):
                await shop.contact("c", country="Germany")
        async with opened(database, NeverAtlantis(), empties_unapplied=True) as shop:
            assert shop.members("germans") == {"a"}
            assert Bitmap(shop.state.index.contacts.universe) == Bitmap([0])

    run(test())
