"""Cases of SegmentService."""

from __future__ import annotations

from typing import Any

from tests.contract.administration import FULL
from tests.contract.cases import (
    SHOP,
    Refused,
    Rpc,
    in_the_way,
    invalid,
    missing,
    stale,
    taken,
    too_much,
    wrong_condition,
)
from tests.contract.reflected import Json
from tests.contract.stock import (
    BUYERS,
    EARLIER,
    GERMANS,
    NOBODY_KNOWS,
    in_segment,
    text,
)

LONG = "x" * 201
CROWDED = "crowded"
"""A store in which a segment reads another too often to be written out."""
SUGGESTED = {"store_id": SHOP, "suggestion_id": "high_spenders_of_country"}
_DEFINED = {"name": "Germans again", "condition": GERMANS}
_NAMED = (
    invalid("segment.name", segment={**_DEFINED, "name": "  "}),
    invalid("segment.name", segment={**_DEFINED, "name": LONG}),
    invalid("segment.description", segment={**_DEFINED, "description": "x" * 2_001}),
)


def conditions(path: str, wrap: Any) -> tuple[Refused, ...]:
    """Return cases of conditions with errors; *wrap* puts one where the rpc takes it."""
    deep, hidden = GERMANS, NOBODY_KNOWS
    for _ in range(16):
        deep = {"not": {"child": deep}}
    for _ in range(15):
        hidden = {"all_of": {"children": [GERMANS, hidden]}}
    many = {"text": {"attribute": "city", "test": {"operator": 3, "values": ["x" * 70] * 1_000}}}
    return (
        wrong_condition(f"{path}.text.attribute", **wrap(NOBODY_KNOWS)),
        wrong_condition(path, **wrap({})),
        wrong_condition(f"{path}.all_of.children", **wrap({"all_of": {}})),
        wrong_condition(
            f"{path}.all_of.children[1].segment.segment_id",
            **wrap({"all_of": {"children": [BUYERS, in_segment("nobody")]}}),
        ),
        wrong_condition(
            f"{path}.any_of.children[0].not.child.behavior.window.in_the_last.unit",
            **wrap(
                {
                    "any_of": {
                        "children": [
                            {
                                "not": {
                                    "child": {
                                        "behavior": {
                                            "behavior": "visited",
                                            "window": {"in_the_last": {"amount": 1}},
                                        }
                                    }
                                }
                            }
                        ]
                    }
                }
            ),
        ),
        wrong_condition(path + ".not.child" * 16, **wrap(deep)),
        wrong_condition(path + ".all_of.children[1]" * 15 + ".text.attribute", **wrap(hidden)),
        wrong_condition(path, **wrap(many)),
    )


def _of_segment(condition: Json) -> Json:
    return {"segment": {**_DEFINED, "condition": condition}}


def _of_update(condition: Json) -> Json:
    return {
        "segment": {"segment_id": "germans", "condition": condition},
        "update_mask": "condition",
    }


