"""Imports: rows packed into chunks, sent as a stream, resumed after a break."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from segsvc.client.encoders import Encode, Encoded, RejectedRow
from segsvc.client.pieces import Piece, packed
from segsvc.v1 import ingest_pb2
from segsvc.v1 import ingest_service_pb2 as pb

WINDOW = 16
"""Chunks that are on their way and not acknowledged."""


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
    held: Encoded

    @property
    def request(self) -> Any:
        """What is sent."""
        return self.held.request


class Upload:
    """What is sent, what is acknowledged, and what has to be sent again after a break.

    The same source gives the same chunks under the same request ids, whenever it is read.
    """

    def __init__(self, pieces: Iterator[Piece], encode: Encode, name: str) -> None:
        self._chunks = self._encoded(pieces, encode, name)
        self.pending: deque[Chunk] = deque()
        self.summary = Summary()
        self.done = False

    @staticmethod
    def _encoded(pieces: Iterator[Piece], encode: Encode, name: str) -> Iterator[Chunk]:
        sequence = 0
        for piece in packed(pieces):
            held = encode(piece)
            held.request.request_id = f"{name}-{sequence}"
            yield Chunk(sequence, held)
            sequence += bool(len(held.rows))

    def next(self) -> Chunk | None:
        """Read and return the next chunk; None at the end of the source."""
        for chunk in self._chunks:
            if not len(chunk.held.rows):
                self._refuse(chunk.held)
                continue
            self.pending.append(chunk)
            return chunk
        self.done = True
        return None

    def acknowledge(self, response: Any) -> None:
        """Take in the answer to the oldest chunk that waits for one."""
        chunk, result, total = self.pending.popleft(), response.result, self.summary
        self._refuse(chunk.held)
        total.accepted += result.accepted_rows
        total.created_contacts += result.created_contacts
        total.duplicates += getattr(result, "duplicate_rows", 0)
        total.clamped += getattr(result, "clamped_rows", 0)
        total.rejected += result.rejected_rows
        total.rejected_rows += [
            RejectedRow(
                int(chunk.held.rows[held.row]),
                held.field,
                ingest_pb2.RowErrorReason.Name(held.reason).removeprefix("ROW_ERROR_REASON_"),
                held.description,
            )
            for held in result.row_errors
        ]
        total.revision = max(total.revision, result.revision)

    def _refuse(self, held: Encoded) -> None:
        """Count what was read of a chunk, and what of it could not be sent."""
        self.summary.rows += held.read
        self.summary.rejected += held.read - len(held.rows)
        self.summary.rejected_rows += held.refused


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
