"""What arrives while the suites watch: orders and changed attributes of chosen contacts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from segsvc.client.columns import Kinds
from segsvc.client.encoders import EventsEncoder, contacts_encoder
from segsvc.client.pieces import Piece
from segsvc.domain.standard_schema import STANDARD_SCHEMA
from segsvc.v1 import ingest_service_pb2 as pb

_KINDS = Kinds(
    {held.name: held.type.name for held in STANDARD_SCHEMA.behaviors["order_placed"].properties}
)
_ATTRIBUTES = Kinds({"points": "NUMBER", "city": "TEXT", "is_member": "BOOLEAN", "country": "TEXT"})

_COUNTRIES = pa.array(["US", "GB", "DE", "FR", "CA"])
_CITIES = pa.array(["Berlin", "Paris", "London", "Roma"])


def contact_ids(numbers: npt.NDArray[Any]) -> pa.Array:
    """Return the ids of the contacts with these dense numbers."""
    return pa.array([f"c{number:07}" for number in numbers.tolist()])


def orders(numbers: npt.NDArray[Any], at: int, seed: int) -> pa.RecordBatch:
    """Return one order of each of the contacts, as columns."""
    rng = np.random.default_rng(seed)
    count = len(numbers)
    return pa.RecordBatch.from_pydict(
        {
            "contact_id": contact_ids(numbers),
            "time": np.full(count, at, np.int64),
            "value": np.round(rng.exponential(60, count), 2),
        }
    )


def attributes(numbers: npt.NDArray[Any], seed: int) -> pa.RecordBatch:
    """Return new values of four attributes of each of the contacts, as columns."""
    rng = np.random.default_rng(seed)
    count = len(numbers)
    coded = pa.DictionaryArray.from_arrays
    return pa.RecordBatch.from_pydict(
        {
            "contact_id": contact_ids(numbers),
            "points": rng.integers(0, 3_000, count),
            "city": coded(pa.array(rng.integers(0, 4, count, dtype=np.int32)), _CITIES),
            "country": coded(pa.array(rng.integers(0, 5, count, dtype=np.int32)), _COUNTRIES),
            "is_member": pa.array(rng.random(count) < 0.5),
        }
    )


def drawn(count: int, of: int, seed: int) -> npt.NDArray[Any]:
    """Return *count* different contacts of *of*, in no order."""
    rng = np.random.default_rng(seed)
    return rng.choice(of, count, replace=count > of).astype(np.uint32)


def order_request(store_id: str, batch: pa.RecordBatch) -> pb.RecordEventsRequest:
    """Return the request that records a batch of `orders`."""
    encode = EventsEncoder(
        store_id,
        {"order_placed": _KINDS},
        on_invalid="ON_INVALID_REJECT",
        on_unknown_contact="ON_UNKNOWN_CONTACT_CREATE",
        skip_event_id_check=True,
        separator=";",
    )
    request: pb.RecordEventsRequest = encode(_piece(batch, "order_placed")).request
    return request


def attribute_request(store_id: str, batch: pa.RecordBatch) -> pb.UpsertContactsRequest:
    """Return the request that upserts a batch of `attributes`."""
    encode = contacts_encoder(store_id, _ATTRIBUTES, "ON_INVALID_REJECT", False, ";")
    request: pb.UpsertContactsRequest = encode(_piece(batch)).request
    return request


def _piece(batch: pa.RecordBatch, behavior: str = "") -> Piece:
    return Piece(batch, np.arange(batch.num_rows), behavior)
