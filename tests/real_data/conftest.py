from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from segsvc.v1 import (
    condition_pb2,
    evaluation_service_pb2,
    ingest_pb2,
    ingest_service_pb2,
    segment_service_pb2,
    store_service_pb2,
    value_pb2,
)
from tests.real_data.retail import AS_OF, FOLDER, Retail, load, packed
from tests.serving import Served, serving

STORE = "retail"


@pytest.fixture(scope="session")
def retail() -> Retail:
    if not FOLDER.is_dir():
        pytest.skip(f"the Online Retail II data is not in {FOLDER.parent.name}/{FOLDER.name}")
    return load()


class RetailStore:
    """The imported store: conditions in the text form, answers as sets of ids."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def condition(self, text: str) -> condition_pb2.Condition:
        request = segment_service_pb2.CheckConditionRequest(store_id=STORE, text=text)
        checked = self.served.segments.CheckCondition(request)
        assert not checked.errors, checked.errors
        return checked.condition

    def count(self, text: str) -> int:
        target = condition_pb2.Target(condition=self.condition(text))
        request = evaluation_service_pb2.CountRequest(store_id=STORE, target=target)
        return self.served.evaluation.Count(request).contact_count

    def members(self, text: str) -> set[str]:
        target = condition_pb2.Target(condition=self.condition(text))
        request = evaluation_service_pb2.StreamMembersRequest(store_id=STORE, target=target)
        ids: list[str] = []
        for message in self.served.evaluation.StreamMembers(request):
            column = message.batch.contact_ids
            bounds = np.frombuffer(column.offsets, "<u4").tolist()
            ids += [column.utf8[start:end].decode() for start, end in pairwise(bounds)]
        assert len(ids) == len(set(ids))
        return set(ids)


@pytest.fixture(scope="session")
def store(retail: Retail, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RetailStore]:
    database: Path = tmp_path_factory.mktemp("retail") / "retail.db"
    with serving(database, replay_start=AS_OF) as served:
        create = store_service_pb2.CreateStoreRequest(store_id=STORE, time_zone="UTC")
        served.stores.CreateStore(create)
        served.ingest.UpsertContacts(_contacts(retail.table("contacts")))
        for behavior in ("order_placed", "order_cancelled"):
            table = retail.table(behavior)
            chunks = (
                ingest_service_pb2.ImportEventsRequest(
                    sequence=number, chunk=_events(behavior, table.slice(start, 5_000))
                )
                for number, start in enumerate(range(0, table.num_rows, 5_000))
            )
            answers = list(served.ingest.ImportEvents(chunks))
            assert sum(answer.result.accepted_rows for answer in answers) == table.num_rows
        yield RetailStore(served)


def _strings(column: pa.ChunkedArray) -> value_pb2.StringColumn:
    utf8, offsets = packed(column.to_pylist())
    return value_pb2.StringColumn(utf8=utf8, offsets=offsets)


def _contacts(table: pa.Table) -> ingest_service_pb2.UpsertContactsRequest:
    country = value_pb2.ValueColumn(name="country", strings=_strings(table["country"]))
    columns = ingest_pb2.ContactColumns(contact_ids=_strings(table["contact_id"]), values=[country])
    return ingest_service_pb2.UpsertContactsRequest(store_id=STORE, columns=columns)


def _events(behavior: str, table: pa.Table) -> ingest_service_pb2.RecordEventsRequest:
    lists = table["product_ids"].combine_chunks()
    elements = lists.flatten().dictionary_encode()
    products = value_pb2.ListColumn(
        offsets=np.concatenate([[0], np.cumsum(lists.value_lengths())]).astype("<u4").tobytes(),
        elements=value_pb2.DictionaryColumn(
            values=_strings(elements.dictionary),
            codes=elements.indices.to_numpy().astype("<u4").tobytes(),
        ),
    )
    unscaled = np.array([int(value.scaleb(4)) for value in table["value"].to_pylist()], "<i8")
    return ingest_service_pb2.RecordEventsRequest(
        store_id=STORE,
        columns=ingest_pb2.EventColumns(
            behavior=behavior,
            contact_ids=_strings(table["contact_id"]),
            times=table["time"].to_numpy().astype("<i8").tobytes(),
            event_ids=_strings(table["order_id"]),
            properties=[
                value_pb2.ValueColumn(name="value", unscaled=unscaled.tobytes()),
                value_pb2.ValueColumn(name="order_id", strings=_strings(table["order_id"])),
                value_pb2.ValueColumn(name="product_ids", lists=products),
            ],
        ),
    )
