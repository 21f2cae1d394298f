"""Whole contacts: what the service shows of each is what the oracle holds."""

from __future__ import annotations

from collections import Counter

import grpc

from segsvc.v1 import evaluation_service_pb2, ingest_pb2
from tests.oracle.draws.writes import IDS
from tests.oracle.meaning import Meaning
from tests.oracle.twin import Twin, refuses
from tests.oracle.values import same
from tests.oracle.world import Event


def check_records(twin: Twin) -> None:
    """Check who there is, under which ids, with which attributes, events and segments."""
    for contact_id in IDS:
        request = evaluation_service_pb2.GetContactRequest(
            store_id=twin.id, contact_id=contact_id, event_limit=1_000
        )
        if twin.world.find(contact_id) is None:
            refuses(twin.served.evaluation.GetContact, request, grpc.StatusCode.NOT_FOUND)
        else:
            _check_record(twin, request)


def _check_record(twin: Twin, request: evaluation_service_pb2.GetContactRequest) -> None:
    world = twin.world
    owner = world.resolve(request.contact_id)
    shown, held = twin.served.evaluation.GetContact(request).contact, world.contacts[owner]
    assert shown.contact_id == owner
    assert set(shown.aliases) == {alias for alias in world.aliases if world.resolve(alias) == owner}
    assert set(shown.attributes) == set(held.attributes)
    for name, value in held.attributes.items():
        assert same(shown.attributes[name], value), name
    times = [event.time.seconds for event in shown.latest_events]
    assert times == sorted((event.time for event in held.events), reverse=True)
    for event in held.events:
        assert any(_shows(row, event) for row in shown.latest_events), event
    counts = {summary.behavior: summary.event_count for summary in shown.behaviors}
    assert counts == Counter(event.behavior for event in held.events)
    now = Meaning(world, world.at)
    assert set(shown.segment_ids) == {
        name for name, condition in world.segments.items() if now.matches(condition, owner)
    }


def _shows(row: ingest_pb2.EventRow, event: Event) -> bool:
    return (
        (row.behavior, row.time.seconds) == (event.behavior, event.time)
        and set(row.properties) == set(event.properties)
        and all(same(row.properties[name], value) for name, value in event.properties.items())
    )
