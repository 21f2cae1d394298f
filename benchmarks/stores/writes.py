"""What arrives while the suites watch: orders and changed attributes of chosen contacts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.stores.files import Files
from segsvc.client.columns import Kinds
from segsvc.client.encoders import EventsEncoder, contacts_encoder
from segsvc.client.pieces import Piece
from segsvc.domain.standard_schema import STANDARD_SCHEMA
from segsvc.v1 import ingest_service_pb2 as pb

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


def visits(numbers: npt.NDArray[Any], at: int) -> pa.RecordBatch:
    """Return one event without properties of each of the contacts, as columns."""
    times = np.full(len(numbers), at, np.int64)
    return pa.RecordBatch.from_pydict({"contact_id": contact_ids(numbers), "time": times})


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


def active(files: Files, count: int, seed: int) -> npt.NDArray[Any]:
    """Return the contacts of *count* page views drawn from the latest: who comes often, often."""
    latest = pq.ParquetFile(files.events("product_viewed"))
    group = latest.read_row_group(latest.num_row_groups - 1, columns=["contact"])
    rng = np.random.default_rng(seed)
    return rng.choice(group.column("contact").to_numpy(), count)


def order_request(store_id: str, batch: pa.RecordBatch) -> pb.RecordEventsRequest:
    """Return the request that records a batch of `orders`."""
    return event_request(store_id, "order_placed", batch)


def event_request(store_id: str, behavior: str, batch: pa.RecordBatch) -> pb.RecordEventsRequest:
    """Return the request that records a batch of events of one behavior."""
    properties = STANDARD_SCHEMA.behaviors[behavior].properties
    encode = EventsEncoder(
        store_id,
        {behavior: Kinds({held.name: held.type.name for held in properties})},
        on_invalid="ON_INVALID_REJECT",
        on_unknown_contact="ON_UNKNOWN_CONTACT_CREATE",
        skip_event_id_check=True,
        separator=";",
    )
    request: pb.RecordEventsRequest = encode(_piece(batch, behavior)).request
    return request


def attribute_request(store_id: str, batch: pa.RecordBatch) -> pb.UpsertContactsRequest:
    """Return the request that upserts a batch of `attributes`."""
    encode = contacts_encoder(store_id, _ATTRIBUTES, "ON_INVALID_REJECT", False, ";")
    request: pb.UpsertContactsRequest = encode(_piece(batch)).request
    return request


def _piece(batch: pa.RecordBatch, behavior: str = "") -> Piece:
    return Piece(batch, np.arange(batch.num_rows), behavior)
