"""Cases of AutomationService and of previews, in stores with triggers."""

from __future__ import annotations

from typing import Any

from tests.contract import stock
from tests.contract.cases import Refused, Rpc, in_the_way, invalid, missing, stale, taken, too_much
from tests.contract.reflected import Json, Reflected
from tests.contract.segments import CROWDED, conditions
from tests.contract.stock import BUYERS, GERMANS

AUTOMATED = "automated"
"""A store with ten active triggers, a paused and a stopped one."""

LONG = "x" * 201
_TRIGGER = {"name": "Welcome", "segment_id": "germans"}


def automate(client: Reflected, store_id: str) -> None:
    """Make such a store."""
    stock.fill(client, store_id)

    def call(rpc: str, **fields: Any) -> None:
        client.call(f"segsvc.v1.{rpc}", {"store_id": store_id, **fields})

    ids = {f"busy-{number}": "germans" for number in range(10)}
    for trigger_id, segment_id in {**ids, "extra": "buyers", "over": "german-buyers"}.items():
        trigger = {"name": trigger_id, "segment_id": segment_id}
        call("AutomationService.CreateTrigger", trigger_id=trigger_id, trigger=trigger)
    for trigger_id in ids:
        first = {"enter_current_members": trigger_id == "busy-0"}
        call("AutomationService.ActivateTrigger", trigger_id=trigger_id, **first)
    call("SegmentService.DeleteSegment", segment_id="german-buyers", force=True)
    call("AutomationService.SetQuota", channel="CHANNEL_SMS", limit=100)


def crowd(client: Reflected) -> None:
    """Fill the crowded store with triggers."""
    for number in range(200):
        request = {"store_id": CROWDED, "trigger_id": f"t-{number}", "trigger": _TRIGGER}
        client.call("segsvc.v1.AutomationService.CreateTrigger", request)


def _at(trigger_id: str, **fields: Any) -> Json:
    return {"store_id": AUTOMATED, "trigger_id": trigger_id, **fields}


def _out_of_range(**but: Any) -> Refused:
    return Refused("OUT_OF_RANGE", "OFFSET_OUT_OF_RANGE", but, metadata=("end",))


