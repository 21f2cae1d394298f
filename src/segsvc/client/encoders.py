"""Pieces of a source -> the requests of an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from segsvc.client import columns
from segsvc.client.columns import Kinds
from segsvc.client.pieces import Piece, RowNumbers, Table, by_behavior, pieces
from segsvc.v1 import ingest_pb2, schema_pb2
from segsvc.v1 import ingest_service_pb2 as pb

_NAMED = 1_000
"""Rows of a chunk that are told why they were left out, for one field."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row that was left out."""

    row: int
    """Its number in the source, from 0."""
    field: str
    reason: str
    description: str


@dataclass(slots=True)
class Encoded:
    """A request and the rows of the source that it holds."""

    request: Any
    rows: RowNumbers
    refused: list[RejectedRow]
    """Rows that could not be read, and were left out before sending."""
    read: int


Encode: TypeAlias = Callable[[Piece], Encoded]


class _Reader:
    """Reads the columns of one piece, remembering which rows cannot be read."""

    def __init__(self, piece: Piece, separator: str) -> None:
        self.batch = piece.batch
        self.refused: list[RejectedRow] = []
        self.bad = np.zeros(piece.batch.num_rows, bool)
        self.arrays: dict[str, pa.Array] = {}
        self._rows = piece.rows
        self._separator = separator

    def read(self, name: str, kind: str, *, required: bool = False) -> None:
        """Read a column as values of *kind*."""
        held = columns.converted(self.batch.column(name), kind, self._separator)
        bad, wrong = held.bad, held.wrong
        if required:
            bad, wrong = bad | np.asarray(held.array.is_null()), wrong or "must be given"
        self._refuse(bad, name, "TYPE_WRONG", wrong)
        self.arrays[name] = held.array

    def leave_out(self, name: str, why: str) -> None:
        """Refuse the rows that have a value in a column that is not theirs."""
        there = np.asarray(self.batch.column(name).is_valid())
        self._refuse(there, name, "PROPERTY_UNKNOWN", why)

    def refuse_all(self, field: str, reason: str, why: str) -> None:
        """Refuse every row."""
        self._refuse(np.ones(len(self.bad), bool), field, reason, why, tell=False)

    def _refuse(self, bad: Any, field: str, reason: str, why: str, *, tell: bool = True) -> None:
        for row in np.flatnonzero(bad & ~self.bad)[:_NAMED].tolist():
            value = f", is {self.batch.column(field)[row].as_py()!r}" if tell else ""
            self.refused.append(RejectedRow(int(self._rows[row]), field, reason, f"{why}{value}"))
        self.bad |= bad

    def kept(self) -> tuple[dict[str, pa.Array], RowNumbers]:
        """Return the arrays and source row numbers of the rows that can be sent."""
        if not self.bad.any():
            return self.arrays, self._rows
        good = pa.array(~self.bad)
        kept = {name: held.filter(good) for name, held in self.arrays.items()}
        return kept, self._rows[~self.bad]


def contacts_encoder(
    store_id: str, kinds: Kinds, on_invalid: str, unset_nulls: bool, separator: str
) -> Encode:
    """Return what makes an upsert of a piece."""

    def encode(piece: Piece) -> Encoded:
        reader = _Reader(piece, separator)
        names = [name for name in piece.batch.schema.names if name != "contact_id"]
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
        return Encoded(request, rows, reader.refused, piece.batch.num_rows)

    return encode


