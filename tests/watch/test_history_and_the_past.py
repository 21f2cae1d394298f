"""Sizes over time, and who was in at a revision that is still kept."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.client import Client, OutOfRange
from segsvc.v1 import segment_pb2, segment_service_pb2, store_service_pb2, watch_service_pb2
from tests.serving import serving
from tests.watch.shop import DAY, NOW, Shop

HOUR = 3_600


def past(shop: Shop, segment_id: str, revision: int, **options: object) -> list[str]:
    request = watch_service_pb2.ListPastMembersRequest(
        store_id=shop.store_id,
        segment_id=segment_id,
        revision=revision,
        **options,  # type: ignore[arg-type]
    )
    return list(shop.served.watch.ListPastMembers(request).contact_ids)


def test_members_of_every_kept_revision(shop: Shop) -> None:
    revisions = {}
    made = shop.segment("germans", 'country is "DE"')
    for name, country in (("ann", "DE"), ("bob", "DE"), ("ann", "FR"), ("cat", "DE")):
        revision = shop.contact(name, country=country)
        revisions[revision] = sorted(shop.members("germans"))
        if name == "bob":
            shop.snapshot()
    assert past(shop, "germans", made) == []
    for revision, members in revisions.items():
        assert sorted(past(shop, "germans", revision)) == members


def test_the_time_of_a_revision_is_told_where_it_is_kept(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    changed = shop.contact("ann", country="DE")
    shop.advance(HOUR)
    quiet = shop.contact("bob", country="FR")
    shop.advance(HOUR)
    newest = shop.contact("cat", country="DE")
    times = {}
    for revision in (changed, quiet, newest):
        request = watch_service_pb2.ListPastMembersRequest(
            store_id=shop.store_id, segment_id="germans", revision=revision
        )
        answer = shop.served.watch.ListPastMembers(request)
        times[revision] = answer.at.seconds if answer.HasField("at") else None
    assert times == {changed: NOW, quiet: None, newest: NOW + 2 * HOUR}


def test_the_oldest_revision_that_a_refusal_names_can_be_listed(tmp_path: Path) -> None:
    with serving(tmp_path / "shop.db", keep_changes_hours=1) as served:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        gone = shop.contact("ann", country="DE")
        then = {shop.contact("bob", country="DE"): ["ann", "bob"]}
        shop.advance(DAY)
        then |= {shop.contact("cat", country="DE"): ["ann", "bob", "cat"]}
        shop.snapshot()
        shop.snapshot()
        with Client(served.target) as client, pytest.raises(OutOfRange) as refused:
            next(iter(client.store("shop").past_members("germans", gone)))
        assert f"revision {gone} is compacted" in refused.value.message
        oldest = int(refused.value.metadata["oldest"])
        assert oldest == gone + 1
        assert {revision: sorted(past(shop, "germans", revision)) for revision in then} == then


def test_a_future_revision_is_refused(shop: Shop) -> None:
    made = shop.segment("germans", 'country is "DE"')
    with pytest.raises(grpc.RpcError) as raised:
        past(shop, "germans", made + 1)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def history(shop: Shop, **options: object) -> list[tuple[int, int, int, int]]:
    request = segment_service_pb2.GetSegmentHistoryRequest(
        store_id=shop.store_id,
        segment_id="buyers",
        **options,  # type: ignore[arg-type]
    )
    answer = shop.served.segments.GetSegmentHistory(request)
    return [
        (point.start_time.seconds - NOW, point.contact_count, point.entered_count, point.left_count)
        for point in answer.points
    ]


def test_days_and_hours(shop: Shop) -> None:
    shop.segment("buyers", "has done order_placed in the last 2 days")
    shop.event("ann", "bob")
    shop.advance(3 * HOUR)
    shop.event("cat")
    shop.advance(2 * DAY)
    noon = 12 * HOUR
    assert history(shop) == [
        (-noon, 3, 3, 0),
        (DAY - noon, 3, 0, 0),
        (2 * DAY - noon, 0, 0, 3),
    ]
    hours = history(shop, interval=segment_pb2.HISTORY_INTERVAL_HOUR)
    assert hours[0][1] == 3
    assert [held for held in hours if held[2] or held[3]] == [
        (2 * DAY, 1, 0, 2),
        (2 * DAY + 3 * HOUR, 0, 0, 1),
    ]
    first = history(
        shop,
        interval=segment_pb2.HISTORY_INTERVAL_HOUR,
        start_time=Timestamp(seconds=NOW),
        end_time=Timestamp(seconds=NOW + 4 * HOUR),
    )
    assert first == [(0, 2, 2, 0), (HOUR, 2, 0, 0), (2 * HOUR, 2, 0, 0), (3 * HOUR, 3, 1, 0)]


def test_a_change_of_the_time_zone_loses_no_counts(shop: Shop) -> None:
    shop.segment("buyers", "has done order_placed")
    for number in range(4):
        shop.event(f"c{number}")
        shop.advance(DAY)
    before = history(shop)
    assert sum(held[2] for held in before) == 4
    for zone in ("America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"):
        request = store_service_pb2.UpdateStoreRequest(store_id=shop.store_id)
        request.store.time_zone = zone
        request.update_mask.paths.append("time_zone")
        shop.served.stores.UpdateStore(request)
        shop.event(f"in {zone}")
        days = history(shop)
        assert sum(held[2] for held in days) == days[-1][1] == len(shop.members("buyers"))
        assert [held[1] for held in days] == sorted(held[1] for held in days)
        shop.advance(HOUR)


def test_hours_that_are_no_longer_kept_are_left_out(shop: Shop) -> None:
    shop.segment("buyers", "has done order_placed")
    shop.event("ann")
    shop.advance(100 * DAY)
    shop.event("bob")
    hours = history(
        shop,
        interval=segment_pb2.HISTORY_INTERVAL_HOUR,
        start_time=Timestamp(seconds=NOW),
        end_time=Timestamp(seconds=NOW + 11 * DAY),
    )
    assert hours[0] == (10 * DAY, 1, 0, 0)
    assert len(hours) == 24
