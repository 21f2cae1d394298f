"""The stored form of a journal record.

Format 1: four bytes (little-endian) with the length of the header, the header as JSON, then the
payloads one after the other. The CRC-32 over all of it lies beside it in the row.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from segsvc.domain.errors import StorageFailed
from segsvc.domain.ids import Revision, StoreId
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind, RequestHeader

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoredBody:
    """A record as its row holds it."""

    format: int
    crc: int
    body: bytes


def encode(record: JournalRecord, epoch: int) -> StoredBody:
    """Return *record* as it is stored by the owner of *epoch*."""
    header = {
        "store_id": record.store_id,
        "revision": record.revision,
        "at": record.at,
        "kind": record.kind.value,
        "epoch": epoch,
        "rules": record.header.rules,
        "requests": [_request_facts(request) for request in record.header.requests],
        "facts": record.header.facts,
        "payloads": [len(payload) for payload in record.payloads],
    }
    packed = json.dumps(header, separators=(",", ":"), allow_nan=False).encode("ascii")
    body = b"".join((len(packed).to_bytes(4, "little"), packed, *record.payloads))
    return StoredBody(FORMAT, zlib.crc32(body), body)


def decode(stored: StoredBody, store_id: str, revision: int) -> JournalRecord:
    """Return the record that *stored* holds, which must be *revision* of *store_id*.

    Raises:
        StorageFailed: when it is damaged, or of a format this version does not know.
    """
    named = f"revision {revision} of store {store_id!r} in the journal"
    if stored.format != FORMAT:
        raise StorageFailed(f"{named} has format {stored.format}; this version reads {FORMAT}")
    if zlib.crc32(stored.body) != stored.crc:
        raise StorageFailed(f"{named} is damaged: its checksum does not match")
    body = memoryview(stored.body)
    start = 4 + int.from_bytes(body[:4], "little")
    header = json.loads(bytes(body[4:start]))
    if (header["store_id"], header["revision"]) != (store_id, revision):
        raise StorageFailed(
            f"{named} holds revision {header['revision']} of store {header['store_id']!r}"
        )
    payloads = []
    for length in header["payloads"]:
        payloads.append(bytes(body[start : start + length]))
        start += length
    return JournalRecord(
        store_id=StoreId(store_id),
        revision=Revision(revision),
        at=header["at"],
        kind=RecordKind(header["kind"]),
        header=RecordHeader(
            rules=header["rules"],
            requests=tuple(_request(facts) for facts in header["requests"]),
            facts=header["facts"],
        ),
        payloads=tuple(payloads),
        epoch=header["epoch"],
    )


def _request_facts(request: RequestHeader) -> dict[str, Any]:
    accepted = request.accepted
    return {
        "method": request.method,
        "request_id": request.request_id,
        "accepted": None if accepted is None else b64encode(accepted).decode("ascii"),
        "digest": request.digest,
        "answer": request.answer,
    }


def _request(facts: dict[str, Any]) -> RequestHeader:
    accepted = facts["accepted"]
    return RequestHeader(
        method=facts["method"],
        request_id=facts["request_id"],
        accepted=None if accepted is None else b64decode(accepted),
        digest=facts["digest"],
        answer=facts["answer"],
    )
