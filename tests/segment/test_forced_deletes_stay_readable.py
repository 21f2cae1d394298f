"""Segments deleted by force leave conditions that can still be read, and the same members."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import json_format

from segsvc.v1 import condition_pb2, schema_pb2, schema_service_pb2, segment_service_pb2
from tests.serving import Served, serving
from tests.watch.shop import Shop

CITIES = [f"city-{number}" for number in range(8)]


def nest(condition: condition_pb2.Condition, levels: int, salt: int) -> condition_pb2.Condition:
    """Nest a condition by so many groups, two levels more, with siblings that decide."""
    for level in range(levels):
        city = CITIES[(level + salt) % len(CITIES)]
        outer = condition_pb2.Condition()
        group = outer.any_of if level % 2 else outer.all_of
        sibling = group.children.add()
        if level % 2 == 0:
            sibling = getattr(sibling, "not").child
        sibling.text.attribute = "city"
        sibling.text.test.operator = condition_pb2.TEXT_OPERATOR_IS
        sibling.text.test.values.append(city)
        group.children.add().CopyFrom(condition)
        condition = outer
    return condition


def deepest_leaf() -> condition_pb2.Condition:
    """Return the leaf kind that takes most messages."""
    leaf = condition_pb2.Condition()
    leaf.behavior.behavior = "coupon_taken"
    between = leaf.behavior.where.add(property="until").instant.window.between
    between.start.seconds, between.end.seconds = 0, 2_000_000_000
    return leaf


def in_segment(segment_id: str) -> condition_pb2.Condition:
    leaf = condition_pb2.Condition()
    leaf.segment.segment_id = segment_id
    return leaf


def create(shop: Shop, segment_id: str, condition: condition_pb2.Condition) -> None:
    request = segment_service_pb2.CreateSegmentRequest(
        store_id=shop.store_id, segment_id=segment_id
    )
    request.segment.name = segment_id
    request.segment.condition.CopyFrom(condition)
    shop.served.segments.CreateSegment(request)


def stocked(served: Served) -> Shop:
    shop = Shop(served).open()
    request = schema_service_pb2.DefineBehaviorRequest(store_id=shop.store_id)
    request.behavior.name = "coupon_taken"
    request.behavior.properties.add(name="until", type=schema_pb2.PROPERTY_TYPE_INSTANT)
    served.schema.DefineBehavior(request)
    for city in CITIES:
        shop.contact(f"in {city}", city=city)
    shop.contact("nowhere")
    return shop


def read(shop: Shop, segment_id: str) -> segment_service_pb2.GetSegmentResponse:
    request = segment_service_pb2.GetSegmentRequest(store_id=shop.store_id, segment_id=segment_id)
    answer: segment_service_pb2.GetSegmentResponse = shop.served.segments.GetSegment(request)
    return answer


def test_eight_segments_of_sixteen_levels_become_one(tmp_path: Path) -> None:
    with serving(tmp_path / "deep.db") as served:
        shop = stocked(served)
        create(shop, "s0", nest(deepest_leaf(), 14, 0))
        for number in range(1, 9):
            create(shop, f"s{number}", nest(in_segment(f"s{number - 1}"), 14, number))
        members = shop.members("s8")
        assert 0 < len(members) < len(CITIES) + 1
        watcher = shop.watch("s8")
        for number in range(8):
            shop.drop(f"s{number}", force=True)
            assert shop.members("s8") == members
        shop.contact("another", city=CITIES[7])
        told = watcher.deltas_until(watcher.first.revision + 9)
        assert not [held for held in told if held[1] == "DEFINITION" and (held[2] or held[3])]
        watcher.stop()
        written = read(shop, "s8").segment
        assert "segment" not in str(json_format.MessageToDict(written.condition))
        json_format.Parse(json_format.MessageToJson(written), type(written)())
        check = segment_service_pb2.CheckConditionRequest(
            store_id=shop.store_id, text=written.condition_text
        )
        assert served.segments.CheckCondition(check).condition == written.condition
        members = shop.members("s8")
        shop.snapshot()
        shop.contact("a third", city=CITIES[7])
        members |= shop.members("s8")
    with serving(tmp_path / "deep.db") as served:
        shop = Shop(served)
        assert shop.members("s8") == members
        assert read(shop, "s8").segment.condition == written.condition


def test_deleting_again_and_again_never_gets_too_deep(tmp_path: Path) -> None:
    with serving(tmp_path / "deep.db") as served:
        shop = stocked(served)
        create(shop, "s0", nest(deepest_leaf(), 14, 0))
        for number in range(1, 9):
            create(shop, f"s{number}", nest(in_segment(f"s{number - 1}"), 14, number))
            members = shop.members(f"s{number}")
            shop.drop(f"s{number - 1}", force=True)
            assert shop.members(f"s{number}") == members
            read(shop, f"s{number}")
