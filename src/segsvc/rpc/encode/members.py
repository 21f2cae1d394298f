"""Contacts -> the wire: ids, ordinals, chosen attributes, whole records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from segsvc.bitmap import Bitmap, from_sorted, in_slices, ordinals_of, to_bytes
from segsvc.condition.view import Event, View
from segsvc.domain.columns import UInt32
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.schema import Schema
from segsvc.engine.state import StoreState
from segsvc.rpc.encode import values
from segsvc.rpc.times import timestamp
from segsvc.v1 import evaluation_pb2, evaluation_service_pb2, ingest_pb2

MAX_ATTRIBUTES = 50
IDS_PER_BATCH = 16_384
ORDINALS_PER_BATCH = 262_144


def check_attributes(names: Sequence[str], schema: Schema, path: str) -> tuple[str, ...]:
    """Return the chosen attributes, or raise `InvalidArgument`."""
    if len(names) > MAX_ATTRIBUTES:
        raise InvalidArgument.of(path, f"must be at most {MAX_ATTRIBUTES} attributes")
    for place, name in enumerate(names):
        if name not in schema.attributes:
            raise InvalidArgument.of(f"{path}[{place}]", f"the store has no attribute {name!r}")
    return tuple(dict.fromkeys(names))


def batches(
    state: StoreState, members: Bitmap, wire_format: int, attributes: tuple[str, ...]
) -> Iterator[tuple[int, int, evaluation_pb2.MemberBatch]]:
    """Yield (first place, end place, batch) of *members*, ascending, a message each."""
    by_id = wire_format in {
        evaluation_pb2.MEMBER_FORMAT_UNSPECIFIED,
        evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS,
    }
    size = IDS_PER_BATCH if by_id else ORDINALS_PER_BATCH
    if attributes:
        size //= 1 + len(attributes) // 2
    place = 0
    for ordinals in in_slices(members):
        for start in range(0, len(ordinals), size):
            part = ordinals[start : start + size]
            end = place + len(part)
            yield place, end, _batch(state, part, wire_format, by_id, attributes)
            place = end


def _batch(
    state: StoreState,
    part: UInt32,
    wire_format: int,
    by_id: bool,
    attributes: tuple[str, ...],
) -> evaluation_pb2.MemberBatch:
    alive = living(state, part)
    if wire_format == evaluation_pb2.MEMBER_FORMAT_ROARING:
        return evaluation_pb2.MemberBatch(roaring=to_bytes(from_sorted(alive)))
    if not by_id:
        return evaluation_pb2.MemberBatch(ordinals=alive.astype("<u4").tobytes())
    columns = []
    for name in attributes:
        rows, held = state.index.column(name).gather(alive)
        value_type = state.schema.attributes[name].type
        columns.append(values.column(name, value_type, rows, held, len(alive)))
    ids = values.strings(state.index.contacts.ids_of(alive))
    return evaluation_pb2.MemberBatch(contact_ids=ids, attributes=columns)


def living(state: StoreState, ordinals: UInt32) -> UInt32:
    """Return those of ascending *ordinals* whose contacts are still there."""
    universe = state.index.contacts.universe
    if len(universe) == state.index.contacts.ordinal_limit:
        return ordinals
    wanted = from_sorted(ordinals)
    return ordinals_of(wanted & universe)


def check_format(wire_format: int, attributes: Sequence[str]) -> None:
    """Raise `InvalidArgument` for an unknown format, or attributes with ordinals."""
    known = evaluation_pb2.MemberFormat
    if wire_format not in known.values():
        raise InvalidArgument.of("format", f"is not known; one of {', '.join(known.keys()[1:])}")
    if attributes and wire_format > evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS:
        raise InvalidArgument.of("attributes", "come only with contact ids")


def member(
    state: StoreState, view: View, ordinal: int, attributes: tuple[str, ...]
) -> evaluation_service_pb2.Member:
    """Encode one contact with chosen attributes."""
    held = {name: view.value(name, ordinal) for name in attributes}
    return evaluation_service_pb2.Member(
        contact_id=state.index.contacts.id_of(ordinal),
        attributes={
            name: values.value(value, state.schema.attributes[name].type)
            for name, value in held.items()
            if value is not None
        },
    )


def contact(
    state: StoreState, view: View, ordinal: int, behaviors: Sequence[str], event_limit: int
) -> evaluation_pb2.ContactRecord:
    """Encode one contact whole, but for its segments."""
    contact_id = state.index.contacts.id_of(ordinal)
    record = evaluation_pb2.ContactRecord(
        contact_id=contact_id,
        aliases=state.index.contacts.aliases_of(ordinal),
        ordinal=ordinal,
    )
    for name, definition in state.schema.attributes.items():
        value = view.value(name, ordinal)
        if value is not None:
            record.attributes[name].CopyFrom(values.value(value, definition.type))
    latest: list[Event] = []
    for behavior in behaviors or state.schema.behaviors:
        summary = state.index.log(behavior).summary(ordinal)
        if summary is None:
            continue
        count, first, last = summary
        record.behaviors.append(
            evaluation_pb2.BehaviorSummary(
                behavior=behavior,
                event_count=count,
                first_time=timestamp(first),
                last_time=timestamp(last),
            )
        )
        latest.extend(islice(view.events(behavior, ordinal), event_limit))
    latest.sort(key=lambda event: -event.time)
    record.latest_events.extend(_event(contact_id, event) for event in latest[:event_limit])
    return record


def _event(contact_id: str, event: Event) -> ingest_pb2.EventRow:
    return ingest_pb2.EventRow(
        contact_id=contact_id,
        behavior=event.behavior,
        time=timestamp(event.time),
        properties={name: values.plain_value(held) for name, held in event.properties.items()},
    )
