"""Two years of real orders in time order, with thirty live segments and people who watch.

The clock moves to the end of each batch, then the batch's orders come in, a little late. At the
end of every month who is in each segment is what DuckDB finds, and what the deltas add up to. By
default what happened before the last months comes in as one batch, up to 22 months late.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from segsvc.v1 import (
    admin_service_pb2,
    evaluation_pb2,
    segment_pb2,
    segment_service_pb2,
    store_service_pb2,
    watch_service_pb2,
)
from tests.hosted import Hosted
from tests.oracle.ledger import ids_of
from tests.oracle.telling import as_told, replayed, telling
from tests.oracle.watcher import Watcher
from tests.real_data import live_segments
from tests.real_data.requests import STORE, contacts, events
from tests.real_data.retail import Retail

BEGIN = datetime(2009, 12, 1, tzinfo=UTC)
END = datetime(2012, 1, 1, tzinfo=UTC)
CRASHES_AT = datetime(2011, 11, 1, tzinfo=UTC)
FOREVER = 10_000 * 86_400
BEHAVIORS = ("order_placed", "order_cancelled")


class Shop:
    """The store as it grows."""

    def __init__(self, host: Hosted, retail: Retail) -> None:
        self.host, self.retail = host, retail
        self.tables = {name: retail.table(name) for name in BEHAVIORS}
        self.people = retail.database.sql(
            "select contacts.*, first from contacts join firsts using (contact_id)"
        ).to_arrow_table()
        host.stores.CreateStore(store_service_pb2.CreateStoreRequest(store_id=STORE))
        for name, (text, _) in live_segments.SEGMENTS.items():
            check = segment_service_pb2.CheckConditionRequest(store_id=STORE, text=text)
            checked = host.segments.CheckCondition(check)
            assert not checked.errors, checked.errors
            segment = segment_pb2.Segment(name=name, condition=checked.condition)
            host.segments.CreateSegment(
                segment_service_pb2.CreateSegmentRequest(
                    store_id=STORE, segment_id=name, segment=segment
                )
            )

    def live_through(self, start: datetime, end: datetime, batch: timedelta) -> None:
        """Let time pass up to *end*, and what happened come in batch by batch."""
        for first, last in _batches(start, end, batch):
            advance = admin_service_pb2.AdvanceTimeRequest(store_id=STORE)
            advance.to.seconds = last - 1
            self.host.admin.AdvanceTime(advance)
            newcomers = _between(self.people, "first", first, last)
            if newcomers.num_rows:
                self.host.ingest.UpsertContacts(contacts(newcomers))
            for name, table in self.tables.items():
                happened = _between(table, "time", first, last)
                if happened.num_rows:
                    answer = self.host.ingest.RecordEvents(events(name, happened))
                    assert answer.accepted_rows == happened.num_rows

    def members(self) -> dict[str, frozenset[str]]:
        state = self.host.engine.store(STORE)
        return {
            name: ids_of(state, state.memberships.members(name)) for name in live_segments.SEGMENTS
        }

    def watch(self, *segments: str, form: int = 0, coalesce: bool = False) -> Watcher:
        request = watch_service_pb2.WatchRequest(
            store_id=STORE, segment_ids=segments, format=form, coalesce=coalesce
        )
        return Watcher(self.host, request, dict.fromkeys(live_segments.SEGMENTS, frozenset()))


def _batches(start: datetime, end: datetime, batch: timedelta) -> Iterator[tuple[int, int]]:
    while start < end:
        until = min(start + batch, end)
        yield int(start.timestamp()), int(until.timestamp())
        start = until


def _between(table: pa.Table, column: str, first: int, end: int) -> pa.Table:
    held = table[column]
    return table.filter(pc.and_(pc.greater_equal(held, first), pc.less(held, end)))


def check_live(retail: Retail, folder: Path, batch: timedelta, since: datetime = BEGIN) -> None:
    live_segments.prepare(retail.database)
    host = Hosted(folder, int(BEGIN.timestamp()), keep_changes=FOREVER)
    with closing(host):
        _check_months(Shop(host, retail), batch, since)
        told = as_told(telling(host.engine.storage, host.engine.store(STORE)))
        host.database.image(folder / "image.db")
    assert replayed(folder / "image.db", hash_seed=7) == [told]


def _check_months(shop: Shop, batch: timedelta, since: datetime) -> None:
    host, database = shop.host, shop.retail.database
    watchers = [
        shop.watch(),
        shop.watch(form=evaluation_pb2.MEMBER_FORMAT_ROARING, coalesce=True),
        shop.watch("loyal", "not_loyal", "this_month"),
    ]
    shop.live_through(BEGIN, since, since - BEGIN)
    start, ever = since, dict.fromkeys(live_segments.SEGMENTS, 0)
    while start < END:
        end = (start + timedelta(days=31)).replace(day=1)
        shop.live_through(start, end, batch)
        live_segments.go(database, (end - timedelta(seconds=1)).replace(tzinfo=None))
        expected = live_segments.members(database)
        assert shop.members() == expected, end
        for watcher in watchers:
            watcher.catch_up()
            watcher.expect(expected)
        ever = {name: max(ever[name], len(found)) for name, found in expected.items()}
        start = end
        if start == CRASHES_AT:
            host.admin.CreateSnapshot(admin_service_pb2.CreateSnapshotRequest(store_id=STORE))
            host.crash()
            for watcher in watchers:
                watcher.resume(watcher.remembered[-1])
    assert all(ever.values()), "a segment nobody was ever in shows little"


def test_last_orders_replayed_live(retail: Retail, tmp_path: Path) -> None:
    check_live(retail, tmp_path, timedelta(days=1), datetime(2011, 10, 1, tzinfo=UTC))


@pytest.mark.long
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("batch", [timedelta(days=1), timedelta(hours=1)])
def test_all_orders_replayed_live(retail: Retail, tmp_path: Path, batch: timedelta) -> None:
    check_live(retail, tmp_path, batch)
