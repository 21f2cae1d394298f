"""Content-addressed chunks of snapshots: what is held already is not written again."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from segsvc.domain.errors import StorageFailed
from segsvc.storage.database import Database
from segsvc.storage.slices import SLICE_BYTES, sliced
from segsvc.storage.store_keys import check_alive
from segsvc.storage.tables import chunks

DIGEST_BYTES = 20
RAW = "raw"
ZLIB = "zlib"

_SAMPLE_BYTES = 8_192
_WORTH_IT = 4
"""zlib makes 70-100 MB/s and reads back 300 MB/s per core, the disk more than that; so only
chunks that shrink at least this many times, such as mostly empty columns, are compressed."""

_FETCH_DIGESTS = 64
_FETCH_BYTES = 16 * 2**20


def digest_of(raw: bytes) -> bytes:
    """Return the address of a chunk's bytes."""
    return hashlib.blake2b(raw, digest_size=DIGEST_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of a chunk, decoded and as stored."""

    size: int
    stored_size: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as its row holds it."""

    digest: bytes
    encoding: str
    sizes: Sizes
    body: bytes

    @classmethod
    def of(cls, digest: bytes, raw: bytes) -> StoredChunk:
        """Encode a chunk the way that suits it."""
        middle = max(0, (len(raw) - _SAMPLE_BYTES) // 2)
        sample = raw[middle : middle + _SAMPLE_BYTES]
        if len(zlib.compress(sample, 1)) * _WORTH_IT <= len(sample):
            packed = zlib.compress(raw, 1)
            if len(packed) * 2 <= len(raw):
                return cls(digest, ZLIB, Sizes(len(raw), len(packed)), packed)
        return cls(digest, RAW, Sizes(len(raw), len(raw)), raw)

    def raw(self) -> bytes:
        """Return the chunk's bytes, verified, or raise `StorageFailed`."""
        if self.encoding not in (RAW, ZLIB):
            raise self._damaged(f"its encoding {self.encoding!r} is unknown to this version")
        try:
            raw = zlib.decompress(self.body) if self.encoding == ZLIB else self.body
        except zlib.error as error:
            raise self._damaged(str(error)) from error
        if len(raw) != self.sizes.size or digest_of(raw) != self.digest:
            raise self._damaged("its bytes do not match its digest")
        return raw

    def _damaged(self, why: str) -> StorageFailed:
        return StorageFailed(f"chunk {self.digest.hex()} is damaged: {why}")


class Chunks:
    """The chunks of one store."""

    def __init__(self, database: Database, store_id: str, key: int) -> None:
        self._database = database
        self._store_id = store_id
        self._key = key

    def held(self) -> dict[bytes, Sizes]:
        """Return the sizes of all chunks by digest."""
        query = select(chunks.c.digest, chunks.c.size, chunks.c.stored_size).where(
            chunks.c.store_key == self._key
        )
        with self._database.read(f"list the chunks of store {self._store_id!r}") as connection:
            return {
                bytes(digest): Sizes(size, stored)
                for digest, size, stored in connection.execute(query)
            }

    def write(self, batch: Sequence[StoredChunk]) -> None:
        """Add chunks that are not held, in one transaction."""
        rows = [
            {
                "store_key": self._key,
                "digest": chunk.digest,
                "encoding": chunk.encoding,
                "size": chunk.sizes.size,
                "stored_size": chunk.sizes.stored_size,
                "body": chunk.body,
            }
            for chunk in batch
        ]
        with self._database.write(f"store a snapshot of store {self._store_id!r}") as connection:
            check_alive(connection, self._key, self._store_id)
            connection.execute(insert(chunks), rows)

    def read(self, sized: Iterable[tuple[bytes, int]]) -> Iterator[StoredChunk]:
        """Yield chunks, given as (digest, stored bytes), in any order, leaving out absent ones."""
        doing = f"read the snapshot of store {self._store_id!r}"
        for run in sliced(sized, _FETCH_BYTES, _FETCH_DIGESTS):
            wanted = chunks.c.digest.in_(run)
            query = select(
                chunks.c.digest,
                chunks.c.encoding,
                chunks.c.size,
                chunks.c.stored_size,
                chunks.c.body,
            ).where(chunks.c.store_key == self._key, wanted)
            with self._database.read(doing) as connection:
                rows = connection.execute(query).all()
            for digest, encoding, size, stored, body in rows:
                yield StoredChunk(bytes(digest), encoding, Sizes(size, stored), bytes(body))


def remove_chunks(database: Database, key: int, digests: Iterable[tuple[bytes, int]]) -> None:
    """Remove chunks of a store, given as (digest, stored bytes), slice by slice."""
    for run in sliced(digests, SLICE_BYTES, rows=500):
        with database.write("sweep unused chunks") as connection:
            connection.execute(
                delete(chunks).where(chunks.c.store_key == key, chunks.c.digest.in_(run))
            )
