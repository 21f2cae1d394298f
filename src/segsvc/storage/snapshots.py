"""Snapshots: chunks first, then the manifest that makes them count, then the sweeping."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete, func, insert, select

from segsvc.domain.errors import StorageFailed
from segsvc.domain.section import FrozenState, Section, Sections
from segsvc.storage.chunks import Chunks, Sizes, StoredChunk, digest_of, remove_chunks
from segsvc.storage.database import Database
from segsvc.storage.manifest import Manifest, StoredManifest, StoredSection, decode, encode
from segsvc.storage.slices import SLICE_BYTES
from segsvc.storage.store_keys import check_alive, store_key
from segsvc.storage.tables import snapshots, stores

_IN_FLIGHT = 16
"""Chunks that wait to be verified while more are read."""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A whole snapshot, read back and verified. The arrays are the reader's own."""

    revision: int
    at: int
    facts: dict[str, Any]
    sections: Sections


class SnapshotWriter:
    """Writes the chunks of one snapshot that the database does not hold yet."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks
        self._held = chunks.held()
        self._batch: dict[bytes, StoredChunk] = {}
        self._batch_bytes = 0
        self._to_remember: list[tuple[Section, int, bytes]] = []
        self.written = 0

    def write(self, section: Section) -> StoredSection:
        """Store what is new of *section*; `flush` must follow the last one."""
        digests = tuple(self._chunk(section, place) for place in range(section.chunk_count))
        stored = StoredSection(
            section.name, section.dtype.newbyteorder("<"), section.length, digests
        )
        size = sum(self._size(digest).size for digest in digests)
        if size != stored.nbytes:
            raise StorageFailed(
                f"section {section.name!r} has {size} bytes in its chunks, not {stored.nbytes}; "
                "the snapshot is dropped"
            )
        return stored

    def flush(self) -> None:
        """Make the chunks durable that are not yet."""
        if self._batch:
            self._chunks.write(list(self._batch.values()))
        for digest, chunk in self._batch.items():
            self._held[digest] = chunk.sizes
            self.written += chunk.sizes.stored_size
        for section, place, digest in self._to_remember:
            section.remember_digest(place, digest)
        self._batch, self._batch_bytes, self._to_remember = {}, 0, []

    def unused(self, manifest: Manifest) -> list[tuple[bytes, int]]:
        """Return (digest, stored bytes) of the held chunks that *manifest* does not name."""
        return _unused(self._held, manifest)

    def stored_bytes(self, manifest: Manifest) -> int:
        """Return the stored bytes of all chunks of *manifest*."""
        return sum(self._held[digest].stored_size for digest in manifest.digests())

    def _chunk(self, section: Section, place: int) -> bytes:
        known = section.known_digest(place)
        if known is not None and known in self._held:
            return known
        raw = section.chunk(place)
        digest = digest_of(raw)
        if digest not in self._held and digest not in self._batch:
            chunk = StoredChunk.of(digest, raw)
            if self._batch_bytes + chunk.sizes.stored_size > SLICE_BYTES:
                self.flush()
            self._batch[digest] = chunk
            self._batch_bytes += chunk.sizes.stored_size
        self._to_remember.append((section, place, digest))
        return digest

    def _size(self, digest: bytes) -> Sizes:
        waiting = self._batch.get(digest)
        return self._held[digest] if waiting is None else waiting.sizes


class Snapshots:
    """The newest snapshot of every store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one_at_a_time = threading.Lock()

    def write(self, store_id: str, revision: int, at: int, frozen: FrozenState) -> int:
        """Store a snapshot and forget the one before; return the bytes written.

        It counts from the commit of its manifest; until then the one before does. What it makes
        useless is removed after that, in slices, because removing 160 MiB at once holds the
        writer for 0.5 to 1 second; the journal is trimmed by the caller.
        """
        with self._one_at_a_time:
            return self._write(store_id, revision, at, frozen)

    def _write(self, store_id: str, revision: int, at: int, frozen: FrozenState) -> int:
        doing = f"store a snapshot of store {store_id!r}"
        with self._database.read(doing) as connection:
            key = store_key(connection, store_id)
        writer = SnapshotWriter(Chunks(self._database, store_id, key))
        sections = tuple(writer.write(section) for section in frozen.sections)
        writer.flush()
        manifest = Manifest(frozen.facts, sections)
        stored = encode(manifest)
        row = {
            "store_key": key,
            "revision": revision,
            "at": at,
            "format": stored.format,
            "crc": stored.crc,
            "size": writer.stored_bytes(manifest) + len(stored.body),
            "manifest": stored.body,
        }
        with self._database.write(doing) as connection:
            check_alive(connection, key, store_id)
            _check_revision(connection, key, store_id, revision)
            connection.execute(delete(snapshots).where(snapshots.c.store_key == key))
            connection.execute(insert(snapshots), row)
        remove_chunks(self._database, key, writer.unused(manifest))
        return writer.written + len(stored.body)

    def latest(self, store_id: str) -> StoredSnapshot | None:
        """Return the newest snapshot, verified, or None when there is none.

        Waits for a snapshot that is being written, whose end removes chunks and journal that
        the reader of an older one still needs.
        """
        with self._one_at_a_time:
            return self._latest(store_id)

    def _latest(self, store_id: str) -> StoredSnapshot | None:
        with self._database.read(f"read the snapshot of store {store_id!r}") as connection:
            key = store_key(connection, store_id)
            row = _latest_row(connection, key)
        if row is None:
            return None
        revision, at, stored = row
        named = f"the snapshot of store {store_id!r} at revision {revision}"
        manifest = decode(stored, named)
        sections = _assemble(Chunks(self._database, store_id, key), manifest, named)
        return StoredSnapshot(revision, at, manifest.facts, sections)

    def sweep(self, store_id: str) -> int:
        """Remove the chunks that a snapshot left behind when it did not get to its manifest.

        Returns:
            The revision of the newest snapshot; 0 when there is none. Also 0 when it is damaged:
            then all is left as it is, and whoever reads the snapshot is told.
        """
        with self._database.read("sweep unused chunks") as connection:
            key = store_key(connection, store_id)
            row = _latest_row(connection, key)
        revision, manifest = 0, Manifest({}, ())
        if row is not None:
            try:
                revision, manifest = row[0], decode(row[2], "the snapshot")
            except StorageFailed:
                return 0
        held = Chunks(self._database, store_id, key).held()
        remove_chunks(self._database, key, _unused(held, manifest))
        return revision


