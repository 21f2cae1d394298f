from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from datetime import timedelta
from itertools import count

import pytest

from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.domain.ids import SegmentId
from segsvc.domain.schema import MAX_ATTRIBUTES, MAX_BEHAVIORS, Schema
from segsvc.segment.catalog import MAX_SEGMENTS
from segsvc.segment.definition import Segment
from tests.contract import stock
from tests.contract.administration import FULL, OLD
from tests.contract.automation import AUTOMATED, automate, crowd
from tests.contract.cases import SHOP
from tests.contract.reflected import Reflected
from tests.contract.segments import CROWDED
from tests.serving import START, Served, serving


@dataclass
class Contract:
    """A server with stores for every case, called through reflection."""

    served: Served
    client: Reflected
    compacted_token: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def fresh(self, *, automated: bool = False) -> str:
        """Make another store like the shop, or like the one with triggers; return its id."""
        store_id = f"fresh-{next(self._numbers)}"
        (automate if automated else stock.fill)(self.client, store_id)
        return store_id

    def revision(self, store_id: str) -> int:
        """Return the newest revision of a store, 0 when there is no such store."""
        stores = self.client.call("segsvc.v1.StoreService.ListStores", {"page_size": 1_000})
        held = {store["store_id"]: int(store["revision"]) for store in stores[0]["stores"]}
        return held.get(store_id, 0)


@pytest.fixture(scope="package")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    database = tmp_path_factory.mktemp("contract") / "contract.db"
    before = START - timedelta(hours=2)
    with serving(database, replay_start=before, keep_changes_hours=1) as served:
        made = Contract(served, Reflected(served.channel))
        made.compacted_token = _compact(made.client)
        stock.fill(made.client, SHOP)
        _label(made.client)
        _crowd(made.client)
        crowd(made.client)
        automate(made.client, AUTOMATED)
        _fill_up(made)
        yield made
        # What is only in memory cannot be stored when the server stops.
        made.client.call("segsvc.v1.StoreService.DeleteStore", {"store_id": FULL})


def _compact(client: Reflected) -> str:
    """Make a store and let its first changes be dropped; return a token from before.

    Two hours pass; it is `stock.NOW` then. The last revision is 12.
    """
    stock.fill(client, OLD)
    store = {"store_id": OLD}
    snapshot, upsert = (
        "segsvc.v1.AdminService.CreateSnapshot",
        "segsvc.v1.IngestService.UpsertContacts",
    )
    first = client.call("segsvc.v1.WatchService.Watch", store, at_most=1)[0]
    joins = {"contact_id": "c9", "set": {"country": stock.text("Germany")}}
    for row in (joins, {"contact_id": "c9", "unset": ["country"]}):
        client.call(upsert, {**store, "rows": {"rows": [row]}})
    client.call(snapshot, store)
    client.call("segsvc.v1.AdminService.AdvanceTime", {**store, "to": stock.NOW})
    client.call(snapshot, store)
    client.call(upsert, {**store, "rows": {"rows": [joins]}})
    return str(first["resume_token"])


def _label(client: Reflected) -> None:
    """Make a store whose newest lifecycle labels are of today."""
    stock.fill(client, "labelled")
    today = {"year": 2024, "month": 6, "day": 1}
    labels = {"rows": [{"contact_id": "c1", "label": "LIFECYCLE_LABEL_LOYAL"}]}
    batch = {"store_id": "labelled", "as_of_date": today, "rows": labels}
    client.call("segsvc.v1.IngestService.SetLifecycleLabels", batch)


def _crowd(client: Reflected) -> None:
    """Make a store whose Germans are read by a segment three thousand times."""
    stock.fill(client, CROWDED)
    one = {"segment_id": "germans", "condition": {"any_of": {"children": [stock.GERMANS] * 2}}}
    update = {"store_id": CROWDED, "segment": one, "update_mask": "condition"}
    client.call("segsvc.v1.SegmentService.UpdateSegment", update)
    often = {"all_of": {"children": [stock.in_segment("germans")] * 2_600}}
    segment = {"store_id": CROWDED, "segment": {"name": "often", "condition": often}}
    client.call("segsvc.v1.SegmentService.CreateSegment", segment)


def _fill_up(made: Contract) -> None:
    """Make a store that is full, straight in memory: through the front door it takes minutes."""
    made.client.call("segsvc.v1.StoreService.CreateStore", {"store_id": FULL})
    state = made.served.server.engine.store(FULL)
    attributes, behaviors = state.schema.attributes, state.schema.behaviors
    some_attribute, some_behavior = attributes["city"], behaviors["visited"]
    state.change_schema(
        Schema.of(
            [
                *attributes.values(),
                *(
                    replaced(some_attribute, name=f"a_{n}", standard=False)
                    for n in range(MAX_ATTRIBUTES - len(attributes))
                ),
            ],
            [
                *behaviors.values(),
                *(
                    replaced(some_behavior, name=f"b_{n}", standard=False)
                    for n in range(MAX_BEHAVIORS - len(behaviors))
                ),
            ],
        )
    )
    members = AttributeLeaf("is_member", BooleanTest(BooleanOperator.TRUE))
    for number in range(MAX_SEGMENTS):
        segment_id = SegmentId(f"s-{number}")
        state.segments.put(Segment(segment_id, segment_id, "", members, 0, 0, 1))
