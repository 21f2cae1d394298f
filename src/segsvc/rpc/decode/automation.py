"""Writes about triggers and quotas -> domain values."""

from __future__ import annotations

from typing import Final

from segsvc.automation.quotas import QuotaPeriod, SetQuota
from segsvc.automation.trigger import PauseMethod, Policy, Reentry
from segsvc.automation.writes import (
    AckEntries,
    ActivateTrigger,
    CreateTrigger,
    DeleteTrigger,
    PauseTrigger,
    UpdateTrigger,
)
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.ids import check_trigger_id
from segsvc.rpc.decode.fields import choice, mask_paths, required
from segsvc.segment.definition import check_name
from segsvc.v1 import automation_pb2 as pb
from segsvc.v1 import automation_service_pb2 as service
from segsvc.v1 import evaluation_pb2

MAX_COOLDOWN_DAYS: Final = 3_650
MAX_PAUSED_AT_ONCE: Final = 200
MAX_QUOTA: Final = 10**12


def create_trigger(request: service.CreateTriggerRequest) -> CreateTrigger:
    """Decode; raises `InvalidArgument`."""
    wire = request.trigger
    required(wire.segment_id, "trigger.segment_id")
    return CreateTrigger(
        check_trigger_id(request.trigger_id, "trigger_id") if request.trigger_id else "",
        check_name(wire.name, "trigger.name"),
        wire.segment_id,
        _policy(wire),
    )


def update_trigger(request: service.UpdateTriggerRequest) -> UpdateTrigger:
    """Decode; raises `InvalidArgument`."""
    wire = request.trigger
    required(wire.trigger_id, "trigger.trigger_id")
    paths = mask_paths(request.update_mask, ("name", "reentry_policy"))
    return UpdateTrigger(
        wire.trigger_id,
        wire.etag,
        check_name(wire.name, "trigger.name") if "name" in paths else None,
        _policy(wire) if "reentry_policy" in paths else None,
    )


def activate_trigger(request: service.ActivateTriggerRequest) -> ActivateTrigger:
    """Decode; raises `InvalidArgument`."""
    required(request.trigger_id, "trigger_id")
    paused = tuple(dict.fromkeys(request.pause_trigger_ids))
    if len(request.pause_trigger_ids) > MAX_PAUSED_AT_ONCE:
        raise InvalidArgument.of(
            "pause_trigger_ids", f"must be at most {MAX_PAUSED_AT_ONCE} triggers"
        )
    if request.trigger_id in paused:
        raise InvalidArgument.of(
            "pause_trigger_ids", "must not name the trigger that is to be activated"
        )
    return ActivateTrigger(
        request.trigger_id,
        request.etag,
        request.enter_current_members,
        paused,
        _method(request.pause_method, "pause_method"),
    )


def pause_trigger(request: service.PauseTriggerRequest) -> PauseTrigger:
    """Decode; raises `InvalidArgument`."""
    required(request.trigger_id, "trigger_id")
    return PauseTrigger(request.trigger_id, request.etag, _method(request.method, "method"))


def delete_trigger(request: service.DeleteTriggerRequest) -> DeleteTrigger:
    """Decode; raises `InvalidArgument`."""
    required(request.trigger_id, "trigger_id")
    return DeleteTrigger(request.trigger_id, request.etag)


def ack_entries(request: service.AckEntriesRequest) -> AckEntries:
    """Decode; raises `InvalidArgument`."""
    required(request.trigger_id, "trigger_id")
    if request.sequence < 0:
        raise InvalidArgument.of("sequence", "must not be negative")
    return AckEntries(request.trigger_id, request.sequence)


def set_quota(request: service.SetQuotaRequest) -> SetQuota:
    """Decode; raises `InvalidArgument`."""
    if request.channel not in {evaluation_pb2.CHANNEL_EMAIL, evaluation_pb2.CHANNEL_SMS}:
        raise InvalidArgument.of("channel", "must be EMAIL or SMS")
    limit = request.limit if request.HasField("limit") else None
    used = request.used if request.HasField("used") else None
    for field, number in (("limit", limit), ("used", used)):
        if number is not None and not 0 <= number <= MAX_QUOTA:
            raise InvalidArgument.of(field, f"must be 0..{MAX_QUOTA:,}")
    name = choice(request.period, pb.QuotaPeriod, "period")
    period = None if name == "UNSPECIFIED" else QuotaPeriod[name]
    if request.remove and (limit, used, period) != (None, None, None):
        raise InvalidArgument.of("remove", "goes without limit, used and period")
    channel = choice(request.channel, evaluation_pb2.Channel, "channel")
    return SetQuota(channel.lower(), limit, used, period, request.remove)


def _policy(wire: pb.Trigger) -> Policy:
    name = choice(wire.reentry_policy, pb.ReentryPolicy, "trigger.reentry_policy")
    reentry = Reentry.ONCE if name == "UNSPECIFIED" else Reentry[name]
    days = wire.cooldown_days
    if reentry is Reentry.COOLDOWN and not 1 <= days <= MAX_COOLDOWN_DAYS:
        raise InvalidArgument.of("trigger.cooldown_days", f"must be 1..{MAX_COOLDOWN_DAYS:,}")
    if reentry is not Reentry.COOLDOWN and days:
        raise InvalidArgument.of("trigger.cooldown_days", "goes only with the policy COOLDOWN")
    return Policy(reentry, days)


def _method(number: int, path: str) -> PauseMethod:
    name = choice(number, pb.PauseMethod, path)
    return PauseMethod.STOP_NEW_ENTRIES if name == "UNSPECIFIED" else PauseMethod[name]
