"""What happens to a store: its beginning, writes of every kind, time, segments, its end."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hypothesis import strategies as st

from segsvc.v1 import store_service_pb2
from tests.oracle.calendar import Calendar
from tests.oracle.draws import writes
from tests.oracle.draws.conditions import conditions
from tests.oracle.draws.moments import beginnings, later
from tests.oracle.twin import Twin
from tests.serving import Served

SEGMENTS = ("s1", "s2", "s3", "s4")
_numbers = count()


def fresh(served: Served, data: st.DataObject) -> Twin:
    """Make a store that begins at any moment: the replay clock is set back for it."""
    calendar, at = data.draw(beginnings())
    scales = data.draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
    return begun(served, calendar, at, scales)


def begun(served: Served, calendar: Calendar, at: int, scales: tuple[int, int] = (4, 4)) -> Twin:
    """Make a store that begins at *at*."""
    vars(served.server.engine.clock)["_now"] = at
    return Twin(served, f"store-{next(_numbers)}", calendar, scales, at)


def gone(twin: Twin) -> None:
    """Delete the store, so that the next does not pay for it."""
    request = store_service_pb2.DeleteStoreRequest(store_id=twin.id)
    assert twin.served.stores.DeleteStore(request).deleted_contacts == len(twin.world.contacts)


def write(twin: Twin, data: st.DataObject) -> None:
    """Do one write of any kind, or let time pass."""
    does: dict[str, Callable[[], None]] = {
        "upsert": lambda: twin.upsert(data.draw(writes.upserts(twin.world))),
        "record": lambda: twin.record(data.draw(writes.recordings(twin.world))),
        "crowd": lambda: twin.upsert(data.draw(writes.crowds())),
        "delete": lambda: twin.delete(data.draw(st.lists(writes.contact_ids(), min_size=1))),
        "merge": lambda: twin.merge(data.draw(writes.merges())),
        "label": lambda: twin.label(data.draw(writes.labellings(twin.world))),
        "advance": lambda: twin.advance(data.draw(later(twin.world))),
    }
    does[data.draw(st.sampled_from(("upsert", "record", "upsert", "record", *does)))]()


def save(twin: Twin, data: st.DataObject) -> str:
    """Save a segment, or change one; it may refer to those that do not refer to it."""
    world = twin.world
    segment_id = data.draw(st.sampled_from(SEGMENTS))
    free = [
        held
        for held in sorted(world.segments)
        if held != segment_id and segment_id not in world.reachable(held)
    ]
    twin.save(segment_id, data.draw(conditions(world, free)))
    return segment_id
