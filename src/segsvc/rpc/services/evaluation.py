"""EvaluationService: counting and explaining, listing members; see also `recipients`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np

from segsvc.bitmap import Bitmap, from_sorted, in_slices, ordinals_of
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.tree import AllOf, AnyOf, Condition, describe, leaves
from segsvc.domain.columns import NO_ROWS, UInt32
from segsvc.domain.errors import InvalidArgument, LimitExceeded, NotFound, OrdinalEpochChanged
from segsvc.domain.schema import ValueType
from segsvc.engine.operands import operand_counts
from segsvc.engine.read import Reading, Target
from segsvc.plan.contact import explain_contact
from segsvc.plan.execute import node_counts
from segsvc.rpc.decode.ingest import check_contact_id, check_contact_ids
from segsvc.rpc.decode.target import MAX_SEGMENTS, checked_condition, segment_ids, target
from segsvc.rpc.encode import members as encode_members
from segsvc.rpc.encode import values
from segsvc.rpc.encode.segment import size
from segsvc.rpc.services.base import page_size
from segsvc.rpc.services.metrics import Metrics
from segsvc.rpc.services.recipients import Recipients
from segsvc.rpc.times import instant, timestamp
from segsvc.v1 import evaluation_pb2, evaluation_service_pb2_grpc
from segsvc.v1 import evaluation_service_pb2 as pb

MAX_CONTACTS = 10_000
MAX_TARGETS = 20
MAX_EVENTS = 1_000
DEFAULT_EVENTS = 20


class EvaluationService(Recipients, Metrics, evaluation_service_pb2_grpc.EvaluationServiceServicer):
    """See evaluation_service.proto."""

    async def Count(self, request: pb.CountRequest, context: Any) -> Any:
        """Count a group."""
        reading, group = await self.reading_of(request, lambda held: _target(request, held))
        answer = pb.CountResponse(
            universe_count=reading.state.index.contacts.count,
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )
        if request.with_reachable:
            held = reading.reach().size(reading.members(group))
            answer.contact_count = held.contacts
            answer.size.CopyFrom(size(held))
        else:
            answer.contact_count = reading.count(group)
        return answer

    async def ExplainCondition(self, request: pb.ExplainConditionRequest, context: Any) -> Any:
        """Count every node and say what ran."""
        reading, tree = await self.reading_of(
            request, lambda held: _condition(request, held)[0], traced=True
        )
        _, path = _condition(request, reading)
        count = len(reading.run.members(tree))
        steps = list(reading.steps or ())
        return pb.ExplainConditionResponse(
            contact_count=count,
            universe_count=reading.state.index.contacts.count,
            nodes=[
                evaluation_pb2.NodeCount(path=held.path, text=held.label, contact_count=held.count)
                for held in node_counts(reading.run, tree, path)
            ],
            plan=[
                evaluation_pb2.PlanStep(
                    operation=step.operation,
                    text=step.label,
                    contact_count=step.cardinality,
                    within_count=step.within,
                    estimated_milliseconds=step.estimated_ms,
                    microseconds=step.microseconds,
                    representation=step.representation,
                )
                for step in steps
            ],
            condition_text=describe(tree),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def CountOperands(self, request: pb.CountOperandsRequest, context: Any) -> Any:
        """Count the children of an And or Or."""
        reading = await self.reading(request)
        state = reading.state
        tree = checked_condition(request.condition, "condition", state.schema, state.segments)
        if not isinstance(tree, AllOf | AnyOf):
            raise InvalidArgument.of("condition", "must be an all_of or any_of")
        total, operands = operand_counts(reading.run, tree)
        return pb.CountOperandsResponse(
            contact_count=total,
            operands=[
                pb.OperandCount(
                    position=place,
                    text=describe(child),
                    contact_count=held.alone,
                    count_without=held.without,
                    running_count=held.running,
                )
                for place, (child, held) in enumerate(zip(tree.children, operands, strict=True))
            ],
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def ExplainContact(self, request: pb.ExplainContactRequest, context: Any) -> Any:
        """Say why one contact is in or out."""
        reading = await self.reading(request)
        tree, path = _condition(request, reading)
        ordinal = _contact(reading, request.contact_id)
        truths = explain_contact(reading.view, tree, ordinal, reading.as_of, path)
        types = _types(tree, reading)
        nodes = []
        for held in truths:
            node = evaluation_pb2.NodeTruth(
                path=held.path,
                text=held.label,
                matches=held.holds,
                actual_values=[values.actual(fact, types.get(fact.name)) for fact in held.actuals],
                depth=held.depth,
                leaf=held.leaf,
            )
            if held.next_change is not None:
                node.next_change_time.seconds = held.next_change
            nodes.append(node)
        answer = pb.ExplainContactResponse(
            contact_id=reading.state.index.contacts.id_of(ordinal),
            matches=truths[0].holds,
            nodes=nodes,
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )
        if truths[0].next_change is not None:
            answer.next_change_time.seconds = truths[0].next_change
        return answer

    async def ListMembers(self, request: pb.ListMembersRequest, context: Any) -> Any:
        """List a page of a group."""
        state = await self.reached(request)
        count = page_size(request.page_size, 1_000, 10_000)
        position = self.tokens.read(request, request.page_token)
        reading = self._paged(request, position)
        names = encode_members.check_attributes(request.attributes, state.schema, "attributes")
        group = target(request.target, "target", state.schema, state.segments)
        found = reading.members(group)
        after = -1 if position is None else int(position["after"])
        part = _first(found, after, count)
        token = ""
        if len(part) and part[-1] != found.max():
            place = {"after": int(part[-1]), "epoch": state.ordinal_epoch, "at": reading.as_of}
            token = self.tokens.make(request, place)
        return pb.ListMembersResponse(
            members=[
                encode_members.member(state, reading.view, ordinal, names)
                for ordinal in part.tolist()
            ],
            next_page_token=token,
            total_size=len(found),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    def _paged(self, request: pb.ListMembersRequest, position: dict[str, Any] | None) -> Reading:
        """Return the reading of a page: pages after the first keep its instant if it lies ahead."""
        state = self.store(request.store_id)
        asked = instant(request.as_of, "as_of") if request.HasField("as_of") else None
        if position is None:
            return self.at(state, asked)
        if position["epoch"] != state.ordinal_epoch:
            raise OrdinalEpochChanged(state.ordinal_epoch)
        now = max(self.engine.clock.now(), state.at)
        return self.at(state, max(now, int(position["at"])))

    async def StreamMembers(
        self, request: pb.StreamMembersRequest, context: Any
    ) -> AsyncIterator[pb.StreamMembersResponse]:
        """Stream a group."""
        reading, group = await self.reading_of(request, lambda held: _target(request, held))
        state = reading.state
        encode_members.check_format(request.format, request.attributes)
        names = encode_members.check_attributes(request.attributes, state.schema, "attributes")
        found = reading.members(group).copy()
        yield pb.StreamMembersResponse(
            header=pb.StreamMembersHeader(
                total_size=len(found),
                revision=reading.revision,
                as_of=timestamp(reading.as_of),
                ordinal_epoch=state.ordinal_epoch,
            )
        )
        for _, _, batch in encode_members.batches(state, found, request.format, names):
            yield pb.StreamMembersResponse(batch=batch)

    async def GetContact(self, request: pb.GetContactRequest, context: Any) -> Any:
        """Answer one contact."""
        reading = await self.reading(request)
        state = reading.state
        limit = request.event_limit if request.HasField("event_limit") else DEFAULT_EVENTS
        if not 0 <= limit <= MAX_EVENTS:
            raise InvalidArgument.of("event_limit", f"must be 0..{MAX_EVENTS:,}")
        for place, behavior in enumerate(request.behaviors):
            if behavior not in state.schema.behaviors:
                raise InvalidArgument.of(f"behaviors[{place}]", f"no behavior {behavior!r}")
        ordinal = _contact(reading, request.contact_id)
        record = encode_members.contact(
            state, reading.view, ordinal, tuple(dict.fromkeys(request.behaviors)), limit
        )
        only = Bitmap([ordinal])
        record.segment_ids.extend(
            held.id for held in state.segments if reading.view.segment(held.id, reading.as_of, only)
        )
        return pb.GetContactResponse(
            contact=record,
            ordinal_epoch=state.ordinal_epoch,
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def CheckMembership(self, request: pb.CheckMembershipRequest, context: Any) -> Any:
        """Answer which contacts are in which segments."""
        reading = await self.reading(request)
        state = reading.state
        asked = list(request.contact_ids)
        if not asked:
            raise InvalidArgument.of("contact_ids", "must not be empty")
        if len(asked) > MAX_CONTACTS:
            raise LimitExceeded("contacts of one check", MAX_CONTACTS, len(asked), "contact_ids")
        chosen = request.segment_ids or [held.id for held in state.segments]
        if len(chosen) > MAX_SEGMENTS:
            raise LimitExceeded("segments of one check", MAX_SEGMENTS, len(chosen), "segment_ids")
        ids = segment_ids(chosen, "segment_ids", state.segments)
        ordinals = state.index.contacts.find(check_contact_ids(asked, "contact_ids"))
        known = ordinals >= 0
        distinct, places = np.unique(ordinals[known].astype(np.uint32), return_inverse=True)
        within, known_rows = from_sorted(distinct), np.flatnonzero(known)
        rows: list[list[str]] = [[] for _ in asked]
        for held in ids:
            members = ordinals_of(reading.view.segment(held, reading.as_of, within))
            inside = np.zeros(len(distinct), np.bool_)
            inside[np.searchsorted(distinct, members)] = True
            for row in known_rows[inside[places]].tolist():
                rows[row].append(held)
        return pb.CheckMembershipResponse(
            memberships=[
                pb.ContactMembership(contact_id=contact_id, known=bool(is_known), segment_ids=held)
                for contact_id, is_known, held in zip(asked, known.tolist(), rows, strict=True)
            ],
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def ComputeOverlap(self, request: pb.ComputeOverlapRequest, context: Any) -> Any:
        """Count what targets share."""
        reading = await self.reading(request)
        if not 1 <= len(request.targets) <= MAX_TARGETS:
            raise InvalidArgument.of("targets", f"must be 1..{MAX_TARGETS}")
        state = reading.state
        groups = [
            reading.members(target(held, f"targets[{place}]", state.schema, state.segments))
            for place, held in enumerate(request.targets)
        ]
        both = groups[0].copy()
        for group in groups[1:]:
            both &= group
        return pb.ComputeOverlapResponse(
            cells=[
                evaluation_pb2.OverlapCell(
                    row=row,
                    column=column,
                    contact_count=int(groups[row].intersection_cardinality(groups[column])),
                )
                for row in range(len(groups))
                for column in range(row, len(groups))
            ],
            union_count=len(Bitmap.union(*groups)),
            intersection_count=len(both),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )


def _target(request: Any, reading: Reading) -> Target:
    return target(request.target, "target", reading.state.schema, reading.state.segments)


def _condition(request: Any, reading: Reading) -> tuple[Condition, str]:
    """Return the condition to explain and its path."""
    state = reading.state
    match request.WhichOneof("source"):
        case "condition":
            found = checked_condition(request.condition, "condition", state.schema, state.segments)
            return found, "condition"
        case "segment_id":
            return state.segments.get(request.segment_id).condition, "condition"
        case _:
            raise InvalidArgument.of("source", "give a condition or a segment_id")


def _contact(reading: Reading, contact_id: str) -> int:
    check_contact_id(contact_id, "contact_id")
    ordinal = reading.state.index.contacts.find_one(contact_id)
    if ordinal is None:
        raise NotFound("contact", contact_id)
    return ordinal


def _types(tree: Condition, reading: Reading) -> dict[str, ValueType]:
    named = {leaf.attribute for leaf in leaves(tree) if isinstance(leaf, AttributeLeaf)}
    return {name: reading.state.schema.attributes[name].type for name in named}


def _first(members: Bitmap, after: int, count: int) -> UInt32:
    """Return the first *count* members greater than *after*, ascending."""
    parts, missing = [NO_ROWS], count
    for part in in_slices(members, after):
        parts.append(part[:missing])
        missing -= len(parts[-1])
        if not missing:
            break
    return np.concatenate(parts)
