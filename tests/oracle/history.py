"""What happens to a store: its beginning, writes of every kind, time, segments, its end."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hypothesis import strategies as st

from segsvc.v1 import condition_pb2, ingest_pb2, ingest_service_pb2, store_service_pb2
from tests.hosted import Hosted
from tests.oracle.calendar import Calendar
from tests.oracle.draws import writes
from tests.oracle.draws.conditions import LIVELY, conditions, leaves, lively_leaves
from tests.oracle.draws.moments import beginnings, later
from tests.oracle.draws.people import contacts_near, events_near
from tests.oracle.meaning import ATTRIBUTE_KINDS
from tests.oracle.twin import Twin
from tests.oracle.world import World, children
from tests.serving import Served

SEGMENTS = ("s1", "s2", "s3", "s4")
PEOPLE = (*writes.IDS, "near-1", "near-2", "near-3", "near-4")
_numbers = count()


def fresh(served: Served | Hosted, data: st.DataObject) -> Twin:
    """Make a store that begins at any moment: the replay clock is set back for it."""
    calendar, at = data.draw(beginnings())
    scales = data.draw(st.tuples(st.integers(0, 9), st.integers(0, 9)))
    return begun(served, calendar, at, scales)


def begun(
    served: Served | Hosted, calendar: Calendar, at: int, scales: tuple[int, int] = (4, 4)
) -> Twin:
    """Make a store that begins at *at*."""
    vars(served.engine.clock)["_now"] = at
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


def gather(twin: Twin, data: st.DataObject, leaf: condition_pb2.Condition) -> None:
    """Let a few contacts come near what *leaf* asks for: on its edges, or beside them."""
    owner = st.sampled_from(PEOPLE)
    if leaf.WhichOneof("kind") in ATTRIBUTE_KINDS:
        near = st.sampled_from(contacts_near(twin.world, leaf))
        rows = [
            ingest_pb2.ContactRow(contact_id=data.draw(owner), set=row.set)
            for row in data.draw(st.lists(near, min_size=3, max_size=6))
        ]
        twin.upsert(rows)
    else:
        events = data.draw(events_near(twin.world, leaf, (3, 6)))
        for event in events:
            event.contact_id = data.draw(owner)
        twin.record(ingest_service_pb2.RecordEventsRequest(rows=ingest_pb2.EventRows(rows=events)))


def save_lively(twin: Twin, data: st.DataObject, segment_id: str) -> condition_pb2.Condition:
    """Save a leaf that contacts can come near to, alone or beside another segment; return it."""
    leaf = data.draw(lively_leaves(twin.world))
    free = free_for(twin.world, segment_id)
    tree = condition_pb2.Condition()
    match data.draw(st.sampled_from(("leaf", "all_of", "any_of", "not"))) if free else "leaf":
        case "leaf":
            tree.CopyFrom(leaf)
        case "not":
            getattr(tree, "not").child.CopyFrom(leaf)
        case group:
            read = data.draw(leaves(twin.world, "segment", free))
            getattr(tree, group).children.extend(data.draw(st.permutations((leaf, read))))
    twin.save(segment_id, tree)
    return leaf


def free_for(world: World, segment_id: str) -> list[str]:
    """Return the segments that *segment_id* may refer to."""
    return [
        held
        for held in sorted(world.segments)
        if held != segment_id and segment_id not in world.reachable(held)
    ]


def leaves_of(world: World) -> list[condition_pb2.Condition]:
    """Return the leaves of all segments that contacts can come near to."""
    found = []
    for segment_id in sorted(world.segments):
        waiting = [world.segments[segment_id]]
        while waiting:
            held = waiting.pop()
            waiting.extend(child for _, child in children(held))
            if held.WhichOneof("kind") in LIVELY:
                found.append(held)
    return found


def save(twin: Twin, data: st.DataObject) -> str:
    """Save a segment, or change one; it may refer to those that do not refer to it."""
    segment_id = data.draw(st.sampled_from(SEGMENTS))
    free = free_for(twin.world, segment_id)
    twin.save(segment_id, data.draw(conditions(twin.world, free)))
    return segment_id
