"""What the stores of the contract's cases hold."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from tests.contract.reflected import Json, Reflected
from tests.serving import START

NOW = START.isoformat().replace("+00:00", "Z")
EARLIER = "2024-05-20T09:00:00Z"
PAST = "2024-06-01T11:59:59Z"


def is_from(country: str) -> Json:
    """Return the condition of contacts from a country."""
    test = {"operator": "TEXT_OPERATOR_IS", "values": [country]}
    return {"text": {"attribute": "country", "test": test}}


def in_segment(segment_id: str) -> Json:
    """Return the condition of members of a segment."""
    return {"segment": {"segment_id": segment_id}}


GERMANS = is_from("Germany")
BUYERS = {"behavior": {"behavior": "order_placed"}}
NOBODY_KNOWS = {"text": {"attribute": "hat_size", "test": GERMANS["text"]["test"]}}
"""A condition on an attribute that no store has."""


def text(value: str) -> Json:
    """Return a text value."""
    return {"text": value}


def strings(*texts: str) -> Json:
    """Return a StringColumn."""
    encoded = [held.encode() for held in texts]
    ends = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    return {"utf8": based(b"".join(encoded)), "offsets": based(ends.tobytes())}


def integers(dtype: str, *numbers: int) -> str:
    """Return a binary column."""
    return based(np.array(numbers, dtype).tobytes())


def based(raw: bytes) -> str:
    """Return bytes as JSON has them."""
    return base64.b64encode(raw).decode()


CONTACTS: list[Json] = [
    {
        "contact_id": f"c{number}",
        "set": {
            "country": text("Germany" if number < 4 else "France"),
            "email": text(f"c{number}@example.org"),
            "email_status": text("subscribed"),
        },
    }
    for number in range(1, 6)
]
EVENTS: list[Json] = [
    {
        "contact_id": f"c{number}",
        "behavior": "order_placed",
        "time": EARLIER,
        "event_id": f"order-{number}",
        "properties": {"value": {"number": {"decimal": "19.90"}}},
    }
    for number in range(1, 4)
]


def fill(client: Reflected, store_id: str) -> None:
    """Make a store: five contacts, three orders, three segments."""

    def call(rpc: str, **fields: Any) -> None:
        client.call(f"segsvc.v1.{rpc}", {"store_id": store_id, **fields})

    call("StoreService.CreateStore")
    score = {"name": "score", "type": "ATTRIBUTE_TYPE_NUMBER", "scale": 2}
    call("SchemaService.DefineAttribute", attribute=score)
    level = {"name": "level", "type": "PROPERTY_TYPE_NUMBER"}
    quiz = {"name": "quiz_taken", "filter_type": "FILTER_TYPE_OTHERS", "properties": [level]}
    call("SchemaService.DefineBehavior", behavior=quiz)
    call("IngestService.UpsertContacts", rows={"rows": CONTACTS})
    call("IngestService.RecordEvents", rows={"rows": EVENTS})
    for segment_id, condition in (
        ("germans", GERMANS),
        ("buyers", BUYERS),
        ("german-buyers", {"all_of": {"children": [in_segment("germans"), BUYERS]}}),
    ):
        segment = {"name": segment_id, "condition": condition}
        call("SegmentService.CreateSegment", segment_id=segment_id, segment=segment)
