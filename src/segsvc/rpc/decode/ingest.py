"""Ingest requests -> writes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segsvc.domain.columns import FieldColumn, Strings, TextColumn
from segsvc.domain.dates import YEARLESS_LIMIT
from segsvc.domain.errors import InvalidArgument, LimitExceeded
from segsvc.domain.ids import contact_id_problem
from segsvc.domain.schema import Schema
from segsvc.domain.standard_schema import LIFECYCLE_LABELS
from segsvc.domain.write import (
    DeleteContacts,
    MergeContacts,
    RecordEvents,
    SetLifecycleLabels,
    UpsertContacts,
)
from segsvc.rpc.decode.column_form import contact_columns, event_columns
from segsvc.rpc.decode.column_values import array, strings
from segsvc.rpc.decode.fields import check_known
from segsvc.rpc.decode.row_form import contact_ids_of, contact_rows, event_rows
from segsvc.rpc.decode.rows import RowErrors
from segsvc.rpc.decode.values import date
from segsvc.v1 import ingest_pb2, ingest_service_pb2

MAX_ROWS = 100_000
MAX_DELETES = 100_000
MAX_MERGES = 1_000


def upsert_contacts(
    request: ingest_service_pb2.UpsertContactsRequest, schema: Schema
) -> UpsertContacts:
    """Decode; raises `InvalidArgument`, `InvalidRows` or `LimitExceeded`."""
    form = request.WhichOneof("form")
    skips = _skips(request.on_invalid)
    if form == "rows":
        _check_rows(len(request.rows.rows), "rows.rows")
        errors = RowErrors(len(request.rows.rows), "rows.rows")
        batch = contact_rows(request.rows.rows, schema, errors)
    elif form == "columns":
        batch, errors = contact_columns(request.columns, schema, "columns")
        _check_rows(errors.total, "columns.contact_ids")
    else:
        raise _no_form()
    if not skips:
        errors.refuse()
    kept = errors.kept()
    if errors:
        batch = batch.keep(kept)
    rows = np.flatnonzero(kept).astype(np.uint32)
    return UpsertContacts(batch, rows, errors.total, errors.found(), skips)


def record_events(request: ingest_service_pb2.RecordEventsRequest, schema: Schema) -> RecordEvents:
    """Decode; raises `InvalidArgument`, `InvalidRows` or `LimitExceeded`."""
    form = request.WhichOneof("form")
    skips = _skips(request.on_invalid)
    if form == "rows":
        _check_rows(len(request.rows.rows), "rows.rows")
        errors = RowErrors(len(request.rows.rows), "rows.rows")
        blocks = event_rows(request.rows.rows, schema, errors)
    elif form == "columns":
        block, errors = event_columns(request.columns, schema, "columns")
        _check_rows(errors.total, "columns.contact_ids")
        blocks = [block]
    else:
        raise _no_form()
    if not skips:
        errors.refuse()
    if errors:
        kept = errors.kept()
        blocks = [held.keep(kept[held.rows]) for held in blocks]
    if request.skip_event_id_check:
        blocks = [replace(held, event_ids=None) for held in blocks]
    check_known(request.on_unknown_contact, ingest_pb2.OnUnknownContact, "on_unknown_contact")
    creates = request.on_unknown_contact != ingest_pb2.ON_UNKNOWN_CONTACT_REFUSE
    return RecordEvents(
        tuple(held for held in blocks if len(held.rows)),
        errors.total,
        errors.found(),
        skips,
        creates,
        errors.path,
    )


def set_lifecycle_labels(
    request: ingest_service_pb2.SetLifecycleLabelsRequest,
) -> SetLifecycleLabels:
    """Decode; raises `InvalidArgument`, `InvalidRows` or `LimitExceeded`."""
    form = request.WhichOneof("form")
    skips = _skips(request.on_invalid)
    try:
        day = date(request.as_of_date)
    except ValueError as wrong:
        raise InvalidArgument.of("as_of_date", str(wrong)) from None
    if day < YEARLESS_LIMIT:
        raise InvalidArgument.of("as_of_date", "needs a year")
    if form == "rows":
        _check_rows(len(request.rows.rows), "rows.rows")
        errors = RowErrors(len(request.rows.rows), "rows.rows")
        ids = contact_ids_of((row.contact_id for row in request.rows.rows), errors)
        labels = np.array([row.label for row in request.rows.rows], np.int64)
    elif form == "columns":
        ids = strings(request.columns.contact_ids, "columns.contact_ids")
        _check_rows(len(ids), "columns.contact_ids")
        errors = RowErrors(len(ids), "columns")
        labels = array(request.columns.labels, "u1", "columns.labels").astype(np.int64)
        if len(labels) != len(ids):
            raise InvalidArgument.of(
                "columns.labels", f"has {len(labels):,} values for {len(ids):,} rows"
            )
    else:
        raise _no_form()
    unknown = np.flatnonzero((labels < 0) | (labels > len(LIFECYCLE_LABELS))).astype(np.uint32)
    errors.add_rows(unknown, "label", "VALUE_INVALID", "is not a lifecycle label")
    if not skips:
        errors.refuse()
    rows = np.flatnonzero(errors.kept()).astype(np.uint32)
    return SetLifecycleLabels(
        ids.take(rows),
        _label_column(labels[rows]),
        rows,
        errors.total,
        day,
        request.clear_others,
        errors.found(),
        skips,
        errors.path,
    )


def _label_column(labels: np.ndarray[tuple[int], np.dtype[np.int64]]) -> FieldColumn:
    set_rows = np.flatnonzero(labels > 0).astype(np.uint32)
    codes = (labels[set_rows] - 1).astype(np.uint32)
    unset = np.flatnonzero(labels == 0).astype(np.uint32)
    labelled = TextColumn(codes, Strings.of(LIFECYCLE_LABELS))
    return FieldColumn("lifecycle", set_rows, labelled, unset)


def delete_contacts(request: ingest_service_pb2.DeleteContactsRequest) -> DeleteContacts:
    """Decode; raises `InvalidArgument` or `LimitExceeded`."""
    if not request.contact_ids:
        raise InvalidArgument.of("contact_ids", "must not be empty")
    if len(request.contact_ids) > MAX_DELETES:
        raise LimitExceeded(
            "contacts of one delete", MAX_DELETES, len(request.contact_ids), "contact_ids"
        )
    for place, contact_id in enumerate(request.contact_ids):
        check_contact_id(contact_id, f"contact_ids[{place}]")
    return DeleteContacts(tuple(request.contact_ids))


def merge_contacts(request: ingest_service_pb2.MergeContactsRequest) -> MergeContacts:
    """Decode; raises `InvalidArgument` or `LimitExceeded`."""
    if not request.merges:
        raise InvalidArgument.of("merges", "must not be empty")
    if len(request.merges) > MAX_MERGES:
        raise LimitExceeded("merges of one request", MAX_MERGES, len(request.merges), "merges")
    for place, merge in enumerate(request.merges):
        check_contact_id(merge.from_contact_id, f"merges[{place}].from_contact_id")
        check_contact_id(merge.into_contact_id, f"merges[{place}].into_contact_id")
    return MergeContacts(
        tuple((merge.from_contact_id, merge.into_contact_id) for merge in request.merges)
    )


def check_contact_id(contact_id: str, path: str) -> None:
    """Raise `InvalidArgument` when a contact id is malformed."""
    problem = contact_id_problem(contact_id)
    if problem is not None:
        raise InvalidArgument.of(path, problem)


def check_contact_ids(ids: list[str], path: str) -> Strings:
    """Return ids of a read, or raise `InvalidArgument` on the first that is malformed."""
    for place, contact_id in enumerate(ids):
        check_contact_id(contact_id, f"{path}[{place}]")
    return Strings.of(ids)


def _skips(on_invalid: int) -> bool:
    check_known(on_invalid, ingest_pb2.OnInvalid, "on_invalid")
    return on_invalid == ingest_pb2.ON_INVALID_SKIP


def _check_rows(count: int, path: str) -> None:
    if count == 0:
        raise InvalidArgument.of(path, "must hold at least one row")
    if count > MAX_ROWS:
        raise LimitExceeded("rows of one request", MAX_ROWS, count, path)


def _no_form() -> InvalidArgument:
    return InvalidArgument.of("form", "give rows or columns")
