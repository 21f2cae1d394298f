"""Tables of the real orders as requests, in columns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from segsvc.v1 import ingest_pb2, ingest_service_pb2, value_pb2
from tests.real_data.retail import packed

STORE = "retail"


def strings(column: pa.ChunkedArray) -> value_pb2.StringColumn:
    utf8, offsets = packed(column.to_pylist())
    return value_pb2.StringColumn(utf8=utf8, offsets=offsets)


def contacts(table: pa.Table) -> ingest_service_pb2.UpsertContactsRequest:
    country = value_pb2.ValueColumn(name="country", strings=strings(table["country"]))
    columns = ingest_pb2.ContactColumns(contact_ids=strings(table["contact_id"]), values=[country])
    return ingest_service_pb2.UpsertContactsRequest(store_id=STORE, columns=columns)


def events(behavior: str, table: pa.Table) -> ingest_service_pb2.RecordEventsRequest:
    lists = table["product_ids"].combine_chunks()
    elements = lists.flatten().dictionary_encode()
    products = value_pb2.ListColumn(
        offsets=np.concatenate([[0], np.cumsum(lists.value_lengths())]).astype("<u4").tobytes(),
        elements=value_pb2.DictionaryColumn(
            values=strings(elements.dictionary),
            codes=elements.indices.to_numpy().astype("<u4").tobytes(),
        ),
    )
    unscaled = np.array([int(value.scaleb(4)) for value in table["value"].to_pylist()], "<i8")
    return ingest_service_pb2.RecordEventsRequest(
        store_id=STORE,
        columns=ingest_pb2.EventColumns(
            behavior=behavior,
            contact_ids=strings(table["contact_id"]),
            times=table["time"].to_numpy().astype("<i8").tobytes(),
            event_ids=strings(table["order_id"]),
            properties=[
                value_pb2.ValueColumn(name="value", unscaled=unscaled.tobytes()),
                value_pb2.ValueColumn(name="order_id", strings=strings(table["order_id"])),
                value_pb2.ValueColumn(name="product_ids", lists=products),
            ],
        ),
    )
