"""Draws of writes: contacts, events, deletions, merges and labels, all of the right form."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from segsvc.v1 import ingest_pb2, schema_pb2
from segsvc.v1 import ingest_service_pb2 as pb
from tests.oracle.draws.moments import LAST_EVENT, moments
from tests.oracle.draws.values import TEXTS, texts, values
from tests.oracle.values import fold
from tests.oracle.world import World

IDS = ("a", "b", "c", "d", "é", "mail@example.com")
EVENT_IDS = ("", "", "1", "2", "é")
CUSTOM_BEHAVIOR = "quiz_taken"
BEHAVIORS = (CUSTOM_BEHAVIOR, "order_placed", "order_cancelled", "order_refunded", "visited")


def contact_ids() -> st.SearchStrategy[str]:
    """Draw one of few contacts."""
    return st.sampled_from(IDS)


@st.composite
def contact_rows(draw: st.DrawFn, world: World) -> ingest_pb2.ContactRow:
    """Draw what changes in a contact."""
    names = draw(st.lists(st.sampled_from(sorted(world.attributes)), max_size=12, unique=True))
    row = ingest_pb2.ContactRow(contact_id=draw(contact_ids()))
    for name in names:
        if draw(st.integers(0, 5)):
            row.set[name].CopyFrom(draw(values(world, world.attributes[name])))
        else:
            row.unset.append(name)
    sets = [
        held.name
        for held in world.attributes.values()
        if held.type == schema_pb2.ATTRIBUTE_TYPE_TEXT_SET
    ]
    for name in draw(st.lists(st.sampled_from(sets), max_size=2, unique=True)):
        added = draw(st.lists(texts(), max_size=3))
        kept_out = {fold(text) for text in added}
        removed = [
            text for text in draw(st.lists(texts(), max_size=2)) if fold(text) not in kept_out
        ]
        row.edits.append(ingest_pb2.TextSetEdit(attribute=name, add=added, remove=removed))
    return row


def upserts(world: World) -> st.SearchStrategy[Sequence[ingest_pb2.ContactRow]]:
    """Draw the rows of one request."""
    return st.lists(contact_rows(world), min_size=1, max_size=6)


def crowds() -> st.SearchStrategy[Sequence[ingest_pb2.ContactRow]]:
    """Draw many contacts much alike, beside whom the others are few."""
    return st.builds(_crowd, st.integers(40, 70), st.integers(1, 4))


def _crowd(size: int, kinds: int) -> Sequence[ingest_pb2.ContactRow]:
    rows = []
    for number in range(size):
        row = ingest_pb2.ContactRow(contact_id=f"crowd-{number}")
        row.set["country"].text = TEXTS[number % kinds]
        row.set["score"].number.number = number % 3
        rows.append(row)
    return rows


@st.composite
def event_rows(draw: st.DrawFn, world: World) -> ingest_pb2.EventRow:
    """Draw an event: of any age, now, a little ahead, or too far ahead."""
    behavior = draw(st.sampled_from(BEHAVIORS))
    ahead = st.sampled_from((1, 299, 300, 301)).map(lambda held: world.at + held)
    past = moments(world, 0, world.at)
    time = min(draw(past | past | past | ahead), LAST_EVENT)
    row = ingest_pb2.EventRow(
        contact_id=draw(contact_ids()),
        behavior=behavior,
        time=Timestamp(seconds=time, nanos=draw(st.sampled_from((0, 999_999_999)))),
        event_id=draw(st.sampled_from(EVENT_IDS)),
    )
    held = world.behaviors[behavior]
    names = (
        st.lists(st.sampled_from(sorted(held)), max_size=6, unique=True) if held else st.just([])
    )
    for name in draw(names):
        row.properties[name].CopyFrom(draw(values(world, held[name])))
    return row


@st.composite
def recordings(draw: st.DrawFn, world: World) -> pb.RecordEventsRequest:
    """Draw events of one request."""
    rows = draw(st.lists(event_rows(world), min_size=1, max_size=8))
    return pb.RecordEventsRequest(
        on_invalid=draw(
            st.sampled_from((ingest_pb2.ON_INVALID_REJECT, ingest_pb2.ON_INVALID_SKIP))
        ),
        on_unknown_contact=draw(st.sampled_from(ingest_pb2.OnUnknownContact.values())),
        skip_event_id_check=draw(st.integers(0, 5)) == 0,
        rows=ingest_pb2.EventRows(rows=rows),
    )


def merges() -> st.SearchStrategy[Sequence[tuple[str, str]]]:
    """Draw pairs of different ids."""
    pairs = st.tuples(contact_ids(), contact_ids()).filter(lambda pair: pair[0] != pair[1])
    return st.lists(pairs, min_size=1, max_size=2)


@st.composite
def labellings(draw: st.DrawFn, world: World) -> pb.SetLifecycleLabelsRequest:
    """Draw a batch of labels of the store's today; rows of unknown contacts are skipped."""
    today = world.calendar.today(world.at)
    labels = st.sampled_from(ingest_pb2.LifecycleLabel.values())
    row = st.builds(ingest_pb2.LifecycleRow, contact_id=contact_ids(), label=labels)
    request = pb.SetLifecycleLabelsRequest(
        on_invalid=ingest_pb2.ON_INVALID_SKIP,
        clear_others=draw(st.booleans()),
        rows=ingest_pb2.LifecycleRows(rows=draw(st.lists(row, min_size=1, max_size=4))),
    )
    request.as_of_date.year, request.as_of_date.month = today.year, today.month
    request.as_of_date.day = today.day
    return request
