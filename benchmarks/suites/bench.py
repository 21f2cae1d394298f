"""One run: its store, its work folder, its peers, and the rows it has measured so far."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from benchmarks.harness.machine import resident_mb
from benchmarks.harness.measure import Call, K, Samples, measure
from benchmarks.harness.result import Result, Scalar, Unit
from benchmarks.peers.registry import PeerEntry
from benchmarks.questions.audience import SAVED
from benchmarks.stores.files import Files, files_of
from benchmarks.stores.loading import Imported, define, import_files
from benchmarks.stores.serving import served
from benchmarks.stores.size import STORE, Size

Facts = dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Base:
    """The store as imported over gRPC, closed with a snapshot, and what that took."""

    database: Path
    imported: Imported
    resident_mb: float
    """Of the server, right after the import."""
    index_mb: float
    """What its stats say the index holds."""
    snapshot_seconds: float
    """Of the snapshot after the import; chunks that earlier ones wrote are not written again."""
    snapshot_bytes: int
    """Of all its chunks."""
    held_ms: float
    """How long the snapshot held writes."""


@dataclass
class Bench:
    """What suites share."""

    size: Size
    cache: Path
    """Kept between runs: the Parquet files."""
    work: Path
    """Of this run alone."""
    wanted: Sequence[PeerEntry]
    say: Callable[[str], None] = print
    rows: list[Result] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    @cached_property
    def files(self) -> Files:
        """The store's Parquet files."""
        return files_of(self.size, self.cache)

    @cached_property
    def base(self) -> Base:
        """The store in segsvc; imported when it is first needed."""
        begun = time.perf_counter()
        base = import_base(self.files, self.work / "base.db", self.size)
        self.say(f"  imported the store in {time.perf_counter() - begun:.0f} s")
        return base

    def copy(self, name: str) -> Path:
        """Return a copy of the base's database that a suite may write to.

        It is on disk: the first commit that folds the log would wait for half a gigabyte else.
        """
        path = self.work / f"{name}.db"
        shutil.copyfile(self.base.database, path)
        with path.open("rb+") as copied:
            os.fsync(copied.fileno())
        return path

    @property
    def peers(self) -> list[PeerEntry]:
        """The peers that can run here, at this size."""
        usable = []
        for entry in self.wanted:
            why = entry.unavailable
            if not why and self.size.contacts > entry.most_contacts:
                why = f"not loaded with more than {entry.most_contacts:,} contacts"
            if why:
                self.skipped[entry.name] = why
            else:
                usable.append(entry)
        return usable

    def measure(self, cases: dict[K, Call], least: int = 3, most: int = 200) -> dict[K, Samples]:
        """Measure *cases* in passes, as long as the size says."""
        size = self.size
        return measure(cases, passes=size.passes, seconds=size.seconds, least=least, most=most)

    def record(
        self,
        suite: str,
        name: str,
        samples: Samples,
        facts: Facts | None = None,
        *,
        unit: Unit = "ms",
        peer: str | None = None,
        ours: Samples | None = None,
    ) -> Result:
        """Keep a row and say it; *facts* are its parameters, beside the number of contacts."""
        parameters = dict(facts or {})
        held = {"contacts": self.size.contacts, **parameters}
        row = Result.of(suite, name, samples, unit=unit, parameters=held, peer=peer, ours=ours)
        self.rows.append(row)
        said = ", ".join(f"{key}={value}" for key, value in parameters.items())
        ratio = "" if row.ratio is None else f"  x{row.ratio:.1f}"
        who = peer or "segsvc"
        self.say(f"  {name:34} {said:44} {who:12} {row.p50:12,.3f} {unit}{ratio}")
        return row


def import_base(files: Files, database: Path, size: Size) -> Base:
    """Import *files* into a new store over gRPC and save the segments that questions name."""
    with served(database, size.at, STORE) as server:
        server.client.create_store(STORE)
        define(server.store)
        imported = import_files(server.store, files)
        resident = resident_mb(server.child.pid)
        index = sum(held.bytes for held in server.store.stats().memory) / 1e6
        begun = time.perf_counter()
        snapshot = server.store.create_snapshot()
        took = time.perf_counter() - begun
        whole = server.store.stats().snapshot_bytes
        for name, text in SAVED.items():
            server.store.create_segment(name, server.store.check(text).condition, segment_id=name)
    return Base(
        database,
        imported,
        resident,
        index,
        took,
        whole,
        snapshot.held_milliseconds,
    )
