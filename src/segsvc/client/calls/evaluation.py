"""EvaluationService, but for ResolveRecipients, which is in ``recipients``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from segsvc.client.call import Call, Pages, Scope, Stream, read
from segsvc.client.calls.segments import AnyCondition
from segsvc.client.conditions.expression import condition_of
from segsvc.client.conditions.targets import Saved, Target, target_of
from segsvc.client.strings import texts_of
from segsvc.client.values import optional_day, optional_moment
from segsvc.v1 import evaluation_service_pb2 as pb
from segsvc.v1 import watch_service_pb2 as watch_pb


def count(
    scope: Scope, target: Target, *, as_of: datetime | None = None, with_reachable: bool = False
) -> Call[pb.CountResponse]:
    """Count contacts.

    Args:
        target: a condition, ``saved("id")``, or ``segments([...])``.
        as_of: an instant to come; the answer is what holds then if nothing else happens.
        with_reachable: also how many can be reached by e-mail and SMS.
    """
    request = pb.CountRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        target=target_of(target),
        as_of=optional_moment(as_of),
        with_reachable=with_reachable,
    )
    return read("EvaluationService/Count", request, pb.CountResponse)


def explain(
    scope: Scope, source: AnyCondition | Saved, *, as_of: datetime | None = None
) -> Call[pb.ExplainConditionResponse]:
    """Return the count of every node of a condition, and how it was evaluated."""
    request = pb.ExplainConditionRequest(
        store_id=scope.store_id, min_revision=scope.min_revision, as_of=optional_moment(as_of)
    )
    if isinstance(source, Saved):
        request.segment_id = source.segment_id
    else:
        request.condition.CopyFrom(condition_of(source))
    return read("EvaluationService/ExplainCondition", request, pb.ExplainConditionResponse)


def explain_contact(
    scope: Scope,
    contact_id: str,
    source: AnyCondition | Saved,
    *,
    as_of: datetime | None = None,
) -> Call[pb.ExplainContactResponse]:
    """Return why one contact is in or out, and when time alone will change that."""
    request = pb.ExplainContactRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        contact_id=contact_id,
        as_of=optional_moment(as_of),
    )
    if isinstance(source, Saved):
        request.segment_id = source.segment_id
    else:
        request.condition.CopyFrom(condition_of(source))
    return read("EvaluationService/ExplainContact", request, pb.ExplainContactResponse)


def count_operands(
    scope: Scope, condition: AnyCondition, *, as_of: datetime | None = None
) -> Call[pb.CountOperandsResponse]:
    """Return the size of each child of an And or Or, and what it adds or leaves."""
    request = pb.CountOperandsRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        condition=condition_of(condition),
        as_of=optional_moment(as_of),
    )
    return read("EvaluationService/CountOperands", request, pb.CountOperandsResponse)


def members(
    scope: Scope,
    target: Target,
    *,
    attributes: Iterable[str] = (),
    as_of: datetime | None = None,
    page_size: int = 0,
) -> Pages[pb.ListMembersResponse, pb.Member]:
    """Yield members with chosen attributes, page by page, in the order they were first seen in."""
    request = pb.ListMembersRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        target=target_of(target),
        attributes=attributes,
        as_of=optional_moment(as_of),
        page_size=page_size,
    )
    call = read("EvaluationService/ListMembers", request, pb.ListMembersResponse)
    return Pages(call, lambda page: page.members)


def past_members(
    scope: Scope, segment_id: str, revision: int, *, page_size: int = 0
) -> Pages[watch_pb.ListPastMembersResponse, str]:
    """Yield the contact ids of who was in a segment at a revision that is still kept."""
    request = watch_pb.ListPastMembersRequest(
        store_id=scope.store_id, segment_id=segment_id, revision=revision, page_size=page_size
    )
    call = read("WatchService/ListPastMembers", request, watch_pb.ListPastMembersResponse)
    return Pages(call, lambda page: page.contact_ids)


def member_ids(
    scope: Scope, target: Target, *, as_of: datetime | None = None
) -> Stream[pb.StreamMembersResponse, str]:
    """Yield the contact ids of all members, pinned to one revision."""
    request = pb.StreamMembersRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        target=target_of(target),
        as_of=optional_moment(as_of),
    )
    call = read("EvaluationService/StreamMembers", request, pb.StreamMembersResponse)
    return Stream(call, lambda message: texts_of(message.batch.contact_ids))


def stream_members(
    scope: Scope,
    target: Target,
    *,
    format: str = "MEMBER_FORMAT_CONTACT_IDS",
    attributes: Iterable[str] = (),
    as_of: datetime | None = None,
) -> Stream[pb.StreamMembersResponse, pb.StreamMembersResponse]:
    """Yield the messages of a member stream: a header, then batches in the chosen format."""
    request = pb.StreamMembersRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        target=target_of(target),
        format=format,
        attributes=attributes,
        as_of=optional_moment(as_of),
    )
    call = read("EvaluationService/StreamMembers", request, pb.StreamMembersResponse)
    return Stream(call, lambda message: (message,))


def contact(
    scope: Scope,
    contact_id: str,
    *,
    event_limit: int | None = None,
    behaviors: Iterable[str] = (),
) -> Call[pb.GetContactResponse]:
    """Return one contact whole: attributes, latest events, segments."""
    request = pb.GetContactRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        contact_id=contact_id,
        event_limit=event_limit,
        behaviors=behaviors,
    )
    return read("EvaluationService/GetContact", request, pb.GetContactResponse)


def check_membership(
    scope: Scope, contact_ids: Iterable[str], segment_ids: Iterable[str] = ()
) -> Call[pb.CheckMembershipResponse]:
    """Return which of many contacts are in which of many segments; none given: all segments."""
    request = pb.CheckMembershipRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        contact_ids=contact_ids,
        segment_ids=segment_ids,
    )
    return read("EvaluationService/CheckMembership", request, pb.CheckMembershipResponse)


def overlap(
    scope: Scope, *targets: Target, as_of: datetime | None = None
) -> Call[pb.ComputeOverlapResponse]:
    """Return how many contacts every two of up to 20 targets share."""
    request = pb.ComputeOverlapRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        targets=map(target_of, targets),
        as_of=optional_moment(as_of),
    )
    return read("EvaluationService/ComputeOverlap", request, pb.ComputeOverlapResponse)


def metrics(
    scope: Scope, target: Target, *, start: date | None = None, end: date | None = None
) -> Call[pb.GetSegmentMetricsResponse]:
    """Return what the members were sent, did and bought from one local day to another."""
    request = pb.GetSegmentMetricsRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        target=target_of(target),
        start_date=optional_day(start),
        end_date=optional_day(end),
    )
    return read("EvaluationService/GetSegmentMetrics", request, pb.GetSegmentMetricsResponse)


def ordinals(
    scope: Scope,
) -> Stream[pb.ExportOrdinalsResponse, pb.ExportOrdinalsResponse]:
    """Yield which contact every ordinal stands for, so that bitmaps can be read."""
    request = pb.ExportOrdinalsRequest(store_id=scope.store_id, min_revision=scope.min_revision)
    call = read("EvaluationService/ExportOrdinals", request, pb.ExportOrdinalsResponse)
    return Stream(call, lambda message: (message,))
