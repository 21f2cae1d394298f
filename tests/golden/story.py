"""A short life of a store in which every kind of write happens. What it means is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format

from segsvc.condition.language import parse
from segsvc.rpc.encode.condition import condition as encode_condition
from segsvc.v1 import (
    automation_service_pb2,
    ingest_service_pb2,
    schema_service_pb2,
    segment_service_pb2,
    store_service_pb2,
)
from tests.engine.workshop import DAY, NOW, STORE, Workshop

_SEGMENTS = {
    "germans": 'country is "Germany" and email_status is "subscribed"',
    "birthdays": "birthday anniversary in the next 3 days",
    "recent": "has done order_placed in the last 2 days with sum of value >= 20",
    "lapsed": "has done visited and has not done order_placed in the last 5 days",
    "tagged": 'tags any of ("VIP", "straße") or not (score between 1.5 and 2.25)',
    "half": 'sample 50% salted "golden"',
    "quiet": "visited_quiz is not set and net spend < 100",
    "both": 'in segment "germans" and not in segment "recent"',
    "soon": "renewal in the next 36 hours",
}
_DEFINED = (
    {"name": "score", "type": "ATTRIBUTE_TYPE_NUMBER", "scale": 2},
    {"name": "renewal", "type": "ATTRIBUTE_TYPE_INSTANT"},
    {"name": "visited_quiz", "type": "ATTRIBUTE_TYPE_BOOLEAN"},
)


async def tell(shop: Workshop) -> None:
    """Let it happen."""
    await shop.create("Europe/Berlin")
    for attribute in _DEFINED:
        await _write(shop, schema_service_pb2.DefineAttributeRequest, attribute=attribute)
    taste = {"name": "taste", "type": "PROPERTY_TYPE_TEXT"}
    quiz = {"name": "quiz_taken", "properties": [taste]}
    await _write(shop, schema_service_pb2.DefineBehaviorRequest, behavior=quiz)
    await _contacts(shop, [_contact(number) for number in range(12)])
    for segment_id, words in _SEGMENTS.items():
        condition = json_format.MessageToDict(encode_condition(parse(words, shop.state.schema)))
        segment = {"name": segment_id.title(), "condition": condition}
        await _write(
            shop, segment_service_pb2.CreateSegmentRequest, segment_id=segment_id, segment=segment
        )
    await _automations(shop)
    await _events(shop, [_order(number) for number in range(12)])
    await _changes(shop)
    await _time(shop)
    await _ends(shop)


async def _automations(shop: Workshop) -> None:
    policies = {"recent": "REENTRY_POLICY_EVERY_ENTRY", "germans": "REENTRY_POLICY_ONCE"}
    for segment_id, policy in policies.items():
        trigger = {"name": "On entry", "segment_id": segment_id, "reentry_policy": policy}
        create = {"trigger_id": f"on-{segment_id}", "trigger": trigger}
        await _write(shop, automation_service_pb2.CreateTriggerRequest, **create)
    activate = automation_service_pb2.ActivateTriggerRequest
    await _write(shop, activate, trigger_id="on-germans", enter_current_members=True)
    await _write(shop, activate, trigger_id="on-recent")
    quota = {"channel": "CHANNEL_EMAIL", "limit": 1_000, "used": 10}
    await _write(shop, automation_service_pb2.SetQuotaRequest, **quota)


async def _changes(shop: Workshop) -> None:
    wrong = [{"contact_id": "c1", "set": {"city": {"text": "Köln"}}}, {"contact_id": ""}]
    await _contacts(shop, wrong, on_invalid="ON_INVALID_SKIP", request_id="skips")
    edits = [{"attribute": "tags", "add": ["vip", "STRASSE"], "remove": ["old"]}]
    await _contacts(shop, [{"contact_id": "c2", "unset": ["country"], "edits": edits}])
    await asyncio.gather(
        _events(shop, [_order(3), _visit("c4", 0), _visit("stranger", -60)]),
        _contacts(shop, [{"contact_id": "c5", "set": {"score": {"number": {"decimal": "1.995"}}}}]),
    )
    labels = [{"contact_id": "c6", "label": "LIFECYCLE_LABEL_LOYAL"}]
    await _write(
        shop,
        ingest_service_pb2.SetLifecycleLabelsRequest,
        as_of_date={"year": 2024, "month": 5, "day": 31},
        rows={"rows": labels},
    )
    await _write(
        shop,
        segment_service_pb2.CreateSegmentFromSuggestionRequest,
        suggestion_id="high_value_customers",
        segment_id="suggested",
    )
    copy = {"segment_id": "recent", "new_segment_id": "copied"}
    await _write(shop, segment_service_pb2.CopySegmentRequest, **copy)
    merges = [{"from_contact_id": "c7", "into_contact_id": "c8"}]
    await _write(shop, ingest_service_pb2.MergeContactsRequest, merges=merges)
    await _write(shop, ingest_service_pb2.DeleteContactsRequest, contact_ids=["c9", "nobody"])


async def _time(shop: Workshop) -> None:
    await shop.engine.advance_time(STORE, NOW + 3 * DAY)
    await _contacts(shop, [{"contact_id": "c9", "set": {"country": {"text": "Germany"}}}])
    await _events(shop, [_visit("c7", 2 * DAY), _visit("c10", -300)])
    await _write(
        shop,
        store_service_pb2.UpdateStoreRequest,
        store={"time_zone": "America/New_York"},
        update_mask="timeZone",
    )
    await shop.engine.advance_time(STORE, NOW + 7 * DAY)


async def _ends(shop: Workshop) -> None:
    condition = json_format.MessageToDict(encode_condition(parse("score > 2", shop.state.schema)))
    changed = {"segment_id": "half", "name": "Scored", "condition": condition}
    await _write(
        shop,
        segment_service_pb2.UpdateSegmentRequest,
        segment=changed,
        update_mask="name,condition",
    )
    renamed = {"trigger_id": "on-recent", "name": "Recent buyers"}
    update = automation_service_pb2.UpdateTriggerRequest
    await _write(shop, update, trigger=renamed, update_mask="name")
    acknowledged = {"trigger_id": "on-germans", "sequence": 1}
    await _write(shop, automation_service_pb2.AckEntriesRequest, **acknowledged)
    pause = {"trigger_id": "on-recent", "method": "PAUSE_METHOD_ALSO_STOP_IN_FLOW"}
    await _write(shop, automation_service_pb2.PauseTriggerRequest, **pause)
    await _write(shop, automation_service_pb2.DeleteTriggerRequest, trigger_id="on-recent")
    germans = {"segment_id": "germans", "force": True}
    await _write(shop, segment_service_pb2.DeleteSegmentRequest, **germans)
    await _contacts(shop, [{"contact_id": "c11", "set": {"country": {"text": "Germany"}}}])


async def _write(shop: Workshop, kind: type[Any], **fields: Any) -> None:
    await shop.write(json_format.ParseDict(fields, kind()))


async def _contacts(shop: Workshop, rows: Sequence[Any], **fields: Any) -> None:
    kind = ingest_service_pb2.UpsertContactsRequest
    await _write(shop, kind, rows={"rows": rows}, **fields)


async def _events(shop: Workshop, rows: Sequence[Any]) -> None:
    await _write(shop, ingest_service_pb2.RecordEventsRequest, rows={"rows": rows})


def _contact(number: int) -> dict[str, Any]:
    held = {
        "country": {"text": ("Germany", "France", "germany")[number % 3]},
        "email": {"text": f"c{number}@example.org"},
        "email_status": {"text": ("subscribed", "unsubscribed")[number % 4 == 3]},
        "birthday": {"date": {"year": 1980 + number, "month": 6, "day": 1 + number}},
        "score": {"number": {"decimal": f"{number % 5}.125"}},
        "tags": {"texts": {"values": ["old", "Straße"][: number % 3]}},
        "renewal": {"instant": f"2024-06-{1 + number:02d}T09:30:00Z"},
    }
    return {"contact_id": f"c{number}", "set": {k: v for k, v in held.items() if v}}


def _order(number: int) -> dict[str, Any]:
    return {
        "contact_id": f"c{number}",
        "behavior": "order_placed",
        "time": f"2024-05-{31 - number:02d}T20:15:00Z",
        "event_id": f"order-{number}",
        "properties": {
            "value": {"number": {"decimal": f"{9 + number}.95"}},
            "product_ids": {"texts": {"values": [f"sku-{number % 4}", "sku-9"]}},
            "categories": {"texts": {"values": ["Shoes"]}},
        },
    }


def _visit(contact_id: str, ago: int) -> dict[str, Any]:
    """Return a visit so many seconds before the beginning of the story; less than 0: after it."""
    time = datetime.fromtimestamp(NOW - ago, UTC).isoformat().replace("+00:00", "Z")
    return {"contact_id": contact_id, "behavior": "visited", "time": time}
