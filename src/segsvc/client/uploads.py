"""Imports: tables or rows cut into chunks, sent as a stream, resumed after a break."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import uuid4

import numpy as np
import pyarrow as pa

from segsvc.client import columns
from segsvc.client.columns import Kinds
from segsvc.v1 import ingest_pb2, schema_pb2
from segsvc.v1 import ingest_service_pb2 as pb

Table: TypeAlias = (
    "pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch] | Iterable[Mapping[str, Any]]"
)
"""Where rows come from: Arrow, or dicts by column name."""

CHUNK_ROWS = 50_000
CHUNK_BYTES = 2**19
WINDOW = 16
"""Chunks that are on their way and not acknowledged."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was left out."""

    row: int
    """Its number in the source, from 0."""
    field: str
    reason: str
    description: str


@dataclass(slots=True)
class Summary:
    """What an import did."""

    rows: int = 0
    accepted: int = 0
    created_contacts: int = 0
    duplicates: int = 0
    clamped: int = 0
    rejected: int = 0
    rejected_rows: list[RejectedRow] = field(default_factory=list)
    """Why rows were rejected; of one chunk at most 1,000 are named."""
    revision: int = 0


@dataclass(slots=True)
class Chunk:
    """One request of an import and the rows of the source that it holds."""

    sequence: int
    request: Any
    rows: np.ndarray[Any, np.dtype[np.int64]]
    refused: list[RejectedRow]
    """Rows that could not be read, and were left out before sending."""
    read: int


Encode: TypeAlias = "Callable[[pa.RecordBatch, int], tuple[Any, Any, list[RejectedRow]]]"


class Upload:
    """What is sent, what is acknowledged, and what has to be sent again after a break."""

    def __init__(self, batches: Iterator[pa.RecordBatch], encode: Encode, name: str) -> None:
        self._chunks = self._cut(batches, encode, name)
        self.pending: deque[Chunk] = deque()
        self.summary = Summary()
        self.done = False

    def _cut(self, batches: Iterator[pa.RecordBatch], encode: Encode, name: str) -> Iterator[Chunk]:
        first, sequence = 0, 0
        for batch in batches:
            for part in _parts(batch):
                request, rows, refused = encode(part, first)
                request.request_id = f"{name}-{sequence}"
                yield Chunk(sequence, request, rows, refused, part.num_rows)
                first, sequence = first + part.num_rows, sequence + 1

    def next(self) -> Chunk | None:
        """Read and return the next chunk; None at the end of the source."""
        for chunk in self._chunks:
            if not len(chunk.rows):
                self._refuse(chunk)
                continue
            self.pending.append(chunk)
            return chunk
        self.done = True
        return None

    def acknowledge(self, response: Any) -> None:
        """Take in the answer to the oldest chunk that waits for one."""
        chunk, result, total = self.pending.popleft(), response.result, self.summary
        self._refuse(chunk)
        total.accepted += result.accepted_rows
        total.created_contacts += result.created_contacts
        total.duplicates += getattr(result, "duplicate_rows", 0)
        total.clamped += getattr(result, "clamped_rows", 0)
        total.rejected += result.rejected_rows
        total.rejected_rows += [
            RejectedRow(
                int(chunk.rows[held.row]),
                held.field,
                ingest_pb2.RowErrorReason.Name(held.reason).removeprefix("ROW_ERROR_REASON_"),
                held.description,
            )
            for held in result.row_errors
        ]
        total.revision = max(total.revision, result.revision)

    def _refuse(self, chunk: Chunk) -> None:
        """Count what was read of a chunk, and what of it could not be sent."""
        self.summary.rows += chunk.read
        self.summary.rejected += chunk.read - len(chunk.rows)
        self.summary.rejected_rows += chunk.refused


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    per_row = max(batch.nbytes / max(batch.num_rows, 1), 1)
    size = int(max(min(CHUNK_ROWS, CHUNK_BYTES / per_row), 1))
    for start in range(0, batch.num_rows, size):
        yield batch.slice(start, size)


def record_batches(source: Table, kinds: Kinds) -> Iterator[pa.RecordBatch]:
    """Return Arrow batches of any source; missing keys of dicts are nulls."""
    if isinstance(source, pa.RecordBatch):
        yield source
    elif isinstance(source, pa.Table):
        yield from source.to_batches()
    else:
        rows: list[Mapping[str, Any]] = []
        for held in source:
            if isinstance(held, pa.RecordBatch):
                yield held
                continue
            rows.append(held)
            if len(rows) == CHUNK_ROWS:
                yield _of_rows(rows, kinds)
                rows = []
        if rows:
            yield _of_rows(rows, kinds)


def _of_rows(rows: list[Mapping[str, Any]], kinds: Kinds) -> pa.RecordBatch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    arrays = [pa.array([row.get(name) for row in rows], _gathered(name, kinds)) for name in names]
    return pa.RecordBatch.from_arrays(arrays, names)


def _gathered(name: str, kinds: Kinds) -> pa.DataType:
    if name in ("contact_id", "event_id", "behavior"):
        return pa.string()
    if name == "time":
        return pa.timestamp("us", "UTC")
    return columns.arrow_type(kinds[name.lstrip("+-")])


