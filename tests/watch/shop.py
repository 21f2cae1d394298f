"""A store of a real server, and people who watch it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import numpy as np
from google.protobuf import json_format
from google.protobuf.timestamp_pb2 import Timestamp

from segsvc.v1 import (
    admin_service_pb2,
    condition_pb2,
    evaluation_service_pb2,
    ingest_pb2,
    ingest_service_pb2,
    segment_pb2,
    segment_service_pb2,
    store_service_pb2,
    watch_service_pb2,
)
from tests.serving import START, Served

PATIENCE = 20.0
"""Seconds after which something that must come is missing."""

NOW = int(START.timestamp())
DAY = 86_400


@dataclass
class Shop:
    """A store, written to row by row."""

    served: Served
    store_id: str = "shop"

    def open(self, time_zone: str = "UTC") -> Shop:
        """Create the store."""
        request = store_service_pb2.CreateStoreRequest(store_id=self.store_id, time_zone=time_zone)
        self.served.stores.CreateStore(request)
        return self

    def contact(self, *contact_ids: str, **attributes: str) -> int:
        """Upsert contacts with text attributes ("" unsets); return the revision."""
        rows = ingest_pb2.ContactRows()
        for contact_id in contact_ids:
            row = rows.rows.add(contact_id=contact_id)
            for name, text in attributes.items():
                row.set[name].text = text
        return self.served.ingest.UpsertContacts(
            ingest_service_pb2.UpsertContactsRequest(store_id=self.store_id, rows=rows)
        ).revision

    def event(self, *contact_ids: str, behavior: str = "order_placed", ago: int = 0) -> int:
        """Record an event of each contact some seconds ago; return the revision."""
        rows = ingest_pb2.EventRows()
        for contact_id in contact_ids:
            rows.rows.add(
                contact_id=contact_id,
                behavior=behavior,
                time=Timestamp(seconds=self.now() - ago),
            )
        return self.served.ingest.RecordEvents(
            ingest_service_pb2.RecordEventsRequest(store_id=self.store_id, rows=rows)
        ).revision

    def delete(self, *contact_ids: str) -> int:
        """Delete contacts; return the revision."""
        return self.served.ingest.DeleteContacts(
            ingest_service_pb2.DeleteContactsRequest(
                store_id=self.store_id, contact_ids=contact_ids
            )
        ).revision

    def merge(self, source: str, into: str) -> int:
        """Merge a contact into another; return the revision."""
        request = ingest_service_pb2.MergeContactsRequest(store_id=self.store_id)
        request.merges.add(from_contact_id=source, into_contact_id=into)
        return self.served.ingest.MergeContacts(request).revision

    def segment(self, segment_id: str, text: str) -> int:
        """Create a segment by the text form of its condition; return the revision."""
        return self.served.segments.CreateSegment(
            segment_service_pb2.CreateSegmentRequest(
                store_id=self.store_id,
                segment_id=segment_id,
                segment=segment_pb2.Segment(name=segment_id, condition=self.condition(text)),
            )
        ).revision

    def redefine(self, segment_id: str, text: str) -> int:
        """Give a segment another condition; return the revision."""
        request = segment_service_pb2.UpdateSegmentRequest(store_id=self.store_id)
        request.segment.segment_id = segment_id
        request.segment.condition.CopyFrom(self.condition(text))
        request.update_mask.paths.append("condition")
        return self.served.segments.UpdateSegment(request).revision

    def drop(self, segment_id: str, *, force: bool = False) -> int:
        """Delete a segment; return the revision."""
        return self.served.segments.DeleteSegment(
            segment_service_pb2.DeleteSegmentRequest(
                store_id=self.store_id, segment_id=segment_id, force=force
            )
        ).revision

    def condition(self, text: str) -> condition_pb2.Condition:
        """Parse a condition."""
        answer = self.served.segments.CheckCondition(
            segment_service_pb2.CheckConditionRequest(store_id=self.store_id, text=text)
        )
        assert not answer.errors, answer.errors
        return answer.condition

    def now(self) -> int:
        """Return the replay clock's instant."""
        return self.served.server.engine.clock.now()

    def advance(self, seconds: int) -> int:
        """Move the replay clock; return the revision."""
        to = Timestamp(seconds=self.now() + seconds)
        return self.served.admin.AdvanceTime(
            admin_service_pb2.AdvanceTimeRequest(store_id=self.store_id, to=to)
        ).revision

    def snapshot(self) -> None:
        """Take a snapshot, which stores changes and drops old ones."""
        self.served.admin.CreateSnapshot(
            admin_service_pb2.CreateSnapshotRequest(store_id=self.store_id)
        )

    def members(self, segment_id: str) -> set[str]:
        """Return who is in a segment now."""
        request = evaluation_service_pb2.ListMembersRequest(
            store_id=self.store_id, page_size=10_000
        )
        request.target.segment_id = segment_id
        return {held.contact_id for held in self.served.evaluation.ListMembers(request).members}

    def watch(self, *segment_ids: str, **options: Any) -> Watcher:
        """Begin to watch; the stream has begun when this returns."""
        request = watch_service_pb2.WatchRequest(
            store_id=self.store_id, segment_ids=segment_ids, **options
        )
        return Watcher(self.served.watch.Watch(request))


