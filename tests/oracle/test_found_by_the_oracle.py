"""Disagreements that the oracle found, each as small as it goes."""

from __future__ import annotations

from segsvc.v1 import ingest_pb2
from segsvc.v1 import ingest_service_pb2 as pb
from tests.oracle.calendar import Calendar
from tests.oracle.history import begun
from tests.serving import START, Served

NOW = int(START.timestamp())


def test_an_event_refused_for_its_unknown_contact_makes_no_duplicate(served: Served) -> None:
    twin = begun(served, Calendar("UTC"), NOW)
    row = ingest_pb2.EventRow(contact_id="a", behavior="visited", event_id="1")
    row.time.seconds = NOW
    request = pb.RecordEventsRequest(
        on_invalid=ingest_pb2.ON_INVALID_SKIP,
        on_unknown_contact=ingest_pb2.ON_UNKNOWN_CONTACT_REFUSE,
        rows=ingest_pb2.EventRows(rows=[row, row]),
    )
    twin.record(request)  # compares what is refused and what is a duplicate
