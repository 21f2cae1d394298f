"""Cases of StoreService, SchemaService, WatchService and AdminService."""

from __future__ import annotations

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
)
from tests.contract.stock import NOW, PAST

LONG = "x" * 201
FULL = "full"
"""A store that holds as much as it may."""
OLD = "old"
"""A store whose first revisions are compacted."""

_STORES = {
    "CreateStore": Rpc(
        {"store_id": "created", "time_zone": "Europe/Berlin"},
        {"store": {"store_id": "created", "display_name": "created", "revision": "1"}},
        (
            invalid("store_id", store_id="No Such Form"),
            invalid("time_zone", store_id="b", time_zone="Europe/Atlantis"),
            invalid("display_name", store_id="b", display_name=LONG),
            invalid("week_start", store_id="b", week_start=8),
            taken("STORE_EXISTS", store_id=SHOP),
        ),
        other={"display_name": "Another"},
    ),
    "GetStore": Rpc({"store_id": SHOP}, {"store": {"store_id": SHOP, "contact_count": "5"}}),
    "ListStores": Rpc({}, {}),
    "UpdateStore": Rpc(
        {
            "store_id": SHOP,
            "store": {"time_zone": "Europe/Berlin"},
            "update_mask": "timeZone",
        },
        {"store": {"time_zone": "Europe/Berlin"}},
        (
            invalid("update_mask", update_mask="createTime"),
            invalid("store.time_zone", store={"time_zone": "Mars"}),
            invalid("store.display_name", update_mask="displayName", store={"display_name": LONG}),
            invalid("store.week_start", update_mask="weekStart", store={"week_start": 99}),
            invalid("store.store_id", store={"store_id": "another"}),
            stale(store={"time_zone": "UTC", "etag": "0"}),
        ),
        other={"store": {"time_zone": "Europe/Paris"}},
    ),
    "DeleteStore": Rpc({"store_id": SHOP}, {"deleted_contacts": "5"}, (stale(etag="0"),)),
}
_SHOE_SIZE = {"name": "shoe_size", "type": "ATTRIBUTE_TYPE_NUMBER", "scale": 1}
_SCORE = {"name": "score", "type": "ATTRIBUTE_TYPE_NUMBER", "scale": 2}
_LEVEL = {"name": "level", "type": "PROPERTY_TYPE_NUMBER"}
_QUIZ = {"name": "quiz_taken", "filter_type": "FILTER_TYPE_OTHERS", "properties": [_LEVEL]}
_SCHEMA = {
    "DefineAttribute": Rpc(
        {"store_id": SHOP, "attribute": _SHOE_SIZE},
        {"attribute": {**_SHOE_SIZE, "filter_type": "FILTER_TYPE_OTHERS"}},
        (
            invalid("attribute.name", attribute={**_SHOE_SIZE, "name": "Shoe Size"}),
            invalid("attribute.type", attribute={"name": "shoe_size"}),
            invalid("attribute.type", attribute={**_SHOE_SIZE, "type": 99}),
            invalid("attribute.scale", attribute={**_SHOE_SIZE, "scale": 10}),
            invalid("attribute.scale", attribute={**_SHOE_SIZE, "type": "ATTRIBUTE_TYPE_TEXT"}),
            invalid("attribute.title", attribute={**_SHOE_SIZE, "title": LONG}),
            invalid("attribute.description", attribute={**_SHOE_SIZE, "description": "x" * 1_001}),
            invalid("attribute.filter_type", attribute={**_SHOE_SIZE, "filter_type": 99}),
            in_the_way(
                "SCHEMA_CONFLICT", attribute={"name": "score", "type": "ATTRIBUTE_TYPE_TEXT"}
            ),
            in_the_way("SCHEMA_CONFLICT", attribute={**_SCORE, "scale": 3}),
            in_the_way(
                "SCHEMA_CONFLICT",
                attribute={**_SCORE, "filter_type": "FILTER_TYPE_CONSUMER_BEHAVIOR"},
            ),
            in_the_way(
                "SCHEMA_CONFLICT",
                attribute={"name": "country", "type": "ATTRIBUTE_TYPE_TEXT", "title": "Land"},
            ),
            too_much(store_id=FULL),
        ),
        other={"attribute": {**_SHOE_SIZE, "title": "Size of shoes"}},
    ),
    "ListAttributes": Rpc(
        {"store_id": SHOP, "filter_type": "FILTER_TYPE_MEMBERSHIP"},
        {"attributes": [{"name": "is_member"}]},
        (invalid("filter_type", filter_type=99),),
    ),
    "DefineBehavior": Rpc(
        {"store_id": SHOP, "behavior": {"name": "bell_rung", "properties": [_LEVEL]}},
        {"behavior": {"name": "bell_rung", "filter_type": "FILTER_TYPE_OTHERS"}},
        (
            invalid("behavior.name", behavior={"name": "1"}),
            invalid("behavior.title", behavior={"name": "bell_rung", "title": LONG}),
            invalid("behavior.description", behavior={"name": "bell", "description": "x" * 1_001}),
            invalid("behavior.properties", behavior={**_QUIZ, "properties": [_LEVEL, _LEVEL]}),
            invalid(
                "behavior.properties[0].type", behavior={**_QUIZ, "properties": [{"name": "a"}]}
            ),
            invalid(
                "behavior.properties[1].scale",
                behavior={**_QUIZ, "properties": [_LEVEL, {**_LEVEL, "name": "b", "scale": 10}]},
            ),
            in_the_way(
                "SCHEMA_CONFLICT", behavior={**_QUIZ, "filter_type": "FILTER_TYPE_MEMBERSHIP"}
            ),
            in_the_way(
                "SCHEMA_CONFLICT", behavior={**_QUIZ, "properties": [{**_LEVEL, "scale": 0}]}
            ),
            in_the_way("SCHEMA_CONFLICT", behavior={"name": "order_placed", "title": "Kauf"}),
            too_much(
                behavior={
                    "name": "order_placed",
                    "properties": [{**_LEVEL, "name": f"level_{n}"} for n in range(30)],
                }
            ),
            too_much(store_id=FULL),
        ),
        other={"behavior": {"name": "bell_rung", "title": "Rang the bell"}},
    ),
    "ListBehaviors": Rpc(
        {"store_id": SHOP, "filter_type": "FILTER_TYPE_CONSUMER_BEHAVIOR"},
        {"behaviors": [{"name": "order_cancelled"}, {"name": "order_placed", "event_count": "3"}]},
        (invalid("filter_type", filter_type=-1),),
    ),
    "ListFilters": Rpc(
        {"store_id": SHOP, "filter_type": "FILTER_TYPE_PROPERTIES"},
        {"groups": [{"filter_type": "FILTER_TYPE_PROPERTIES"}]},
        (invalid("filter_type", filter_type=99), invalid("suggestion_limit", suggestion_limit=101)),
    ),
    "SuggestValues": Rpc(
        {"store_id": SHOP, "source": {"attribute": "country"}, "prefix": "g"},
        {"suggestions": [{"value": "Germany", "contact_count": "3"}], "total_size": "1"},
        (
            invalid("source.attribute", source={"attribute": "birthday"}),
            invalid(
                "source.property",
                source={"property": {"behavior": "order_placed", "property": "value"}},
            ),
            invalid("page_size", page_size=101),
            missing("attribute", source={"attribute": "hat_size"}),
            missing("behavior", source={"property": {"behavior": "danced", "property": "value"}}),
            missing(
                "behavior", source={"property": {"behavior": "order_placed", "property": "mood"}}
            ),
        ),
    ),
}
_WATCH = {
    "Watch": Rpc(
        {"store_id": SHOP, "initial_snapshot": "INITIAL_SNAPSHOT_MEMBERS"},
        {"snapshot": {"segment_id": "germans"}},
        (
            invalid("format", format=99),
            invalid("initial_snapshot", initial_snapshot=99),
            invalid("segment_ids", segment_ids=[f"s{n}" for n in range(1_001)]),
            missing("segment", segment_ids=["germans", "nobody"]),
            Refused(
                "INVALID_ARGUMENT",
                "RESUME_TOKEN_INVALID",
                {"resume_token": "bm90IGEgdG9rZW4="},
                "resume_token",
            ),
        ),
        at_most=1,
        elsewhere=frozenset({"OUT_OF_RANGE"}),
    ),
    "ListPastMembers": Rpc(
        {"store_id": OLD, "segment_id": "germans", "revision": 12},
        {"contact_ids": ["c1", "c2", "c3", "c9"], "total_size": "4"},
        (
            invalid("revision", revision=-1),
            invalid("revision", revision=10**9),
            missing("segment", segment_id="nobody"),
            Refused(
                "OUT_OF_RANGE",
                "REVISION_COMPACTED",
                {"revision": 2},
                metadata=("oldest", "current"),
            ),
        ),
    ),
}
_ADMIN = {
    "RotateWatchKeys": Rpc({}, {"valid_keys": 2}),
    "GetServerInfo": Rpc({}, {"clock": "CLOCK_KIND_REPLAY"}),
    "GetStats": Rpc({"store_id": SHOP}, {"contact_count": "5", "segment_count": "3"}),
    "CreateSnapshot": Rpc({"store_id": SHOP}, {"revision": "8"}),
    "AdvanceTime": Rpc(
        {"store_id": SHOP, "to": NOW},
        {"at": NOW},
        (Refused("INVALID_ARGUMENT", "TIME_IN_THE_PAST", {"to": PAST}, "to", metadata=("at",)),),
        elsewhere=frozenset({"FAILED_PRECONDITION"}),
    ),
}
SUSPECT = {
    "ConfirmClock": Rpc({}, {}, elsewhere=frozenset({"FAILED_PRECONDITION"})),
}
"""Cases that need a server of their own."""

CASES = {
    f"segsvc.v1.{service}.{rpc}": case
    for service, cases in (
        ("StoreService", _STORES),
        ("SchemaService", _SCHEMA),
        ("WatchService", _WATCH),
        ("AdminService", _ADMIN),
    )
    for rpc, case in cases.items()
}
