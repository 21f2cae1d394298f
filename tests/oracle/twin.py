"""One store held twice: by the service, over gRPC, and by the oracle. Writes go to both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import grpc
import numpy as np
import pytest

from segsvc.engine.state import StoreState
from segsvc.v1 import (
    admin_service_pb2,
    condition_pb2,
    evaluation_service_pb2,
    ingest_pb2,
    ingest_service_pb2,
    schema_pb2,
    schema_service_pb2,
    segment_pb2,
    segment_service_pb2,
    store_service_pb2,
)
from tests.hosted import Hosted
from tests.oracle.calendar import Calendar
from tests.oracle.world import Footprint, World, references
from tests.serving import Served

ATTRIBUTES = tuple(
    schema_pb2.Attribute(name=name, type=kind)
    for name, kind in (
        ("motto", schema_pb2.ATTRIBUTE_TYPE_TEXT),
        ("loyalty_card", schema_pb2.ATTRIBUTE_TYPE_KEY),
        ("vip", schema_pb2.ATTRIBUTE_TYPE_BOOLEAN),
        ("last_seen", schema_pb2.ATTRIBUTE_TYPE_INSTANT),
        ("wedding", schema_pb2.ATTRIBUTE_TYPE_DATE),
        ("hobbies", schema_pb2.ATTRIBUTE_TYPE_TEXT_SET),
    )
)
PROPERTIES = tuple(
    schema_pb2.Property(name=name, type=kind)
    for name, kind in (
        ("topic", schema_pb2.PROPERTY_TYPE_TEXT),
        ("quiz_id", schema_pb2.PROPERTY_TYPE_KEY),
        ("passed", schema_pb2.PROPERTY_TYPE_BOOLEAN),
        ("started_at", schema_pb2.PROPERTY_TYPE_INSTANT),
        ("answers", schema_pb2.PROPERTY_TYPE_TEXT_LIST),
        ("question_ids", schema_pb2.PROPERTY_TYPE_KEY_LIST),
    )
)


class Twin:
    """A fresh store with the standard schema and attributes and properties of every type."""

    def __init__(
        self,
        served: Served | Hosted,
        store_id: str,
        calendar: Calendar,
        scales: tuple[int, int],
        at: int,
    ) -> None:
        self.served = served
        self.id = store_id
        served.stores.CreateStore(
            store_service_pb2.CreateStoreRequest(
                store_id=store_id, time_zone=calendar.zone, week_start=calendar.week_start + 1
            )
        )
        self._define(*scales)
        attributes = served.schema.ListAttributes(
            schema_service_pb2.ListAttributesRequest(store_id=store_id)
        ).attributes
        behaviors = served.schema.ListBehaviors(
            schema_service_pb2.ListBehaviorsRequest(store_id=store_id)
        ).behaviors
        self.world = World(calendar, attributes, behaviors, at)
        self.written_at = 0
        """The revision of the last write that was not refused; its footprint is the world's."""

    def _wrote(self, answer: Any) -> Any:
        self.written_at = answer.revision
        return answer

    def wrote(self, answer: Any) -> None:
        """Note the answer to a write that touches no contact and no segment."""
        self._wrote(answer)
        self.world.footprint = Footprint()

    def wrote_quietly(self) -> None:
        """Note such a write whose answer names no revision."""
        self.written_at = self.state.revision
        self.world.footprint = Footprint()

    @property
    def state(self) -> StoreState:
        """Return the store inside the service."""
        return self.served.engine.store(self.id)

    def _define(self, of_attribute: int, of_property: int) -> None:
        number = schema_pb2.Attribute(
            name="score", type=schema_pb2.ATTRIBUTE_TYPE_NUMBER, scale=of_attribute
        )
        for attribute in (number, *ATTRIBUTES):
            self.served.schema.DefineAttribute(
                schema_service_pb2.DefineAttributeRequest(store_id=self.id, attribute=attribute)
            )
        points = schema_pb2.Property(
            name="points", type=schema_pb2.PROPERTY_TYPE_NUMBER, scale=of_property
        )
        quiz = schema_pb2.Behavior(name="quiz_taken", properties=(points, *PROPERTIES))
        self.served.schema.DefineBehavior(
            schema_service_pb2.DefineBehaviorRequest(store_id=self.id, behavior=quiz)
        )

    def upsert(self, rows: Sequence[ingest_pb2.ContactRow]) -> None:
        """Apply contacts."""
        request = ingest_service_pb2.UpsertContactsRequest(
            store_id=self.id, rows=ingest_pb2.ContactRows(rows=rows)
        )
        answer = self._wrote(self.served.ingest.UpsertContacts(request))
        assert answer.created_contacts == self.world.upsert(rows)

    def record(self, request: ingest_service_pb2.RecordEventsRequest) -> None:
        """Apply events; what is refused and what is counted is the same."""
        request.store_id = self.id
        done = self.world.record(request)
        if done.refused and request.on_invalid != ingest_pb2.ON_INVALID_SKIP:
            refuses(self.served.ingest.RecordEvents, request, grpc.StatusCode.INVALID_ARGUMENT)
            return
        answer = self._wrote(self.served.ingest.RecordEvents(request))
        assert sorted({held.row for held in answer.row_errors}) == done.refused
        assert list(answer.clamped_row_numbers) == done.clamped
        assert (answer.accepted_rows, answer.created_contacts, answer.duplicate_rows) == (
            done.accepted,
            done.created,
            done.duplicates,
        )

    def delete(self, contact_ids: Sequence[str]) -> None:
        """Erase contacts."""
        request = ingest_service_pb2.DeleteContactsRequest(
            store_id=self.id, contact_ids=contact_ids
        )
        gone = self._wrote(self.served.ingest.DeleteContacts(request)).deleted_contacts
        assert gone == self.world.delete(contact_ids)

    def merge(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Unite contacts, or none when one is not known."""
        merges = [
            ingest_pb2.ContactMerge(from_contact_id=source, into_contact_id=into)
            for source, into in pairs
        ]
        request = ingest_service_pb2.MergeContactsRequest(store_id=self.id, merges=merges)
        merged = self.world.merge(pairs)
        if merged is None:
            refuses(self.served.ingest.MergeContacts, request, grpc.StatusCode.NOT_FOUND)
        else:
            answer = self._wrote(self.served.ingest.MergeContacts(request))
            assert answer.merged_contacts == merged

    def label(self, request: ingest_service_pb2.SetLifecycleLabelsRequest) -> None:
        """Apply a batch of lifecycle labels."""
        request.store_id = self.id
        answer = self._wrote(self.served.ingest.SetLifecycleLabels(request))
        assert answer.accepted_rows == self.world.label(request)

    def advance(self, to: int) -> None:
        """Let time pass."""
        request = admin_service_pb2.AdvanceTimeRequest(store_id=self.id)
        request.to.seconds = to
        assert self.served.admin.AdvanceTime(request).at.seconds == to
        self.world.at = to

    def save(
        self,
        segment_id: str,
        condition: condition_pb2.Condition,
        feeds: segment_pb2.TriggerOnUpdate = segment_pb2.TRIGGER_ON_UPDATE_UNSPECIFIED,
    ) -> None:
        """Make a segment, or change its condition, which feeds triggers as *feeds* says."""
        segment = segment_pb2.Segment(
            segment_id=segment_id, name=f"segment {segment_id}", condition=condition
        )
        if segment_id in self.world.segments:
            update = segment_service_pb2.UpdateSegmentRequest(
                store_id=self.id, segment=segment, trigger_on_update=feeds
            )
            update.update_mask.paths.append("condition")
            self._wrote(self.served.segments.UpdateSegment(update))
        else:
            create = segment_service_pb2.CreateSegmentRequest(
                store_id=self.id, segment_id=segment_id, segment=segment
            )
            self._wrote(self.served.segments.CreateSegment(create))
        self.world.save(segment_id, condition)

    def rename(self, segment_id: str, name: str) -> None:
        """Change what a segment is called, which is no definition."""
        update = segment_service_pb2.UpdateSegmentRequest(store_id=self.id)
        update.segment.segment_id, update.segment.name = segment_id, name
        update.update_mask.paths.append("name")
        self._wrote(self.served.segments.UpdateSegment(update))
        self.world.footprint = Footprint()

    def copy(self, segment_id: str, copy_id: str) -> None:
        """Save a segment's condition again."""
        request = segment_service_pb2.CopySegmentRequest(
            store_id=self.id, segment_id=segment_id, new_segment_id=copy_id
        )
        self._wrote(self.served.segments.CopySegment(request))
        self.world.save(copy_id, self.world.segments[segment_id])

    def suggest(self, segment_id: str, suggestion_id: str) -> None:
        """Save a suggestion; its numbers are taken from what the service answers."""
        request = segment_service_pb2.CreateSegmentFromSuggestionRequest(
            store_id=self.id, segment_id=segment_id, suggestion_id=suggestion_id
        )
        if suggestion_id == "high_spenders_of_country":
            request.parameters["country"].text = "a"
        made = self._wrote(self.served.segments.CreateSegmentFromSuggestion(request)).segment
        self.world.save(segment_id, made.condition)

    def move(self, calendar: Calendar) -> None:
        """Change the time zone and the first day of the week."""
        request = store_service_pb2.UpdateStoreRequest(store_id=self.id)
        request.store.time_zone = calendar.zone
        request.store.week_start = calendar.week_start + 1
        request.update_mask.paths.extend(("time_zone", "week_start"))
        self._wrote(self.served.stores.UpdateStore(request))
        self.world.move(calendar)

    def drop_unused(self, segment_id: str) -> None:
        """Delete a segment, which is refused while others refer to it."""
        request = segment_service_pb2.DeleteSegmentRequest(store_id=self.id, segment_id=segment_id)
        trees = self.world.segments.values()
        used = any(segment_id in references(tree) for tree in trees)
        if used or segment_id in self.world.listened:
            refuses(
                self.served.segments.DeleteSegment, request, grpc.StatusCode.FAILED_PRECONDITION
            )
        else:
            self._wrote(self.served.segments.DeleteSegment(request))
            self.world.drop(segment_id)

    def drop(self, segment_id: str) -> None:
        """Delete a segment; those that refer to it keep their members."""
        request = segment_service_pb2.DeleteSegmentRequest(
            store_id=self.id, segment_id=segment_id, force=True
        )
        changed = self._wrote(self.served.segments.DeleteSegment(request)).inlined_segment_ids
        assert set(changed) == self.world.drop(segment_id)

    def members(self, target: condition_pb2.Target) -> set[str]:
        """Ask the service who is in a group."""
        request = evaluation_service_pb2.StreamMembersRequest(store_id=self.id, target=target)
        ids: list[str] = []
        for message in self.served.evaluation.StreamMembers(request):
            column = message.batch.contact_ids
            bounds = np.frombuffer(column.offsets, "<u4").tolist()
            ids += [column.utf8[start:end].decode() for start, end in pairwise(bounds)]
        assert len(ids) == len(set(ids))
        return set(ids)

    def listed(self, target: condition_pb2.Target, page_size: int) -> list[str]:
        """Ask the service who is in a group, page by page."""
        request = evaluation_service_pb2.ListMembersRequest(
            store_id=self.id, target=target, page_size=page_size
        )
        found: list[str] = []
        while True:
            page = self.served.evaluation.ListMembers(request)
            found += [member.contact_id for member in page.members]
            assert len(page.members) <= page_size
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def snapshot(self) -> None:
        """Let the service store a snapshot and drop its journal."""
        self.served.admin.CreateSnapshot(admin_service_pb2.CreateSnapshotRequest(store_id=self.id))


def refuses(call: object, request: object, code: grpc.StatusCode) -> None:
    """Expect a refusal."""
    assert callable(call)
    with pytest.raises(grpc.RpcError) as refused:
        call(request)
    assert refused.value.code() == code
