"""Event ids, deletions, merges and aliases around their seven days: contacts are the oracle's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.v1 import ingest_pb2
from segsvc.v1 import ingest_service_pb2 as pb
from tests.oracle.calendar import Calendar
from tests.oracle.draws import writes
from tests.oracle.history import begun, fresh, gone
from tests.oracle.profiles import DEEP, QUICK
from tests.oracle.records import check_records
from tests.oracle.twin import Twin
from tests.oracle.world import WEEK
from tests.serving import START, Served

NOW = int(START.timestamp())
FEW = st.sampled_from(writes.IDS[:3])
STEPS = st.sampled_from((1, WEEK // 2, WEEK - 1, WEEK, WEEK + 1))


@st.composite
def visits(draw: st.DrawFn, at: int) -> pb.RecordEventsRequest:
    """Draw events with few ids, around now and around what was deleted or applied a week ago."""
    rows = []
    for _ in range(draw(st.integers(1, 3))):
        row = ingest_pb2.EventRow(
            contact_id=draw(FEW), behavior="visited", event_id=draw(st.sampled_from("12"))
        )
        step = draw(st.sampled_from((0, 0, -1, 1, 300, 301, -WEEK, 1 - WEEK, -WEEK // 2)))
        row.time.seconds = max(at + step, 0)
        rows.append(row)
    return pb.RecordEventsRequest(
        on_invalid=ingest_pb2.ON_INVALID_SKIP,
        on_unknown_contact=draw(st.sampled_from(ingest_pb2.OnUnknownContact.values())),
        skip_event_id_check=draw(st.integers(0, 9)) == 0,
        rows=ingest_pb2.EventRows(rows=rows),
    )


def check_writes(served: Served, data: st.DataObject) -> None:
    twin: Twin = fresh(served, data)
    pairs = st.permutations(writes.IDS[:3]).map(lambda ids: [(ids[0], ids[1])])
    does: dict[str, Callable[[], None]] = {
        "record": lambda: twin.record(data.draw(visits(twin.world.at))),
        "upsert": lambda: twin.upsert(data.draw(writes.upserts(twin.world))),
        "delete": lambda: twin.delete([data.draw(FEW)]),
        "merge": lambda: twin.merge(data.draw(pairs)),
        "advance": lambda: twin.advance(twin.world.at + data.draw(STEPS)),
    }
    for _ in range(data.draw(st.integers(4, 14))):
        does[data.draw(st.sampled_from(("record", "record", "record", *does)))]()
    check_records(twin)
    gone(twin)


@settings(QUICK, max_examples=80)
@given(st.data())
def test_writes_follow_the_rules(served: Served, data: st.DataObject) -> None:
    check_writes(served, data)


@pytest.mark.long
@settings(DEEP, max_examples=3_000)
@given(st.data())
def test_writes_follow_the_rules_at_length(served: Served, data: st.DataObject) -> None:
    check_writes(served, data)


def visit(twin: Twin, contact_id: str, time: int) -> None:
    """Record one event with an id; what becomes of it is compared."""
    row = ingest_pb2.EventRow(contact_id=contact_id, behavior="visited", event_id="1")
    row.time.seconds = time
    rows = ingest_pb2.EventRows(rows=[row])
    twin.record(pb.RecordEventsRequest(on_invalid=ingest_pb2.ON_INVALID_SKIP, rows=rows))


@pytest.mark.parametrize("later", [WEEK - 1, WEEK])
@pytest.mark.parametrize("age", [-1, 0, 1])
@pytest.mark.parametrize("alias", [False, True])
def test_a_deletion_refuses_for_a_week(served: Served, later: int, age: int, alias: bool) -> None:
    twin = begun(served, Calendar("UTC"), NOW)
    twin.upsert([ingest_pb2.ContactRow(contact_id=name) for name in "ab"])
    if alias:
        twin.merge([("a", "b")])
    twin.delete(["b" if alias else "a"])
    twin.advance(NOW + later)
    visit(twin, "a", NOW + age)
    check_records(twin)


@pytest.mark.parametrize("later", [WEEK - 1, WEEK])
@pytest.mark.parametrize("merged", [False, True])
def test_an_event_id_is_known_for_a_week(served: Served, later: int, merged: bool) -> None:
    twin = begun(served, Calendar("UTC"), NOW)
    visit(twin, "a", NOW)
    twin.advance(NOW + later)
    visit(twin, "b" if merged else "a", NOW + later)
    if merged:
        twin.merge([("a", "b")])
    check_records(twin)
