"""One leaf of every kind, asked about contacts whose values lie on its edges and beside them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.v1 import condition_pb2, evaluation_service_pb2, ingest_pb2, window_pb2
from segsvc.v1 import ingest_service_pb2 as pb
from tests.oracle.calendar import Calendar
from tests.oracle.checks import check_condition, check_leaves_within
from tests.oracle.draws.conditions import GROUPS, kinds, leaves
from tests.oracle.draws.people import contacts_near, edge_of, events_near
from tests.oracle.history import begun, fresh, gone
from tests.oracle.meaning import ATTRIBUTE_KINDS, Meaning
from tests.oracle.profiles import DEEP, QUICK
from tests.oracle.twin import Twin
from tests.serving import Served

LEAVES = sorted(set(kinds()) - set(GROUPS) - {"segment", "sample"})
WEIGHT = {"behavior": 4, "instant": 3, "date": 3, "anniversary": 2, "net_spend": 2}


def people_near(twin: Twin, data: st.DataObject, leaf: condition_pb2.Condition) -> None:
    """Make contacts for a leaf."""
    if leaf.WhichOneof("kind") in ATTRIBUTE_KINDS:
        twin.upsert(contacts_near(twin.world, leaf))
    else:
        twin.upsert([ingest_pb2.ContactRow(contact_id="none")])
        rows = data.draw(events_near(twin.world, leaf))
        twin.record(pb.RecordEventsRequest(rows=ingest_pb2.EventRows(rows=rows)))


def check_a_leaf(served: Served, data: st.DataObject, kind: str) -> None:
    twin = fresh(served, data)
    for _ in range(3):
        leaf = data.draw(leaves(twin.world, kind))
        people_near(twin, data, leaf)
        check_condition(twin, data, leaf)
        check_leaves_within(twin, data, leaf)
        request = evaluation_service_pb2.CountRequest(
            store_id=twin.id, target=condition_pb2.Target(condition=leaf)
        )
        for _ in range(3):
            at = data.draw(edge_of(twin.world, leaf))
            request.as_of.seconds = at
            found = twin.served.evaluation.Count(request).contact_count
            assert found == len(Meaning(twin.world, at).members(leaf))
    gone(twin)


@pytest.mark.parametrize("kind", LEAVES)
def test_every_leaf_is_exact_at_its_edges(served: Served, kind: str) -> None:
    @settings(QUICK, max_examples=15 * WEIGHT.get(kind, 1))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        check_a_leaf(served, data, kind)

    check()


@pytest.mark.parametrize("unit", ["TIME_UNIT_MONTH", "TIME_UNIT_YEAR"])
@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2024, 3, 31), date(2024, 11, 3)])
def test_months_begin_with_the_first_second_of_a_day(
    served: Served, unit: str, today: date
) -> None:
    calendar = Calendar("America/New_York")
    twin = begun(served, calendar, calendar.start(today.toordinal()) + 7_200)
    leaf = condition_pb2.Condition()
    leaf.instant.attribute = "last_seen"
    leaf.instant.test.window.in_the_last.CopyFrom(window_pb2.Span(amount=1, unit=unit))
    rows = contacts_near(twin.world, leaf)
    twin.upsert(rows)
    members = twin.members(condition_pb2.Target(condition=leaf))
    assert members == Meaning(twin.world, twin.world.at).members(leaf)
    assert 0 < len(members) < len(rows)


@pytest.mark.long
@pytest.mark.parametrize("kind", LEAVES)
def test_every_leaf_is_exact_at_its_edges_at_length(served: Served, kind: str) -> None:
    @settings(DEEP, max_examples=150 * WEIGHT.get(kind, 1))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        check_a_leaf(served, data, kind)

    check()