class _Reader:
    """Reads the columns of one batch, remembering which rows cannot be read."""

    def __init__(self, batch: pa.RecordBatch, first: int, separator: str) -> None:
        self.batch = batch
        self.first = first
        self.separator = separator
        self.refused: list[RejectedRow] = []
        self.bad = np.zeros(batch.num_rows, bool)
        self.arrays: dict[str, pa.Array] = {}

    def read(self, name: str, kind: str, *, required: bool = False) -> None:
        held = columns.converted(self.batch.column(name), kind, self.separator)
        bad, wrong = held.bad, held.wrong
        if required:
            bad, wrong = bad | np.asarray(held.array.is_null()), wrong or "must be given"
        for row in np.flatnonzero(bad & ~self.bad)[:1_000].tolist():
            described = f"{wrong}, is {self.batch.column(name)[row].as_py()!r}"
            self.refused.append(RejectedRow(self.first + row, name, "TYPE_WRONG", described))
        self.bad |= bad
        self.arrays[name] = held.array

    def kept(self) -> tuple[dict[str, pa.Array], Any]:
        """Return the arrays and source row numbers of the rows that can be sent."""
        rows = np.arange(self.first, self.first + self.batch.num_rows)
        if not self.bad.any():
            return self.arrays, rows
        good = pa.array(~self.bad)
        return {name: held.filter(good) for name, held in self.arrays.items()}, rows[~self.bad]


def contacts_encoder(
    store_id: str, kinds: Kinds, on_invalid: str, unset_nulls: bool, separator: str
) -> Encode:
    """Return what makes an upsert of a batch of contacts."""

    def encode(batch: pa.RecordBatch, first: int) -> tuple[Any, Any, list[RejectedRow]]:
        reader = _Reader(batch, first, separator)
        names = [name for name in batch.schema.names if name != "contact_id"]
        reader.read("contact_id", "KEY", required=True)
        for name in names:
            reader.read(name, kinds[name.lstrip("+-")])
        arrays, rows = reader.kept()
        made = ingest_pb2.ContactColumns(contact_ids=columns.string_column(arrays["contact_id"]))
        for name in names:
            bare = name.lstrip("+-")
            group = {"+": made.add, "-": made.remove}.get(name[0], made.values)
            group.append(
                columns.value_column(
                    bare, kinds[bare], arrays[name], unset_nulls=unset_nulls and bare == name
                )
            )
        request = pb.UpsertContactsRequest(store_id=store_id, on_invalid=on_invalid, columns=made)
        return request, rows, reader.refused

    return encode


def events_encoder(
    store_id: str,
    behavior: str,
    kinds: Kinds,
    on_invalid: str,
    on_unknown_contact: str,
    skip_event_id_check: bool,
    separator: str,
) -> Encode:
    """Return what makes events of one behavior of a batch."""

    def encode(batch: pa.RecordBatch, first: int) -> tuple[Any, Any, list[RejectedRow]]:
        reader = _Reader(batch, first, separator)
        fixed = ("contact_id", "time", "event_id")
        names = [name for name in batch.schema.names if name not in fixed]
        reader.read("contact_id", "KEY", required=True)
        reader.read("time", "INSTANT", required=True)
        if "event_id" in batch.schema.names:
            reader.read("event_id", "KEY")
        for name in names:
            reader.read(name, kinds[name])
        arrays, rows = reader.kept()
        made = ingest_pb2.EventColumns(
            behavior=behavior,
            times=columns.seconds(arrays["time"]).tobytes(),
            properties=[columns.value_column(name, kinds[name], arrays[name]) for name in names],
        )
        contact_ids = arrays["contact_id"]
        if pa.types.is_dictionary(contact_ids.type):
            made.contact_dictionary.CopyFrom(columns.dictionary_column(contact_ids))
        else:
            made.contact_ids.CopyFrom(columns.string_column(contact_ids))
        if "event_id" in arrays:
            made.event_ids.CopyFrom(columns.string_column(arrays["event_id"].fill_null("")))
        request = pb.RecordEventsRequest(
            store_id=store_id,
            on_invalid=on_invalid,
            on_unknown_contact=on_unknown_contact,
            skip_event_id_check=skip_event_id_check,
            columns=made,
        )
        return request, rows, reader.refused

    return encode


@dataclass(frozen=True, slots=True)
class ImportRpc:
    """One of the two import streams."""

    path: str
    message: type[Any]
    response: type[Any]


CONTACTS = ImportRpc(
    "/segsvc.v1.IngestService/ImportContacts", pb.ImportContactsRequest, pb.ImportContactsResponse
)
EVENTS = ImportRpc(
    "/segsvc.v1.IngestService/ImportEvents", pb.ImportEventsRequest, pb.ImportEventsResponse
)


def new_import_id() -> str:
    """Return an id no other import has."""
    return uuid4().hex


def attribute_kinds(attributes: Iterable[schema_pb2.Attribute]) -> Kinds:
    """Return the types of attributes by name."""
    name = schema_pb2.AttributeType.Name
    return Kinds(
        {held.name: name(held.type).removeprefix("ATTRIBUTE_TYPE_") for held in attributes}
    )


def property_kinds(behaviors: Iterable[schema_pb2.Behavior], behavior: str) -> Kinds:
    """Return the types of the properties of one behavior by name.

    Raises:
        KeyError: there is no such behavior.
    """
    name = schema_pb2.PropertyType.Name
    known = {held.name: held for held in behaviors}
    if behavior not in known:
        raise KeyError(f"there is no behavior {behavior!r}; known are {', '.join(sorted(known))}")
    properties = known[behavior].properties
    return Kinds({held.name: name(held.type).removeprefix("PROPERTY_TYPE_") for held in properties})
