"""Members that are kept as words, for those who combine segments, are never those of before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from segsvc.bitmap.combine import Form
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf
from segsvc.engine.evaluation import Evaluation
from segsvc.engine.read import Reading, SavedSegment, SegmentSet, Target
from segsvc.v1 import ingest_service_pb2, segment_service_pb2
from tests.engine.workshop import NOW, Workshop, is_text, opened

BERLIN, WOMEN = "in-berlin", "women"
TARGETS: dict[str, Target] = {
    "one": SegmentLeaf(BERLIN),
    "saved": SavedSegment(BERLIN),
    "both": AllOf((SegmentLeaf(BERLIN), SegmentLeaf(WOMEN))),
    "set": SegmentSet((BERLIN,), (WOMEN,)),
}


def told(shop: Workshop) -> dict[str, tuple[int, set[str]]]:
    """Ask for every target as often as it takes until its members have another form."""
    found = {}
    for _ in range(4):
        for name, target in TARGETS.items():
            reading = Reading(shop.state, NOW)
            ids = shop.state.index.contacts.id_of
            found[name] = reading.count(target), set(map(ids, reading.members(target)))
    return found


def expected(city: dict[str, str], women: set[str]) -> dict[str, tuple[int, set[str]]]:
    berlin = {name for name, place in city.items() if place == "Berlin"}
    sets = {"one": berlin, "saved": berlin, "both": berlin & women, "set": berlin - women}
    return {name: (len(held), held) for name, held in sets.items()}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("cache_bytes", [0, 20_000, 2**30])
def test_segments_are_counted_as_they_are_now(tmp_path: Path, form: Form, cache_bytes: int) -> None:
    async def live() -> None:
        evaluation = Evaluation(cache_bytes, form=form)
        async with opened(tmp_path / "shop.db", evaluation=evaluation) as shop:
            await shop.create()
            await shop.segment(BERLIN, is_text("city", "Berlin"))
            await shop.segment(WOMEN, is_text("gender", "female"))
            city = {f"c{number}": ("Berlin", "Paris")[number % 2] for number in range(40)}
            women = {f"c{number}" for number in range(0, 40, 3)}
            for name, place in city.items():
                gender = "female" if name in women else "male"
                await shop.contact(name, city=place, gender=gender)
            assert told(shop) == expected(city, women)
            for change in moves(shop, city, women):
                await change()
                assert told(shop) == expected(city, women)

    asyncio.run(live())


def moves(
    shop: Workshop, city: dict[str, str], women: set[str]
) -> list[Callable[[], Awaitable[None]]]:
    """Return writes that change who is in a segment, but not how many contacts there are."""

    async def moved() -> None:
        city["c1"], city["c2"] = "Berlin", "Paris"
        await shop.contact("c1", city="Berlin")
        await shop.contact("c2", city="Paris")

    async def swapped() -> None:
        women.symmetric_difference_update({"c4", "c6"})
        await shop.contact("c4", gender="female")
        await shop.contact("c6", gender="male")

    async def deleted() -> None:
        del city["c8"]
        await shop.write(ingest_service_pb2.DeleteContactsRequest(contact_ids=["c8"]))

    async def defined_anew() -> None:
        await shop.write(segment_service_pb2.DeleteSegmentRequest(segment_id=WOMEN))
        women.symmetric_difference_update(city)
        await shop.segment(WOMEN, is_text("gender", "male"))

    return [moved, swapped, deleted, defined_anew]
