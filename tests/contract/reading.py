"""Cases of EvaluationService."""

from __future__ import annotations

from typing import Any

from tests.contract.cases import (
    SHOP,
    Refused,
    Rpc,
    invalid,
    missing,
    too_much,
)
from tests.contract.reflected import Json
from tests.contract.segments import conditions
from tests.contract.stock import BUYERS, GERMANS, PAST

_PAST = Refused("INVALID_ARGUMENT", "TIME_IN_THE_PAST", {"as_of": PAST}, "as_of", ("at",))
_BOTH = {"all_of": {"children": [GERMANS, BUYERS]}}
_SPEC = {"include_segment_ids": ["germans"], "channel": "CHANNEL_EMAIL"}
_RESOLVED = {"resolution_id": "nothing", "offset": 0}


def _of_target(condition: Json) -> Json:
    return {"target": {"condition": condition}}


def _alone(condition: Json) -> Json:
    return {"condition": condition}


def _listed(condition: Json) -> Json:
    return {"targets": [{"segment_id": "germans"}, {"condition": condition}]}


_TARGETS = (
    *conditions("target.condition", _of_target),
    invalid("target", target={}),
    invalid("target.segments.include", target={"segments": {"exclude": ["germans"]}}),
    invalid(
        "target.segments.include",
        target={"segments": {"include": [f"s-{n}" for n in range(101)]}},
    ),
    invalid(
        "target.segments.include_operator",
        target={"segments": {"include": ["germans"], "include_operator": 99}},
    ),
    missing("segment", target={"segment_id": "nobody"}),
    missing("segment", target={"segments": {"include": ["germans"], "exclude": ["nobody"]}}),
)
_ATTRIBUTES = (
    invalid("attributes[1]", attributes=["city", "shoe_size"]),
    invalid("attributes", attributes=["city"] * 51),
)


def _spec(**fields: Any) -> Json:
    return {"spec": {**_SPEC, **fields}}


def _percent(number: float) -> Json:
    return {"number": number}


