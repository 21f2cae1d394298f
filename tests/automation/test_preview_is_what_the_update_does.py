"""A preview changes nothing, and the update that follows does what it said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.client import Client, InvalidArgument, NotFound, Store, text
from segsvc.v1 import segment_service_pb2
from tests.automation.reader import Reader
from tests.oracle.profiles import DEEP, QUICK
from tests.serving import Served, serving
from tests.watch.shop import DAY, Shop

COUNTRIES = ("DE", "FR", "IT")
CONDITIONS = (
    'country is "DE"',
    'country any of ("DE", "FR")',
    'country is "XX"',
    "country is set",
    'not (country is "IT")',
    "has done order_placed",
    'in segment "other"',
    'not (in segment "other") or country is "FR"',
)
ABOVE = {
    "above": 'in segment "base" and email is set',
    "below": 'not (in segment "base")',
    "top": 'in segment "above" or not (in segment "below") or in segment "other"',
}
_numbers = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("preview")
    with serving(folder / "preview.db") as running:
        yield running


def people() -> st.SearchStrategy[list[dict[str, Any]]]:
    person = st.fixed_dictionaries(
        {},
        optional={
            "country": st.sampled_from(COUNTRIES),
            "email": st.just("mail@example.com"),
            "email_status": st.sampled_from(("subscribed", "unsubscribed")),
            "phone": st.just("+491701234567"),
            "sms_status": st.sampled_from(("subscribed", "not_subscribed")),
        },
    )
    return st.lists(person, min_size=1, max_size=12)


def reachable(person: dict[str, Any], address: str, status: str) -> bool:
    return address in person and person.get(status) == "subscribed"


def check(served: Served, client: Client, data: st.DataObject) -> None:
    shop = Shop(served, f"shop-{next(_numbers)}").open()
    store = client.store(shop.store_id)
    drawn = data.draw(people())
    known = {f"c{number}": person for number, person in enumerate(drawn)}
    store.upsert([{"contact_id": held, **person} for held, person in known.items()])
    buyers = data.draw(st.sets(st.sampled_from(sorted(known))))
    if buyers:
        shop.event(*sorted(buyers))
    shop.segment("other", "has done order_placed")
    shop.segment("base", data.draw(st.sampled_from(CONDITIONS)))
    for segment_id, said in ABOVE.items():
        shop.segment(segment_id, said)
    for segment_id in ("base", *ABOVE):
        prepare_trigger(store, segment_id, data)
    shop.advance(data.draw(st.sampled_from((0, DAY))))
    condition = shop.condition(data.draw(st.sampled_from(CONDITIONS)))
    choice = data.draw(st.sampled_from(("none", "entering", "all_members")))

    before = {held: shop.members(held) for held in ("base", *ABOVE)}
    reader = Reader(store)
    for held in store.list_triggers():
        reader.take(held.trigger_id)
    told = store.preview_update("base", condition, sample_size=100)
    assert told == store.preview_update("base", condition, sample_size=100)
    assert {held: shop.members(held) for held in before} == before
    store.update_segment("base", condition=condition, trigger_on_update=choice)
    check_members(shop, told, before)
    forecasts = {held.trigger_id: held for held in told.triggers}
    touched = {"base", *(held.segment_id for held in told.dependants)}
    assert {held.segment_id for held in told.triggers} == touched & set(before)
    sums = {"email": 0, "sms": 0}
    for segment_id in before:
        entrants = [known[held.contact_id] for held in reader.entries(segment_id)]
        if choice == "none" or segment_id not in forecasts:
            assert not entrants
            continue
        counts = getattr(forecasts[segment_id], choice)
        emails = sum(reachable(held, "email", "email_status") for held in entrants)
        messages = sum(reachable(held, "phone", "sms_status") for held in entrants)
        assert (counts.entry_count, counts.email_count, counts.sms_count) == (
            len(entrants),
            emails,
            messages,
        )
        sums["email"] += emails
        sums["sms"] += messages
    if choice != "none":
        found = [getattr(held, f"{choice}_count") for held in told.channels]
        assert found == [sums["email"], sums["sms"]]


def prepare_trigger(store: Store, segment_id: str, data: st.DataObject) -> None:
    """Make the trigger of a segment: with any policy, sometimes a past, sometimes active."""
    days = data.draw(st.sampled_from((None, 0, 1, 2)))
    store.create_trigger(
        segment_id,
        segment_id,
        trigger_id=segment_id,
        reentry="every_entry" if days is None else "cooldown" if days else "once",
        cooldown_days=days or 0,
    )
    if data.draw(st.integers(0, 4)):
        store.activate_trigger(segment_id, enter_current_members=data.draw(st.booleans()))


def check_members(
    shop: Shop,
    told: segment_service_pb2.PreviewSegmentUpdateResponse,
    before: dict[str, set[str]],
) -> None:
    after = {held: shop.members(held) for held in before}
    assert told.current_size.contact_count == len(before["base"])
    assert told.new_size.contact_count == len(after["base"])
    assert set(told.entering_contact_ids) == after["base"] - before["base"]
    assert set(told.leaving_contact_ids) == before["base"] - after["base"]
    assert told.entering_count == len(told.entering_contact_ids)
    assert told.leaving_count == len(told.leaving_contact_ids)
    assert {
        held.segment_id: (held.entering_count, held.leaving_count) for held in told.dependants
    } == {
        held: (len(after[held] - before[held]), len(before[held] - after[held]))
        for held in ABOVE
        if after[held] != before[held]
    }


@settings(QUICK, max_examples=25)
@given(st.data())
def test_preview_is_what_the_update_does(server: Served, data: st.DataObject) -> None:
    with Client(server.target) as client:
        check(server, client, data)


@pytest.mark.long
@settings(DEEP, max_examples=1_000)
@given(st.data())
def test_preview_is_what_the_update_does_at_length(server: Served, data: st.DataObject) -> None:
    with Client(server.target) as client:
        check(server, client, data)


def test_triggers_come_the_last_updated_first_and_paused_ones_get_nothing(
    shop: Shop, store: Store
) -> None:
    shop.contact("ann", country="DE")
    shop.contact("bob", country="FR")
    shop.segment("base", 'country is "DE"')
    shop.segment("above", 'in segment "base"')
    for trigger_id, segment_id in (("a", "base"), ("b", "above"), ("c", "base")):
        store.create_trigger(trigger_id, segment_id, trigger_id=trigger_id)
    store.activate_trigger("a")
    told = store.preview_update("base", text("country").is_set())
    assert [held.trigger_id for held in told.triggers] == ["a", "c", "b"]
    assert [held.all_members.entry_count for held in told.triggers] == [2, 0, 0]


def test_what_a_preview_refuses(shop: Shop, store: Store) -> None:
    shop.segment("base", 'country is "DE"')
    shop.segment("above", 'in segment "base"')
    with pytest.raises(NotFound):
        store.preview_update("nobody", text("country").is_set())
    with pytest.raises(InvalidArgument) as cycle:
        store.preview_update("base", shop.condition('in segment "above"'))
    assert cycle.value.reason == "CONDITION_INVALID"
    with pytest.raises(InvalidArgument):
        store.preview_update("base", text("nothing").is_set())
    with pytest.raises(InvalidArgument):
        store.preview_update("base", text("country").is_set(), sample_size=101)
