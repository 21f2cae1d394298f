from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from segsvc.v1 import (
    condition_pb2,
    evaluation_service_pb2,
    ingest_service_pb2,
    segment_service_pb2,
    store_service_pb2,
)
from tests.real_data.requests import STORE, contacts, events
from tests.real_data.retail import AS_OF, FOLDER, Retail, load
from tests.serving import Served, serving


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
        served.ingest.UpsertContacts(contacts(retail.table("contacts")))
        for behavior in ("order_placed", "order_cancelled"):
            table = retail.table(behavior)
            chunks = (
                ingest_service_pb2.ImportEventsRequest(
                    sequence=number, chunk=events(behavior, table.slice(start, 5_000))
                )
                for number, start in enumerate(range(0, table.num_rows, 5_000))
            )
            answers = list(served.ingest.ImportEvents(chunks))
            assert sum(answer.result.accepted_rows for answer in answers) == table.num_rows
        yield RetailStore(served)
