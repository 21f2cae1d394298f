"""Records and frozen states that the tests of storage write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.domain.ids import Revision, StoreId
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind, RequestHeader
from segsvc.domain.section import FrozenState


def store_record(store_id: str) -> JournalRecord:
    """Return the record that creates a store."""
    header = RecordHeader("rules-1", (RequestHeader("CreateStore", "", None, "00"),), {"a": [1]})
    return JournalRecord(StoreId(store_id), Revision(1), 100, RecordKind.STORE, header, (b"",))


def writes(store_id: str, revision: int, *payloads: bytes) -> JournalRecord:
    """Return a record of data writes with one request per payload."""
    requests = tuple(
        RequestHeader("UpsertContacts", f"id-{place}", b"\x05", "ab", {"row": place})
        for place in range(len(payloads))
    )
    return JournalRecord(
        StoreId(store_id),
        Revision(revision),
        100 + revision,
        RecordKind.WRITES,
        RecordHeader("rules-1", requests),
        payloads,
    )


def payload_of(revision: int) -> bytes:
    """Return bytes that tell the revision they belong to."""
    return revision.to_bytes(8, "little") * (1 + revision % 300)


@dataclass(slots=True)
class ArraySection:
    """A section of a live array that notes which chunks are read, and can break at one."""

    name: str
    values: npt.NDArray[Any]
    chunk_rows: int = 1_000
    breaks_at: int | None = None
    reads: list[int] = field(default_factory=list)
    digests: dict[int, bytes] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `Section`."""
        return self.values.dtype

    @property
    def length(self) -> int:
        """See `Section`."""
        return len(self.values)

    @property
    def chunk_count(self) -> int:
        """See `Section`."""
        return -(-len(self.values) // self.chunk_rows)

    def chunk(self, place: int) -> bytes:
        """See `Section`."""
        if place == self.breaks_at:
            raise SectionBrokeError
        self.reads.append(place)
        start = place * self.chunk_rows
        return self.values[start : start + self.chunk_rows].tobytes()

    def known_digest(self, place: int) -> bytes | None:
        """See `Section`."""
        return self.digests.get(place)

    def remember_digest(self, place: int, digest: bytes) -> None:
        """See `Section`."""
        self.digests[place] = digest


class SectionBrokeError(Exception):
    """What a section raises that breaks in the middle of a snapshot."""


def state(sections: Sequence[ArraySection], **facts: Any) -> FrozenState:
    """Return a frozen state of *sections*."""
    return FrozenState(tuple(sections), facts)


def random_array(seed: int, length: int, dtype: str = "<i8") -> npt.NDArray[Any]:
    """Return an array that does not compress."""
    raw = np.random.default_rng(seed).bytes(length * np.dtype(dtype).itemsize)
    return np.frombuffer(raw, dtype).copy()


def same_arrays(one: Mapping[str, npt.NDArray[Any]], two: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Say whether two sets of arrays are equal in names, types and elements."""
    return one.keys() == two.keys() and all(
        one[name].dtype == two[name].dtype and np.array_equal(one[name], two[name]) for name in one
    )
