"""Rows of a source on their way into chunks: brought to Arrow, numbered, packed to one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from segsvc.client import columns
from segsvc.client.columns import Kinds

Table: TypeAlias = (
    "pa.Table | pa.RecordBatch | Iterable[pa.RecordBatch] | Iterable[Mapping[str, Any]]"
)
"""Where rows come from: Arrow, or dicts by column name."""

RowNumbers: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]

CHUNK_ROWS = 50_000
CHUNK_BYTES = 2**19
"""Of Arrow, which is about what is sent. Nothing else runs in the server while a chunk is applied:
some milliseconds for so much."""

_GATHERED_ROWS = 50_000


@dataclass(slots=True)
class Piece:
    """Some rows of a source and their numbers in it, from 0; of one behavior when they say so."""

    batch: pa.RecordBatch
    rows: RowNumbers
    behavior: str = ""

    @property
    def bytes_per_row(self) -> float:
        """Of Arrow; a dictionary counts as far as rows can name it."""
        return float(max(self.batch.nbytes / max(self.batch.num_rows, 1), 1))

    def cut(self, start: int, length: int) -> Piece:
        """Return *length* rows from *start* on."""
        rows = self.rows[start : start + length]
        return Piece(self.batch.slice(start, length), rows, self.behavior)


def pieces(source: Table, kinds: Kinds, behavior: str = "") -> Iterator[Piece]:
    """Number the rows of *source*."""
    first = 0
    for batch in record_batches(source, kinds):
        yield Piece(batch, np.arange(first, first + batch.num_rows), behavior)
        first += batch.num_rows


def by_behavior(numbered: Iterable[Piece]) -> Iterator[Piece]:
    """Take rows apart by their column ``behavior``, which is left out; "" where it is missing."""
    for piece in numbered:
        place = piece.batch.schema.get_field_index("behavior")
        if place < 0:
            raise KeyError("there is no column 'behavior', and no behavior was given")
        named = piece.batch.column(place).cast(pa.string()).fill_null("").dictionary_encode()
        codes = named.indices.to_numpy()
        others = [name for name in piece.batch.schema.names if name != "behavior"]
        rest = piece.batch.select(others)
        for code, behavior in enumerate(named.dictionary.to_pylist()):
            chosen = np.flatnonzero(codes == code)
            yield Piece(rest.take(pa.array(chosen)), piece.rows[chosen], behavior)


def packed(loose: Iterable[Piece]) -> Iterator[Piece]:
    """Cut large pieces and join small ones, so that each is about as large as a chunk may be."""
    held: dict[tuple[str, pa.Schema], list[Piece]] = {}
    sizes: dict[tuple[str, pa.Schema], float] = {}
    for piece in loose:
        key, per_row = (piece.behavior, piece.batch.schema), piece.bytes_per_row
        length = int(max(min(CHUNK_ROWS, CHUNK_BYTES / per_row), 1))
        for start in range(0, piece.batch.num_rows, length):
            part = piece.cut(start, length)
            share = max(
                part.batch.num_rows / CHUNK_ROWS, part.batch.num_rows * per_row / CHUNK_BYTES
            )
            waiting = held.setdefault(key, [])
            if waiting and sizes[key] + share > 1:
                yield _joined(waiting)
                waiting.clear()
            sizes[key] = share if not waiting else sizes[key] + share
            waiting.append(part)
    yield from (_joined(waiting) for waiting in held.values() if waiting)


def _joined(parts: list[Piece]) -> Piece:
    if len(parts) == 1:
        return parts[0]
    batch = pa.concat_batches([part.batch for part in parts])
    return Piece(batch, np.concatenate([part.rows for part in parts]), parts[0].behavior)


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
            if len(rows) == _GATHERED_ROWS:
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