_AUTOMATION = {
    "CreateTrigger": Rpc(
        _at("welcome", trigger=_TRIGGER),
        {"trigger": {"trigger_id": "welcome", "state": "TRIGGER_STATE_PAUSED"}},
        (
            invalid("trigger_id", trigger_id="No Id"),
            invalid("trigger.name", trigger={**_TRIGGER, "name": LONG}),
            invalid("trigger.reentry_policy", trigger={**_TRIGGER, "reentry_policy": 99}),
            invalid("trigger.cooldown_days", trigger={**_TRIGGER, "cooldown_days": 3}),
            missing("segment", trigger={**_TRIGGER, "segment_id": "nobody"}),
            taken("TRIGGER_EXISTS", trigger_id="extra"),
            too_much(store_id=CROWDED),
        ),
        other={"trigger_id": "another"},
    ),
    "GetTrigger": Rpc(
        _at("busy-0"),
        {"trigger": {"state": "TRIGGER_STATE_ACTIVE", "entry_count": "3"}},
        (missing("trigger", trigger_id="nobody"),),
    ),
    "ListTriggers": Rpc(
        {"store_id": AUTOMATED, "state": "TRIGGER_STATE_STOPPED"},
        {"triggers": [{"trigger_id": "over"}], "total_size": "1"},
        (invalid("state", state=99),),
    ),
    "UpdateTrigger": Rpc(
        {
            "store_id": AUTOMATED,
            "trigger": {"trigger_id": "extra", "name": "Another name"},
            "update_mask": "name",
        },
        {"trigger": {"trigger_id": "extra", "name": "Another name"}},
        (
            invalid("trigger.trigger_id", trigger={"name": "x"}),
            invalid("update_mask", update_mask="segmentId"),
            invalid("trigger.name", trigger={"trigger_id": "extra", "name": LONG}),
            missing("trigger", trigger={"trigger_id": "nobody", "name": "x"}),
            stale(trigger={"trigger_id": "extra", "name": "x", "etag": "0"}),
        ),
        other={"trigger": {"trigger_id": "extra", "name": "A third name"}},
    ),
    "ActivateTrigger": Rpc(
        _at("extra", pause_trigger_ids=["busy-9"]),
        {"trigger": {"state": "TRIGGER_STATE_ACTIVE"}, "paused": [{"trigger_id": "busy-9"}]},
        (
            invalid("pause_trigger_ids", pause_trigger_ids=["extra"]),
            invalid("pause_method", pause_method=99),
            missing("trigger", trigger_id="nobody"),
            missing("trigger", pause_trigger_ids=["nobody"]),
            stale(etag="0"),
            in_the_way("TRIGGER_STATE", trigger_id="busy-0"),
            in_the_way("TRIGGER_STATE", trigger_id="over"),
            in_the_way("TRIGGER_STATE", pause_trigger_ids=["over"]),
            in_the_way("TOO_MANY_ACTIVE_TRIGGERS", pause_trigger_ids=None),
        ),
        other={"pause_trigger_ids": ["busy-8"]},
    ),
    "PauseTrigger": Rpc(
        _at("busy-0"),
        {"trigger": {"state": "TRIGGER_STATE_PAUSED"}},
        (
            invalid("method", method=99),
            missing("trigger", trigger_id="nobody"),
            stale(etag="0"),
            in_the_way("TRIGGER_STATE", trigger_id="over"),
        ),
        other={"method": "PAUSE_METHOD_ALSO_STOP_IN_FLOW"},
    ),
    "DeleteTrigger": Rpc(
        _at("extra"),
        {},
        (missing("trigger", trigger_id="nobody"), stale(etag="0")),
        other={"trigger_id": "over"},
    ),
    "StreamEntries": Rpc(
        _at("busy-0"),
        {"through_sequence": "3", "entries": {"cause": "ENTRY_CAUSE_ACTIVATION"}},
        (
            invalid("after_sequence", after_sequence=-1),
            missing("trigger", trigger_id="nobody"),
            _out_of_range(after_sequence=4),
        ),
        at_most=1,
        elsewhere=frozenset({"UNAVAILABLE"}),
    ),
    "AckEntries": Rpc(
        _at("busy-0", sequence=0),
        {"position": {"last_sequence": "3", "unacknowledged_count": "3"}},
        (
            invalid("sequence", sequence=-1),
            missing("trigger", trigger_id="nobody"),
            _out_of_range(sequence=4),
        ),
    ),
    "SetQuota": Rpc(
        {"store_id": AUTOMATED, "channel": "CHANNEL_EMAIL", "limit": 10},
        {"quota": {"channel": "CHANNEL_EMAIL", "limit": "10"}},
        (
            invalid("channel", channel="CHANNEL_ANY"),
            invalid("channel", channel=99),
            invalid("limit", limit=-1),
            invalid("used", used=-1),
            invalid("limit", limit=None),
            invalid("period", period=99),
            invalid("remove", remove=True),
        ),
        other={"limit": 11},
    ),
    "ListQuotas": Rpc(
        {"store_id": AUTOMATED}, {"quotas": [{"channel": "CHANNEL_SMS", "limit": "100"}]}
    ),
}


def _of_preview(condition: Json) -> Json:
    return {"condition": condition}


CASES = {
    **{f"segsvc.v1.AutomationService.{rpc}": case for rpc, case in _AUTOMATION.items()},
    "segsvc.v1.SegmentService.PreviewSegmentUpdate": Rpc(
        {"store_id": AUTOMATED, "segment_id": "germans", "condition": GERMANS},
        {"current_size": {"contact_count": "3"}},
        (
            *conditions("condition", _of_preview),
            invalid("sample_size", sample_size=101),
            missing("segment", segment_id="nobody", condition=BUYERS),
        ),
    ),
}
