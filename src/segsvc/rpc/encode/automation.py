"""Triggers, entries, quotas and forecasts -> the wire."""

from __future__ import annotations

import numpy as np
from google.protobuf.duration_pb2 import Duration

from segsvc.automation.entries import EntryKind, EntryLog, Run
from segsvc.automation.quotas import Quota
from segsvc.automation.trigger import Trigger
from segsvc.bitmap import from_ordinals, ordinals_of
from segsvc.domain.calendar import LocalCalendar
from segsvc.engine.forecast import ChannelForecast, TriggerForecast
from segsvc.engine.reach import Size
from segsvc.engine.state import StoreState
from segsvc.rpc.encode import values
from segsvc.rpc.times import timestamp
from segsvc.v1 import automation_pb2 as pb
from segsvc.v1 import automation_service_pb2 as service


def trigger(held: Trigger, state: StoreState, as_of: int) -> pb.Trigger:
    """Encode a trigger as of a revision, with its stream as it is now, if it is still there."""
    flow = state.triggers.find(held.id)
    entries = EntryLog() if flow is None else flow.entries
    return pb.Trigger(
        trigger_id=held.id,
        name=held.name,
        segment_id=held.segment_id,
        reentry_policy=f"REENTRY_POLICY_{held.policy.reentry.name}",
        cooldown_days=held.policy.days,
        state=_state(held),
        entry_count=entries.made,
        position=position(entries, as_of),
        create_time=timestamp(held.created_at),
        update_time=timestamp(held.updated_at),
        etag=held.etag,
        revision=held.revision,
    )


def _state(held: Trigger) -> str:
    return f"TRIGGER_STATE_{held.state.name}"


def position(entries: EntryLog, as_of: int) -> pb.StreamPosition:
    """Encode how far a stream is acknowledged."""
    oldest = entries.oldest_at
    return pb.StreamPosition(
        last_sequence=entries.last,
        acknowledged_sequence=entries.acknowledged,
        unacknowledged_count=len(entries),
        oldest_unacknowledged_time=None if oldest is None else timestamp(oldest),
        oldest_unacknowledged_age=None
        if oldest is None
        else Duration(seconds=max(as_of - oldest, 0)),
        expired_count=entries.expired,
    )


def run(held: Run, state: StoreState) -> service.StreamEntriesResponse:
    """Encode consecutive entries, or a stop; contacts who are gone are left out."""
    message = service.StreamEntriesResponse(through_sequence=held.last)
    at = timestamp(held.at)
    if held.kind is EntryKind.STOP_IN_FLOW:
        stop = pb.StopInFlow(sequence=held.last, revision=held.revision, at=at)
        message.stop.CopyFrom(stop)
        return message
    contacts = state.index.contacts
    gone = from_ordinals(held.ordinals) - contacts.universe
    alive = ~np.isin(held.ordinals, ordinals_of(gone))
    if alive.any():
        entries = message.entries
        entries.revision, entries.cause = held.revision, int(held.kind)  # type: ignore[assignment]
        entries.at.CopyFrom(at)
        entries.sequences.extend((held.first + np.flatnonzero(alive)).tolist())
        entries.contact_ids.CopyFrom(values.strings(contacts.ids_of(held.ordinals[alive])))
    return message


def quota(held: Quota, calendar: LocalCalendar, as_of: int) -> pb.Quota:
    """Encode a quota as it is at *as_of*."""
    renews = held.period.bounds(calendar, as_of)[1]
    return pb.Quota(
        channel=_channel(held.channel),
        limit=held.limit,
        used=held.used_at(calendar, as_of),
        remaining=held.remaining_at(calendar, as_of),
        period=f"QUOTA_PERIOD_{held.period.name}",
        renew_time=None if renews is None else timestamp(renews),
        update_time=timestamp(held.updated_at),
    )


def _channel(name: str) -> str:
    return f"CHANNEL_{name.upper()}"


def trigger_forecast(held: TriggerForecast) -> pb.TriggerForecast:
    """Encode what an update would feed to a trigger."""
    return pb.TriggerForecast(
        trigger_id=held.trigger.id,
        name=held.trigger.name,
        segment_id=held.trigger.segment_id,
        state=_state(held.trigger),
        update_time=timestamp(held.trigger.updated_at),
        entering=_counts(held.entering),
        all_members=_counts(held.all_members),
    )


def _counts(held: Size) -> pb.MessageCounts:
    return pb.MessageCounts(entry_count=held.contacts, email_count=held.email, sms_count=held.sms)


def channel_forecast(held: ChannelForecast) -> pb.ChannelForecast:
    """Encode what an update would make on a channel."""
    return pb.ChannelForecast(
        channel=_channel(held.channel),
        entering_count=held.entering,
        all_members_count=held.all_members,
        remaining=held.remaining,
        entering_shortfall=held.shortfall(held.entering),
        all_members_shortfall=held.shortfall(held.all_members),
        warning=held.warning,
    )
