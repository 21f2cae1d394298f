"""A generated store as Parquet: what segsvc imports and what peers load, made once per size.

Beside the wire's columns each row has a dense number (``id`` of contacts, ``contact`` of events),
because that is what an engineer would key a column store by, and money as whole cents, because
sums of doubles are not exact. A number attribute, ``points``, is added: the standard schema has
none, and a range over numbers is one of the questions.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.stores.size import Size
from segsvc.demo.generate import contact_batches, event_batches

VERSION = 1
"""Of the layout below; files of another version are made again."""

_TEXTS = pa.list_(pa.string())
"""Parquet cannot be read batch by batch when lists hold dictionaries."""

_GROUP_ROWS = 500_000
_ZEROS = 0.6
"""Share of contacts without points: a value that most share is what range bins find hard."""


@dataclass(frozen=True, slots=True)
class Files:
    """The Parquet files of one store."""

    folder: Path

    @property
    def contacts(self) -> Path:
        """``id`` and every attribute."""
        return self.folder / "contacts.parquet"

    @property
    def behaviors(self) -> list[str]:
        """Behaviors that have events."""
        return sorted(held.stem for held in (self.folder / "events").glob("*.parquet"))

    def events(self, behavior: str) -> Path:
        """``contact``, ``time`` and the properties of one behavior's events, in arrival order."""
        return self.folder / "events" / f"{behavior}.parquet"

    @property
    def event_count(self) -> int:
        """Events of all behaviors."""
        return sum(pq.read_metadata(self.events(held)).num_rows for held in self.behaviors)

    @property
    def megabytes(self) -> float:
        """Size of all files."""
        return sum(held.stat().st_size for held in self.folder.rglob("*.parquet")) / 1e6


def files_of(size: Size, cache: Path) -> Files:
    """Return the files of *size* in the folder *cache*, made now if they are not there."""
    spec = size.spec
    held = Files(cache / "data" / f"{spec.contacts}-{spec.events_per_contact:g}-{spec.seed}")
    stamp = held.folder / "complete.json"
    wanted = {"version": VERSION}
    if stamp.exists() and json.loads(stamp.read_text()) == wanted:
        return held
    shutil.rmtree(held.folder, ignore_errors=True)
    (held.folder / "events").mkdir(parents=True)
    _write_contacts(size, held)
    _write_events(size, held)
    stamp.write_text(json.dumps(wanted))
    return held


def _write_contacts(size: Size, held: Files) -> None:
    rng = np.random.default_rng(size.spec.seed)
    writer, first = None, 0
    for batch in contact_batches(size.spec):
        count = batch.num_rows
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        points = np.where(rng.random(count) < _ZEROS, 0, rng.exponential(800, count).astype(int))
        columns["tags"] = columns["tags"].cast(_TEXTS)
        columns["registered_at"] = columns["registered_at"].cast(pa.int64())
        columns["points"] = pa.array(points)
        columns["id"] = pa.array(np.arange(first, first + count, dtype=np.uint32))
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(held.contacts, table.schema)
        writer.write_table(table, row_group_size=_GROUP_ROWS)
        first += count
    assert writer is not None, "a store has contacts"
    writer.close()


def _write_events(size: Size, held: Files) -> None:
    writers: dict[str, pq.ParquetWriter] = {}
    waiting: dict[str, list[pa.Table]] = {}
    for behavior, batch in event_batches(size.spec):
        parts = waiting.setdefault(behavior, [])
        parts.append(_event_table(batch))
        if sum(part.num_rows for part in parts) >= _GROUP_ROWS:
            _flush(held, writers, behavior, waiting.pop(behavior))
    for behavior, parts in waiting.items():
        _flush(held, writers, behavior, parts)
    for writer in writers.values():
        writer.close()


def _event_table(batch: pa.RecordBatch) -> pa.Table:
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    del columns["event_id"]
    digits = pc.utf8_slice_codeunits(columns["contact_id"], 1)
    columns["contact"] = digits.cast(pa.uint32())
    for name in ("product_ids", "categories"):
        if name in columns:
            columns[name] = columns[name].cast(_TEXTS)
    if "value" in columns:
        columns["cents"] = pc.round(pc.multiply(columns["value"], 100)).cast(pa.int64())
    return pa.table(columns)


def _flush(
    held: Files, writers: dict[str, pq.ParquetWriter], behavior: str, parts: list[pa.Table]
) -> None:
    table = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    if behavior not in writers:
        writers[behavior] = pq.ParquetWriter(held.events(behavior), table.schema)
    writers[behavior].write_table(table)


CONTACT_KEYS = ("id",)
EVENT_KEYS = ("contact", "cents")
"""Columns that only peers read."""


def contact_tables(held: Files, rows: int = _GROUP_ROWS) -> Iterator[pa.RecordBatch]:
    """Yield contacts as they are imported."""
    yield from _batches(held.contacts, CONTACT_KEYS, rows)


def event_tables(held: Files, behavior: str, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
    """Yield events of one behavior as they are imported."""
    yield from _batches(held.events(behavior), EVENT_KEYS, rows)


def _batches(path: Path, without: tuple[str, ...], rows: int) -> Iterator[pa.RecordBatch]:
    file = pq.ParquetFile(path)
    names = [name for name in file.schema_arrow.names if name not in without]
    yield from file.iter_batches(batch_size=rows, columns=names)