@dataclass(frozen=True, slots=True)
class EventsEncoder:
    """Makes a record of events of a piece, all of one behavior; call it.

    *kinds* are those of the properties of every behavior.
    """

    store_id: str
    kinds: Mapping[str, Kinds]
    on_invalid: str
    on_unknown_contact: str
    skip_event_id_check: bool
    separator: str

    def __call__(self, piece: Piece) -> Encoded:
        """Encode a piece."""
        reader = _Reader(piece, self.separator)
        arrays, rows = self._read(reader, piece)
        request = pb.RecordEventsRequest(
            store_id=self.store_id,
            on_invalid=self.on_invalid,
            on_unknown_contact=self.on_unknown_contact,
            skip_event_id_check=self.skip_event_id_check,
        )
        if len(rows):
            request.columns.CopyFrom(_event_columns(piece.behavior, arrays, self.kinds))
        return Encoded(request, rows, reader.refused, piece.batch.num_rows)

    def _read(self, reader: _Reader, piece: Piece) -> tuple[dict[str, pa.Array], RowNumbers]:
        behavior = piece.behavior
        if behavior not in self.kinds:
            why = f"there is no behavior {behavior!r}" if behavior else "must be given"
            reader.refuse_all("behavior", "BEHAVIOR_UNKNOWN", why)
            return {}, reader.kept()[1]
        reader.read("contact_id", "KEY", required=True)
        reader.read("time", "INSTANT", required=True)
        if "event_id" in piece.batch.schema.names:
            reader.read("event_id", "KEY")
        known, anywhere = self.kinds[behavior], united(self.kinds.values())
        for name in piece.batch.schema.names:
            if name in _FIXED:
                continue
            if name in known.of:
                reader.read(name, known[name])
            elif name in anywhere.of:
                reader.leave_out(name, f"{behavior!r} has no {name!r}")
            else:
                raise KeyError(f"there is no {name!r}; known are {', '.join(sorted(known.of))}")
        return reader.kept()


_FIXED = ("contact_id", "time", "event_id")


def event_pieces(source: Table, kinds: Mapping[str, Kinds], behavior: str) -> Iterator[Piece]:
    """Number the rows of *source*, and take them apart by behavior when none is given.

    Raises:
        KeyError: there is no such behavior.
    """
    if not behavior:
        return by_behavior(pieces(source, united(kinds.values())))
    if behavior not in kinds:
        raise KeyError(f"there is no behavior {behavior!r}; known are {', '.join(sorted(kinds))}")
    return pieces(source, kinds[behavior], behavior)


def _event_columns(
    behavior: str, arrays: Mapping[str, pa.Array], kinds: Mapping[str, Kinds]
) -> ingest_pb2.EventColumns:
    made = ingest_pb2.EventColumns(
        behavior=behavior,
        times=columns.seconds(arrays["time"]).tobytes(),
        properties=[
            columns.value_column(name, kinds[behavior][name], held)
            for name, held in arrays.items()
            if name not in _FIXED
        ],
    )
    contact_ids = arrays["contact_id"]
    if pa.types.is_dictionary(contact_ids.type):
        made.contact_dictionary.CopyFrom(columns.dictionary_column(contact_ids))
    else:
        made.contact_ids.CopyFrom(columns.string_column(contact_ids))
    if "event_id" in arrays:
        made.event_ids.CopyFrom(columns.string_column(arrays["event_id"].fill_null("")))
    return made


def attribute_kinds(attributes: Iterable[schema_pb2.Attribute]) -> Kinds:
    """Return the types of attributes by name."""
    name = schema_pb2.AttributeType.Name
    return Kinds(
        {held.name: name(held.type).removeprefix("ATTRIBUTE_TYPE_") for held in attributes}
    )


def property_kinds(behaviors: Iterable[schema_pb2.Behavior]) -> dict[str, Kinds]:
    """Return the types of the properties of each behavior by name."""
    name = schema_pb2.PropertyType.Name
    return {
        behavior.name: Kinds(
            {
                held.name: name(held.type).removeprefix("PROPERTY_TYPE_")
                for held in behavior.properties
            }
        )
        for behavior in behaviors
    }


def united(many: Iterable[Kinds]) -> Kinds:
    """Return the types of all; names with several types are left to Arrow."""
    found: dict[str, str] = {}
    for kinds in many:
        for name, kind in kinds.of.items():
            found[name] = kind if found.get(name, kind) == kind else columns.ANY
    return Kinds(found)