_SEGMENTS = {
    "CreateSegment": Rpc(
        {"store_id": SHOP, "segment_id": "again", "segment": _DEFINED},
        {
            "segment": {
                "segment_id": "again",
                "name": "Germans again",
                "condition": GERMANS,
                "condition_text": 'country is "Germany"',
                "size": {"contact_count": "3", "email_reachable_count": "3"},
            }
        },
        (
            *_NAMED,
            *conditions("segment.condition", _of_segment),
            invalid("segment_id", segment_id="Not An Id"),
            taken("SEGMENT_EXISTS", segment_id="germans"),
            taken("SEGMENT_NAME_TAKEN", segment={**_DEFINED, "name": " GERMANS "}),
            too_much(store_id=FULL),
        ),
        other={"segment_id": "anew", "segment": {"name": "Buyers, too", "condition": BUYERS}},
    ),
    "GetSegment": Rpc(
        {"store_id": SHOP, "segment_id": "germans"},
        {"segment": {"segment_id": "germans", "used_by_segment_ids": ["german-buyers"]}},
        (missing("segment", segment_id="nobody"), invalid("view", view=99)),
    ),
    "ListSegments": Rpc(
        {"store_id": SHOP, "order_by": "name", "name_contains": "GERMAN"},
        {"segments": [{"segment_id": "german-buyers"}, {"segment_id": "germans"}]},
        (
            invalid("order_by", order_by="colour"),
            invalid("order_by", order_by="name up"),
            invalid("view", view=99),
        ),
    ),
    "UpdateSegment": Rpc(
        {
            "store_id": SHOP,
            "segment": {"segment_id": "germans", "condition": BUYERS, "name": "Buyers, too"},
            "update_mask": "condition,name",
        },
        {"segment": {"name": "Buyers, too", "condition": BUYERS}, "revision": "9"},
        (
            invalid("segment.segment_id", segment={"name": "x"}),
            invalid("update_mask", update_mask="segmentId"),
            invalid("trigger_on_update", trigger_on_update=99),
            *conditions("segment.condition", _of_update),
            wrong_condition(
                "segment.condition.not.child.segment.segment_id",
                **_of_update({"not": {"child": in_segment("german-buyers")}}),
            ),
            missing("segment", segment={"segment_id": "nobody"}, update_mask="description"),
            taken(
                "SEGMENT_NAME_TAKEN",
                segment={"segment_id": "germans", "name": "Buyers"},
                update_mask="name",
            ),
            stale(segment={"segment_id": "germans", "etag": "1"}, update_mask="description"),
        ),
        other={"update_mask": "name"},
    ),
    "DeleteSegment": Rpc(
        {"store_id": SHOP, "segment_id": "germans", "force": True},
        {"inlined_segment_ids": ["german-buyers"]},
        (
            missing("segment", segment_id="nobody"),
            stale(etag="1"),
            in_the_way("SEGMENT_IN_USE", force=None),
            too_much(store_id=CROWDED),
        ),
        other={"segment_id": "buyers"},
    ),
    "CopySegment": Rpc(
        {"store_id": SHOP, "segment_id": "germans", "new_segment_id": "copy"},
        {"segment": {"segment_id": "copy", "name": "Copy of germans", "condition": GERMANS}},
        (
            invalid("new_segment_id", new_segment_id="?"),
            invalid("name", name=LONG),
            missing("segment", segment_id="nobody"),
            taken("SEGMENT_EXISTS", new_segment_id="buyers"),
            taken("SEGMENT_NAME_TAKEN", name="BUYERS"),
            too_much(store_id=FULL, segment_id="s-1"),
        ),
        other={"new_segment_id": "another", "name": "Another"},
    ),
    "ListSuggestions": Rpc({"store_id": SHOP}, {}),
    "CreateSegmentFromSuggestion": Rpc(
        {**SUGGESTED, "parameters": {"country": text("Germany")}, "segment_id": "spenders"},
        {"segment": {"segment_id": "spenders", "source_suggestion_id": "high_spenders_of_country"}},
        (
            invalid('parameters["city"]', parameters={"city": text("Ulm")}),
            invalid('parameters["country"]', parameters={"country": text("")}),
            invalid('parameters["country"]', parameters={"country": {"boolean": True}}),
            invalid("segment_id", segment_id="?"),
            invalid("name", name=LONG),
            invalid("description", description="x" * 2_001),
            missing("suggestion", suggestion_id="nothing"),
            taken("SEGMENT_EXISTS", segment_id="germans"),
            taken("SEGMENT_NAME_TAKEN", name="Germans"),
            too_much(store_id=FULL),
        ),
        other={"segment_id": "another", "name": "Another"},
    ),
    "CheckCondition": Rpc(
        {"store_id": SHOP, "text": 'country is "Germany" and hat_size is set'},
        {"errors": [{"reason": "CONDITION_PROBLEM_REASON_ATTRIBUTE_UNKNOWN"}]},
        (missing("segment", segment_id="nobody"),),
    ),
    "GetSegmentHistory": Rpc(
        {"store_id": SHOP, "segment_id": "germans"},
        {"points": [{"contact_count": "3", "entered_count": "3"}]},
        (
            invalid("interval", interval=99),
            invalid("start_time", start_time=EARLIER, end_time=EARLIER),
            missing("segment", segment_id="nobody"),
        ),
    ),
}

CASES = {f"segsvc.v1.SegmentService.{rpc}": case for rpc, case in _SEGMENTS.items()}