def _unused(held: dict[bytes, Sizes], manifest: Manifest) -> list[tuple[bytes, int]]:
    used = manifest.digests()
    return [(digest, held[digest].stored_size) for digest in held if digest not in used]


def _check_revision(connection: Connection, key: int, store_id: str, revision: int) -> None:
    """A snapshot is of a committed revision, and never older than the one it replaces."""
    last = connection.execute(
        select(stores.c.last_revision).where(stores.c.key == key)
    ).scalar_one()
    newest = connection.execute(
        select(func.max(snapshots.c.revision)).where(snapshots.c.store_key == key)
    ).scalar_one()
    if not (newest or 1) <= revision <= last:
        raise StorageFailed(
            f"a snapshot of store {store_id!r} at revision {revision} is not between "
            f"its latest snapshot ({newest or 'none'}) and its last revision ({last})"
        )


def _latest_row(connection: Connection, key: int) -> tuple[int, int, StoredManifest] | None:
    query = (
        select(snapshots).where(snapshots.c.store_key == key).order_by(snapshots.c.revision.desc())
    )
    row = connection.execute(query.limit(1)).one_or_none()
    if row is None:
        return None
    return row.revision, row.at, StoredManifest(row.format, row.crc, bytes(row.manifest))


def _assemble(chunks: Chunks, manifest: Manifest, named: str) -> Sections:
    """Read, verify and place all chunks; verifying runs in threads beside the reading."""
    held = chunks.held()
    missing = sum(digest not in held for digest in manifest.digests())
    if missing:
        raise StorageFailed(f"{named} is damaged: {missing} of its chunks are missing")
    arrays: dict[str, npt.NDArray[Any]] = {}
    places: dict[bytes, list[npt.NDArray[np.uint8]]] = {}
    for section in manifest.sections:
        array = arrays[section.name] = np.empty(section.length, section.dtype)
        if sum(held[digest].size for digest in section.digests) != array.nbytes:
            raise StorageFailed(f"{named} is damaged: section {section.name!r} is not whole")
        rest = array.view(np.uint8)
        for digest in section.digests:
            size = held[digest].size
            places.setdefault(digest, []).append(rest[:size])
            rest = rest[size:]
    sized = [(digest, held[digest].stored_size) for digest in places]
    if _fill(chunks.read(sized), places) != len(places):
        raise StorageFailed(f"{named} lost some of its chunks while it was read")
    return arrays


def _fill(stored: Iterable[StoredChunk], places: dict[bytes, list[npt.NDArray[np.uint8]]]) -> int:
    """Put every chunk in its places; return how many chunks there were."""
    pending: deque[Future[None]] = deque()
    found = 0
    with ThreadPoolExecutor(min(4, cpu_count() or 1), "segsvc-verify") as threads:
        for chunk in stored:
            found += 1
            pending.append(threads.submit(_place, chunk, places[chunk.digest]))
            if len(pending) > _IN_FLIGHT:
                pending.popleft().result()
        for future in pending:
            future.result()
    return found


def _place(chunk: StoredChunk, places: list[npt.NDArray[np.uint8]]) -> None:
    raw = np.frombuffer(chunk.raw(), np.uint8)
    for target in places:
        target[:] = raw
