"""IngestService, but for its streams, which are in ``uploads``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Literal, TypeAlias

from segsvc.client.call import Call, Scope, write
from segsvc.client.values import Value, day, moment, to_proto
from segsvc.v1 import ingest_pb2
from segsvc.v1 import ingest_service_pb2 as pb

OnInvalid: TypeAlias = Literal["reject", "skip"]
OnUnknownContact: TypeAlias = Literal["create", "refuse"]


def on_invalid_of(word: OnInvalid) -> str:
    """Return the name of the enum value of a word."""
    return f"ON_INVALID_{word.upper()}"


def on_unknown_of(word: OnUnknownContact) -> str:
    """Return the name of the enum value of a word."""
    return f"ON_UNKNOWN_CONTACT_{word.upper()}"


def upsert(
    scope: Scope,
    rows: Iterable[Mapping[str, Value | None]],
    *,
    on_invalid: OnInvalid = "reject",
    request_id: str = "",
) -> Call[pb.UpsertContactsResponse]:
    """Make and change some contacts; ``import_contacts`` is for many.

    Args:
        rows: each with its ``contact_id`` and attributes by name; None unsets one. ``+tags`` and
            ``-tags`` add elements to and remove them from a text set.
        on_invalid: reject everything for one wrong row, or skip wrong rows.
        request_id: chosen by the call when empty.
    """
    request = pb.UpsertContactsRequest(
        store_id=scope.store_id,
        request_id=request_id,
        on_invalid=on_invalid_of(on_invalid),
        rows=ingest_pb2.ContactRows(rows=map(contact_row, rows)),
    )
    return write("IngestService/UpsertContacts", request, pb.UpsertContactsResponse)


def contact_row(row: Mapping[str, Value | None]) -> ingest_pb2.ContactRow:
    """Return one contact as its message."""
    made = ingest_pb2.ContactRow(contact_id=str(row["contact_id"]))
    edits: dict[str, ingest_pb2.TextSetEdit] = {}
    for name, value in row.items():
        if name == "contact_id":
            continue
        if name[0] in "+-":
            edit = edits.setdefault(name[1:], ingest_pb2.TextSetEdit(attribute=name[1:]))
            texts = to_proto(value or ()).texts.values
            (edit.add if name[0] == "+" else edit.remove).extend(texts)
        elif value is None:
            made.unset.append(name)
        else:
            made.set[name].CopyFrom(to_proto(value))
    made.edits.extend(edits.values())
    return made


def event(
    contact_id: str,
    behavior: str,
    time: datetime,
    *,
    event_id: str = "",
    **properties: Value,
) -> ingest_pb2.EventRow:
    """Return one event, with its properties by name."""
    return ingest_pb2.EventRow(
        contact_id=contact_id,
        behavior=behavior,
        time=moment(time),
        event_id=event_id,
        properties={name: to_proto(value) for name, value in properties.items()},
    )


def record(
    scope: Scope,
    events: Iterable[ingest_pb2.EventRow],
    *,
    on_invalid: OnInvalid = "reject",
    on_unknown_contact: OnUnknownContact = "create",
    skip_event_id_check: bool = False,
    request_id: str = "",
) -> Call[pb.RecordEventsResponse]:
    """Add some events, made with `event`; ``import_events`` is for many."""
    request = pb.RecordEventsRequest(
        store_id=scope.store_id,
        request_id=request_id,
        on_invalid=on_invalid_of(on_invalid),
        on_unknown_contact=on_unknown_of(on_unknown_contact),
        skip_event_id_check=skip_event_id_check,
        rows=ingest_pb2.EventRows(rows=events),
    )
    return write("IngestService/RecordEvents", request, pb.RecordEventsResponse)


def delete_contacts(
    scope: Scope, contact_ids: Iterable[str], *, request_id: str = ""
) -> Call[pb.DeleteContactsResponse]:
    """Erase contacts; unknown ids are counted, not an error."""
    request = pb.DeleteContactsRequest(
        store_id=scope.store_id, request_id=request_id, contact_ids=contact_ids
    )
    return write("IngestService/DeleteContacts", request, pb.DeleteContactsResponse)


def merge_contacts(
    scope: Scope, pairs: Iterable[tuple[str, str]], *, request_id: str = ""
) -> Call[pb.MergeContactsResponse]:
    """Unite pairs of contacts, each (from, into), in order and all or none."""
    merges = [
        ingest_pb2.ContactMerge(from_contact_id=gone, into_contact_id=kept) for gone, kept in pairs
    ]
    request = pb.MergeContactsRequest(store_id=scope.store_id, request_id=request_id, merges=merges)
    return write("IngestService/MergeContacts", request, pb.MergeContactsResponse)


def set_lifecycle_labels(
    scope: Scope,
    as_of_date: date,
    labels: Mapping[str, str],
    *,
    clear_others: bool = False,
    on_invalid: OnInvalid = "reject",
    request_id: str = "",
) -> Call[pb.SetLifecycleLabelsResponse]:
    """Apply a daily batch of lifecycle labels.

    Args:
        as_of_date: the local day the labels describe.
        labels: by contact id: "loyal", "high_potential", ...; "" removes one.
        clear_others: contacts that are not in *labels* lose theirs.
    """
    rows = [
        ingest_pb2.LifecycleRow(contact_id=contact_id, label=label_of(label))
        for contact_id, label in labels.items()
    ]
    request = pb.SetLifecycleLabelsRequest(
        store_id=scope.store_id,
        request_id=request_id,
        on_invalid=on_invalid_of(on_invalid),
        as_of_date=day(as_of_date),
        clear_others=clear_others,
        rows=ingest_pb2.LifecycleRows(rows=rows),
    )
    return write("IngestService/SetLifecycleLabels", request, pb.SetLifecycleLabelsResponse)


def label_of(word: str) -> str:
    """Return the name of the enum value of a label; "" is no label."""
    return f"LIFECYCLE_LABEL_{(word or 'unspecified').upper()}"
