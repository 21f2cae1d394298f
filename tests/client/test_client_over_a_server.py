from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from segsvc.client import (
    AlreadyExists,
    AsyncClient,
    Client,
    InvalidArgument,
    NotFound,
    Store,
    days,
    event,
    has_done,
    net_spend,
    number,
    saved,
    text,
    text_set,
    yearless,
)
from tests.serving import START, Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "client.db") as running:
        yield running


@pytest.fixture
def shop(served: Served) -> Iterator[Store]:
    with Client(served.target) as client:
        client.create_store("shop", time_zone="Europe/Berlin")
        yield client.store("shop")


def people(store: Store) -> None:
    store.upsert(
        [
            {"contact_id": "ann", "country": "DE", "tags": ["vip"], "birthday": date(1990, 6, 1)},
            {"contact_id": "bob", "country": "FR", "birthday": yearless(2, 29)},
            {
                "contact_id": "cy",
                "country": "DE",
                "email": "cy@example.com",
                "email_status": "subscribed",
            },
        ]
    )
    yesterday = START - timedelta(days=1)
    store.record(
        [
            event("ann", "order_placed", yesterday, event_id="o1", value=40, product_ids=["p1"]),
            event("ann", "order_placed", yesterday, event_id="o2", value=70.5),
            event("bob", "order_placed", yesterday, event_id="o3", value=10),
        ]
    )


def test_conditions_read_like_the_sentence(shop: Store) -> None:
    people(shop)
    orders = has_done("order_placed").in_the_last(days(30))
    for condition, expected in [
        (text("country").is_("de") & orders.where(number("value") > 50), {"ann"}),
        (orders.count >= 2, {"ann"}),
        (net_spend().in_the_last(days(90)).total.between(10, 20), {"bob"}),
        (~text("country").is_("DE") | text_set("tags").any_of("VIP"), {"ann", "bob"}),
    ]:
        assert set(shop.member_ids(condition)) == expected
        assert shop.count(condition).contact_count == len(expected)
        assert {held.contact_id for held in shop.members(condition, page_size=1)} == expected


def test_rows_and_arrow_become_columns(shop: Store) -> None:
    rows = [
        {"contact_id": "a", "country": "DE", "+tags": ["x", "y"], "birthday": date(2000, 2, 29)},
        {"contact_id": "b", "is_member": True, "registered_at": START},
    ]
    assert shop.import_contacts(rows).accepted == 2
    table = pa.table(
        {
            "contact_id": ["a", "b", "c", "d"],
            "birthday": ["--02-29", "", "1999-12-31", "1999-02-30"],
            "is_member": ["no", None, "TRUE", ""],
            "registered_at": ["2024-01-01", "2024-01-01T10:00:00+02:00", None, ""],
            "tags": ["", "", "p;q", ""],
        }
    )
    summary = shop.import_contacts(table)
    assert (summary.rows, summary.accepted, summary.rejected) == (4, 3, 1)
    (rejected,) = summary.rejected_rows
    assert (rejected.row, rejected.field) == (3, "birthday")
    assert "1999-02-30" in rejected.description
    a = shop.contact("a").contact.attributes
    assert list(a["tags"].texts.values) == ["x", "y"]
    assert (a["birthday"].date.year, a["birthday"].date.month) == (0, 2)
    assert not a["is_member"].boolean
    b = shop.contact("b").contact.attributes
    assert b["registered_at"].instant.ToJsonString() == "2024-01-01T08:00:00Z"
    assert b["is_member"].boolean
    assert list(shop.contact("c").contact.attributes["tags"].texts.values) == ["p", "q"]


def test_an_import_repeated_under_its_id_is_done_once(shop: Store) -> None:
    times = [START - timedelta(hours=number) for number in range(5)]
    orders = pa.table({"contact_id": ["a", "a", "b", "b", "c"], "time": times, "value": [1.5] * 5})
    for _ in range(2):
        assert shop.import_events("order_placed", orders, import_id="file-1").accepted == 5
    assert shop.count(has_done("order_placed").sum("value").equals(3)).contact_count == 2


def test_an_import_counts_every_row_it_cannot_read(shop: Store) -> None:
    unreadable = pa.table(
        {"contact_id": [f"c{n}" for n in range(2_000)], "birthday": ["?"] * 2_000}
    )
    done = shop.import_contacts(unreadable)
    assert (done.rows, done.accepted, done.rejected) == (2_000, 0, 2_000)
    assert len(done.rejected_rows) == 1_000
    assert shop.count(text("country").is_not_set()).contact_count == 0


def test_errors_are_typed_and_say_where(shop: Store) -> None:
    with pytest.raises(NotFound) as missing:
        shop.segment("nobody")
    assert missing.value.reason == "SEGMENT_NOT_FOUND"
    with pytest.raises(InvalidArgument) as wrong:
        shop.count(text("country").is_("DE") & number("shoe_size").equals(42))
    assert wrong.value.violations[0].field.startswith("target.condition.all_of.children[1].number")
    shop.create_segment("Germans", text("country").is_("DE"), segment_id="germans")
    with pytest.raises(AlreadyExists):
        shop.create_segment(" GERMANS ", text("country").is_("DE"))


def test_recipients_come_once_and_go_on_where_they_broke(shop: Store) -> None:
    people(shop)
    shop.create_segment("Germans", text("country").is_("DE"), segment_id="germans")
    resolution = shop.resolve(["germans"], channel="email")
    assert resolution.header.included_count == 2
    assert resolution.header.unreachable.no_address == 1
    assert list(resolution.contact_ids()) == ["cy"]
    again = shop.resume(resolution.header.resolution_id, resolution.next_offset)
    assert list(again.contact_ids()) == []
    assert list(shop.resume(resolution.header.resolution_id).contact_ids()) == ["cy"]


async def test_the_async_client_does_the_same(served: Served) -> None:
    async with AsyncClient(served.target) as client:
        await client.create_store("shop")
        shop = client.store("shop")
        rows = [{"contact_id": f"c{number}", "country": "DE"} for number in range(1_000)]
        assert (await shop.import_contacts(rows)).created_contacts == 1_000
        condition = text("country").is_("DE")
        assert (await shop.count(condition)).contact_count == 1_000
        assert len([held async for held in shop.members(condition, page_size=300)]) == 1_000
        await shop.create_segment("Germans", condition, segment_id="germans")
        assert (await shop.count(saved("germans"))).contact_count == 1_000
        resolution = shop.resolve(["germans"], channel="any")
        assert (await resolution.start()).recipient_count == 1_000
        assert len([held async for held in resolution.contact_ids()]) == 1_000
        with pytest.raises(NotFound):
            await shop.segment("nobody")