_EVALUATION = {
    "Count": Rpc(
        {"store_id": SHOP, "target": {"condition": _BOTH}, "with_reachable": True},
        {"contact_count": "3", "universe_count": "5", "size": {"email_reachable_count": "3"}},
        (*_TARGETS, _PAST),
    ),
    "ExplainCondition": Rpc(
        {"store_id": SHOP, "condition": _BOTH},
        {"contact_count": "3", "nodes": [{"path": "condition", "contact_count": "3"}]},
        (
            *conditions("condition", _alone),
            _PAST,
            missing("segment", condition=None, segment_id="nobody"),
        ),
    ),
    "CountOperands": Rpc(
        {"store_id": SHOP, "condition": _BOTH},
        {"contact_count": "3", "operands": [{"contact_count": "3"}, {"position": 1}]},
        (*conditions("condition", _alone), _PAST, invalid("condition", condition=GERMANS)),
    ),
    "ExplainContact": Rpc(
        {"store_id": SHOP, "contact_id": "c4", "condition": _BOTH},
        {"contact_id": "c4", "nodes": [{"path": "condition"}]},
        (
            *conditions("condition", _alone),
            _PAST,
            invalid("contact_id", contact_id="x" * 65),
            missing("contact", contact_id="nobody"),
            missing("segment", condition=None, segment_id="nobody"),
        ),
    ),
    "ListMembers": Rpc(
        {"store_id": SHOP, "target": {"segment_id": "germans"}, "attributes": ["country"]},
        {"members": [{"contact_id": "c1", "attributes": {"country": {"text": "Germany"}}}]},
        (*_TARGETS, *_ATTRIBUTES, _PAST),
        elsewhere=frozenset({"OUT_OF_RANGE"}),
    ),
    "StreamMembers": Rpc(
        {"store_id": SHOP, "target": {"segments": {"include": ["germans", "buyers"]}}},
        {"batch": {"contact_ids": {}}},
        (
            *_TARGETS,
            *_ATTRIBUTES,
            _PAST,
            invalid("format", format=99),
            invalid("attributes", attributes=["city"], format="MEMBER_FORMAT_ROARING"),
        ),
        elsewhere=frozenset({"OUT_OF_RANGE"}),
    ),
    "GetContact": Rpc(
        {"store_id": SHOP, "contact_id": "c1"},
        {"contact": {"contact_id": "c1", "behaviors": [{"behavior": "order_placed"}]}},
        (
            invalid("contact_id", contact_id="x" * 65),
            invalid("event_limit", event_limit=1_001),
            invalid("behaviors[0]", behaviors=["danced"]),
            missing("contact", contact_id="nobody"),
        ),
    ),
    "CheckMembership": Rpc(
        {"store_id": SHOP, "contact_ids": ["c4", "nobody"], "segment_ids": ["buyers"]},
        {"memberships": [{"contact_id": "c4", "known": True}, {"contact_id": "nobody"}]},
        (
            invalid("contact_ids", contact_ids=[]),
            invalid("contact_ids[1]", contact_ids=["c1", ""]),
            missing("segment", segment_ids=["nobody"]),
            too_much(contact_ids=["c"] * 10_001),
            too_much(segment_ids=["buyers"] * 101),
        ),
    ),
    "ComputeOverlap": Rpc(
        {"store_id": SHOP, "targets": [{"segment_id": "germans"}, {"condition": BUYERS}]},
        {"union_count": "3", "intersection_count": "3"},
        (
            *conditions("targets[1].condition", _listed),
            invalid("targets", targets=[]),
            invalid("targets", targets=[{"segment_id": "germans"}] * 21),
            missing("segment", targets=[{"segment_id": "nobody"}]),
            _PAST,
        ),
    ),
    "GetSegmentMetrics": Rpc(
        {"store_id": SHOP, "target": {"segment_id": "germans"}},
        {"contact_count": "3", "total": {"orders": {"order_count": "3"}}},
        (
            *_TARGETS,
            invalid("start_date", start_date={"year": 2024, "month": 6, "day": 2}),
            invalid("start_date", start_date={"year": 2022, "month": 5, "day": 31}),
            invalid("start_date", start_date={"month": 6, "day": 2}),
            invalid("end_date", end_date={"year": 2024, "month": 13, "day": 2}),
        ),
    ),
    "ResolveRecipients": Rpc(
        {"store_id": SHOP, "spec": _SPEC},
        {"trailer": {"sent_count": "3"}},
        (
            invalid("spec.include_segment_ids", spec={"channel": "CHANNEL_EMAIL"}),
            invalid("spec.channel", **_spec(channel=None)),
            invalid("spec.channel", **_spec(channel=99)),
            invalid("spec.cap", **_spec(cap=-1)),
            invalid("spec.cap_salt", **_spec(cap_salt="x" * 65)),
            invalid(
                "spec.split.to_percent",
                **_spec(split={"from_percent": _percent(50), "to_percent": _percent(50)}),
            ),
            invalid(
                "spec.split.from_percent",
                **_spec(split={"from_percent": _percent(-1), "to_percent": _percent(50)}),
            ),
            invalid("format", format=99),
            invalid("attributes[0]", attributes=["shoe_size"]),
            invalid("request_id", spec=None, resume=_RESOLVED, request_id="r"),
            invalid("resume.offset", spec=None, resume={**_RESOLVED, "offset": -1}),
            missing("segment", **_spec(exclude_segment_ids=["nobody"])),
            missing("resolution", spec=None, resume=_RESOLVED),
        ),
        other=_spec(cap=1),
        elsewhere=frozenset({"OUT_OF_RANGE"}),
    ),
    "ExportOrdinals": Rpc({"store_id": SHOP}, {"ordinal_epoch": "1"}),
}

CASES = {f"segsvc.v1.EvaluationService.{rpc}": case for rpc, case in _EVALUATION.items()}
