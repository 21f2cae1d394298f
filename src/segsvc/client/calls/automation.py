"""AutomationService."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from segsvc.client.call import Call, Pages, Scope, read, write
from segsvc.v1 import automation_pb2
from segsvc.v1 import automation_service_pb2 as pb

Reentry = Literal["once", "every_entry", "cooldown"]
PauseMethod = Literal["stop_new_entries", "also_stop_in_flow"]
TriggerState = Literal["paused", "active", "stopped"]
QuotaChannel = Literal["email", "sms"]
QuotaPeriod = Literal["month", "day", "none"]


def create_trigger(
    scope: Scope,
    name: str,
    segment_id: str,
    *,
    reentry: Reentry = "once",
    cooldown_days: int = 0,
    trigger_id: str = "",
    request_id: str = "",
) -> Call[pb.CreateTriggerResponse]:
    """Make a trigger, paused; *cooldown_days* goes with the re-entry ``cooldown``."""
    request = pb.CreateTriggerRequest(
        store_id=scope.store_id,
        request_id=request_id,
        trigger_id=trigger_id,
        trigger=automation_pb2.Trigger(
            name=name,
            segment_id=segment_id,
            reentry_policy=_policy(reentry),
            cooldown_days=cooldown_days,
        ),
    )
    return write("AutomationService/CreateTrigger", request, pb.CreateTriggerResponse)


def trigger(scope: Scope, trigger_id: str) -> Call[pb.GetTriggerResponse]:
    """Return one trigger."""
    request = pb.GetTriggerRequest(
        store_id=scope.store_id, min_revision=scope.min_revision, trigger_id=trigger_id
    )
    return read("AutomationService/GetTrigger", request, pb.GetTriggerResponse)


def list_triggers(
    scope: Scope, *, segment_id: str = "", state: TriggerState | None = None
) -> Pages[pb.ListTriggersResponse, automation_pb2.Trigger]:
    """Yield triggers, the last updated first."""
    request = pb.ListTriggersRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        segment_id=segment_id,
        state="TRIGGER_STATE_" + (state or "unspecified").upper(),
    )
    call = read("AutomationService/ListTriggers", request, pb.ListTriggersResponse)
    return Pages(call, lambda page: page.triggers)


def update_trigger(
    scope: Scope,
    trigger_id: str,
    *,
    name: str | None = None,
    reentry: Reentry | None = None,
    cooldown_days: int = 0,
    etag: str = "",
    request_id: str = "",
) -> Call[pb.UpdateTriggerResponse]:
    """Change what is given of a trigger.

    Raises:
        ValueError: *cooldown_days* without the re-entry ``cooldown``, with which it goes.
    """
    if cooldown_days and reentry is None:
        raise ValueError("cooldown_days goes with reentry='cooldown'; give both")
    changed = automation_pb2.Trigger(
        trigger_id=trigger_id,
        name=name,
        reentry_policy=None if reentry is None else _policy(reentry),
        cooldown_days=cooldown_days,
        etag=etag,
    )
    request = pb.UpdateTriggerRequest(
        store_id=scope.store_id, request_id=request_id, trigger=changed
    )
    given = (("name", name), ("reentry_policy", reentry))
    request.update_mask.paths.extend(field for field, value in given if value is not None)
    return write("AutomationService/UpdateTrigger", request, pb.UpdateTriggerResponse)


def activate_trigger(
    scope: Scope,
    trigger_id: str,
    *,
    enter_current_members: bool = False,
    pause: Iterable[str] = (),
    method: PauseMethod = "stop_new_entries",
    etag: str = "",
    request_id: str = "",
) -> Call[pb.ActivateTriggerResponse]:
    """Start a trigger; *pause* names others that are paused for it in the same revision."""
    request = pb.ActivateTriggerRequest(
        store_id=scope.store_id,
        request_id=request_id,
        trigger_id=trigger_id,
        etag=etag,
        enter_current_members=enter_current_members,
        pause_trigger_ids=pause,
        pause_method=_method(method),
    )
    return write("AutomationService/ActivateTrigger", request, pb.ActivateTriggerResponse)


def pause_trigger(
    scope: Scope,
    trigger_id: str,
    *,
    method: PauseMethod = "stop_new_entries",
    etag: str = "",
    request_id: str = "",
) -> Call[pb.PauseTriggerResponse]:
    """Stop a trigger until it is activated again."""
    request = pb.PauseTriggerRequest(
        store_id=scope.store_id,
        request_id=request_id,
        trigger_id=trigger_id,
        etag=etag,
        method=_method(method),
    )
    return write("AutomationService/PauseTrigger", request, pb.PauseTriggerResponse)


def delete_trigger(
    scope: Scope, trigger_id: str, *, etag: str = "", request_id: str = ""
) -> Call[pb.DeleteTriggerResponse]:
    """Remove a trigger with its history and its stream."""
    request = pb.DeleteTriggerRequest(
        store_id=scope.store_id, request_id=request_id, trigger_id=trigger_id, etag=etag
    )
    return write("AutomationService/DeleteTrigger", request, pb.DeleteTriggerResponse)


def ack_entries(scope: Scope, trigger_id: str, sequence: int) -> Call[pb.AckEntriesResponse]:
    """Say that everything up to *sequence* was processed; durable when it returns."""
    request = pb.AckEntriesRequest(
        store_id=scope.store_id, trigger_id=trigger_id, sequence=sequence
    )
    return write("AutomationService/AckEntries", request, pb.AckEntriesResponse)


def set_quota(
    scope: Scope,
    channel: QuotaChannel,
    *,
    limit: int | None = None,
    used: int | None = None,
    period: QuotaPeriod | None = None,
    remove: bool = False,
    request_id: str = "",
) -> Call[pb.SetQuotaResponse]:
    """Say how many messages the store may send over a channel, how many it has sent, or both."""
    request = pb.SetQuotaRequest(
        store_id=scope.store_id,
        request_id=request_id,
        channel="CHANNEL_" + channel.upper(),
        limit=limit,
        used=used,
        period="QUOTA_PERIOD_" + (period or "unspecified").upper(),
        remove=remove,
    )
    return write("AutomationService/SetQuota", request, pb.SetQuotaResponse)


def quotas(scope: Scope) -> Call[pb.ListQuotasResponse]:
    """Return the quotas of the store."""
    request = pb.ListQuotasRequest(store_id=scope.store_id, min_revision=scope.min_revision)
    return read("AutomationService/ListQuotas", request, pb.ListQuotasResponse)


def _policy(reentry: Reentry) -> str:
    return f"REENTRY_POLICY_{reentry.upper()}"


def _method(method: PauseMethod) -> str:
    return f"PAUSE_METHOD_{method.upper()}"