@dataclass
class Watcher:
    """Reads a watch in a thread; what it saw is taken message by message."""

    call: Any
    seen: list[watch_service_pb2.WatchResponse] = field(default_factory=list)
    token: bytes = b""

    def __post_init__(self) -> None:
        self._messages: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.first = self.next()

    def _read(self) -> None:
        try:
            for message in self.call:
                self._messages.put(message)
        except grpc.RpcError as ended:
            self._messages.put(ended)

    def next(self) -> watch_service_pb2.WatchResponse:
        """Return the next message, or raise how the stream ended."""
        message = self._messages.get(timeout=PATIENCE)
        if isinstance(message, grpc.RpcError):
            raise message
        self.seen.append(message)
        self.token = message.resume_token or self.token
        return message

    def until(self, revision: int) -> list[watch_service_pb2.WatchResponse]:
        """Return the messages up to the whole of *revision*, or of a later one."""
        found = []
        while True:
            message = self.next()
            found.append(message)
            if message.resume_token and message.revision >= revision:
                return found

    def deltas_until(self, revision: int) -> list[tuple[str, str, list[str], list[str]]]:
        """Return (segment, cause, entered, left) of the deltas up to *revision*."""
        return [told(delta) for message in self.until(revision) for delta in message.deltas.deltas]

    def stop(self) -> None:
        """Hang up."""
        self.call.cancel()
        self._thread.join(PATIENCE)


def told(delta: watch_service_pb2.MembershipDelta) -> tuple[str, str, list[str], list[str]]:
    """Return a delta as (segment, cause, entered, left)."""
    cause = watch_service_pb2.DeltaCause.Name(delta.cause).removeprefix("DELTA_CAUSE_")
    return delta.segment_id, cause, ids(delta.entered), ids(delta.left)


def ids(batch: Any) -> list[str]:
    """Return the contact ids of a batch, sorted."""
    return sorted(strings(batch.contact_ids))


def strings(column: Any) -> Iterator[str]:
    """Yield the strings of a StringColumn."""
    offsets = np.frombuffer(column.offsets, "<u4")
    for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        yield column.utf8[start:end].decode()


class Known:
    """What a subscriber knows who applies all it is told, and minds every broken promise."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {}
        self.revision = 0

    def apply(self, message: watch_service_pb2.WatchResponse) -> None:
        """Apply one message."""
        assert message.revision >= self.revision, "revisions never go back"
        self.revision = message.revision
        if message.HasField("snapshot"):
            held = self.members.setdefault(message.snapshot.segment_id, set())
            held.update(strings(message.snapshot.members.contact_ids))
        for delta in message.deltas.deltas:
            name, _, entered, left = told(delta)
            held = self.members.setdefault(name, set())
            assert held.isdisjoint(entered), "nobody enters twice without leaving"
            assert held.issuperset(left), "only members leave"
            held.difference_update(left)
            held.update(entered)


def as_json(message: Any) -> str:
    """Return a message as comparable text, its token aside."""
    bare = type(message)()
    bare.CopyFrom(message)
    bare.ClearField("resume_token")
    return json_format.MessageToJson(bare)
