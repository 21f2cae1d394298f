"""Memberships pass through a tick before it is journaled; nothing may be stored on top of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segsvc.v1 import condition_pb2, ingest_pb2, ingest_service_pb2, window_pb2
from tests.hosted import Hosted
from tests.oracle.calendar import DAY, Calendar
from tests.oracle.history import begun
from tests.oracle.twin import Twin

NOW = 1_700_000_000


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A store with one member, who leaves after a day."""
    host = Hosted(tmp_path, NOW)
    twin = begun(host, Calendar("UTC"), NOW)
    condition = condition_pb2.Condition()
    condition.behavior.behavior = "order_placed"
    condition.behavior.window.in_the_last.CopyFrom(
        window_pb2.Span(amount=1, unit=window_pb2.TIME_UNIT_DAY)
    )
    twin.save("s1", condition)
    event = ingest_pb2.EventRow(contact_id="ann", behavior="order_placed")
    event.time.seconds = NOW
    rows = ingest_pb2.EventRows(rows=[event])
    twin.record(ingest_service_pb2.RecordEventsRequest(rows=rows))
    yield twin
    host.close()


def refused_after(twin: Twin, seconds: int) -> None:
    """Let the clock run, and then send a write that is refused: nothing but time passed."""
    twin.world.at += seconds
    twin.served.clock.advance_to(twin.world.at)
    twin.merge([("nobody", "ann")])


def told(twin: Twin) -> list[tuple[int, int]]:
    """Return (revision, entered less left) of every change a watcher is told."""
    return [
        (held.revision, sum(len(delta.entered) - len(delta.left) for delta in held.deltas))
        for held in twin.served.changes(twin.id, 0)
    ]


def test_a_refused_write_lets_time_pass_durably(twin: Twin) -> None:
    before = told(twin)
    refused_after(twin, 3 * DAY)
    twin.snapshot()
    twin.served.crash()
    assert told(twin) == [*before, (twin.state.revision, -1)]
