"""Cases of IngestService."""

from __future__ import annotations

from typing import Any

from tests.contract.cases import (
    SHOP,
    Refused,
    Rpc,
    in_the_way,
    invalid,
    missing,
    too_much,
)
from tests.contract.reflected import Json
from tests.contract.stock import (
    EARLIER,
    integers,
    strings,
    text,
)

LONG = "x" * 201
DAY = {"year": 2024, "month": 5, "day": 31}
VISIT = {"contact_id": "c1", "behavior": "visited", "time": EARLIER}
MANY = strings(*["c"] * 100_001)
LABEL = {"contact_id": "c1", "label": "LIFECYCLE_LABEL_LOYAL"}


def rows(*held: Json) -> Json:
    """Return the rows form."""
    return {"rows": list(held)}


def wrong_row(field: str, **but: Any) -> Refused:
    """Return a case of a wrong row."""
    return Refused("INVALID_ARGUMENT", "ROWS_INVALID", but, field, ("rejected_rows",))


def contact(**fields: Any) -> Json:
    """Return contact rows, of which the second is odd."""
    return rows({"contact_id": "c1"}, {"contact_id": "c2", **fields})


def columns(**fields: Any) -> Json:
    """Return contact columns of two rows."""
    return {"contact_ids": strings("c1", "c2"), **fields}


def tags(*held: str) -> Json:
    """Return a column of one tag for each row."""
    places = range(len(held))
    elements = {"values": strings(*held), "codes": integers("<u4", *places)}
    lists = {"offsets": integers("<u4", *places, len(held)), "elements": elements}
    return {"name": "tags", "lists": lists}


def event(**fields: Any) -> Json:
    """Return event rows, of which the second is odd."""
    return rows(VISIT, {**VISIT, **fields})


def visits(**fields: Any) -> Json:
    """Return event columns of two rows."""
    times = integers("<i8", 1_717_000_000, 1_717_000_001)
    return {
        "behavior": "visited",
        "contact_ids": strings("c1", "c2"),
        "times": times,
        **fields,
    }


_UPSERTS = (
    invalid("rows.rows", rows=rows()),
    wrong_row("rows.rows[1].contact_id", rows=contact(contact_id="")),
    wrong_row("rows.rows[1].contact_id", rows=contact(contact_id="é" * 33)),
    wrong_row('rows.rows[1].set["shoe_size"]', rows=contact(set={"shoe_size": text("9")})),
    wrong_row('rows.rows[1].set["birthday"]', rows=contact(set={"birthday": text("May")})),
    wrong_row('rows.rows[1].set["email_status"]', rows=contact(set={"email_status": text("?")})),
    wrong_row("rows.rows[1].unset[0]", rows=contact(unset=["shoe_size"])),
    wrong_row("rows.rows[1].unset[0]", rows=contact(set={"city": text("Ulm")}, unset=["city"])),
    wrong_row(
        "rows.rows[1].edits[0]",
        rows=contact(edits=[{"attribute": "tags", "add": ["VIP"], "remove": ["vip"]}]),
    ),
    wrong_row(
        "rows.rows[1].edits[1]",
        rows=contact(
            edits=[
                {"attribute": "tags", "add": ["VIP"]},
                {"attribute": "tags", "remove": ["vip"]},
            ]
        ),
    ),
    wrong_row(
        "rows.rows[1].edits[2]",
        rows=contact(
            edits=[
                {"attribute": "tags", "remove": ["straße"]},
                {"attribute": "popup_tags", "add": ["strasse"]},
                {"attribute": "tags", "add": ["STRASSE"]},
            ]
        ),
    ),
    wrong_row("rows.rows[1].edits[0].attribute", rows=contact(edits=[{"attribute": "city"}])),
    wrong_row(
        "rows.rows[1].edits[0].add", rows=contact(edits=[{"attribute": "tags", "add": [""]}])
    ),
    invalid("columns.contact_ids.offsets", rows=None, columns={"contact_ids": {"utf8": "YQ=="}}),
    invalid("columns.contact_ids", rows=None, columns={}),
    wrong_row("columns[1].contact_id", rows=None, columns={"contact_ids": strings("c1", "")}),
    invalid("columns.values[0].name", rows=None, columns=columns(values=[{"name": "shoe_size"}])),
    invalid(
        "columns.values[0]",
        rows=None,
        columns=columns(values=[{"name": "city", "strings": strings("Ulm")}]),
    ),
    invalid(
        "columns.values[0].strings",
        rows=None,
        columns=columns(values=[{"name": "is_member", "strings": strings("a", "b")}]),
    ),
    wrong_row(
        'columns[1].set["birthday"]',
        rows=None,
        columns=columns(
            values=[{"name": "birthday", "dates": integers("<i4", 19900228, 19900230)}]
        ),
    ),
    wrong_row(
        'columns[0].set["city"]',
        rows=None,
        columns=columns(
            values=[
                {
                    "name": "city",
                    "rows": integers("<u4", 0),
                    "unset_rows": integers("<u4", 0, 1),
                    "strings": strings("Ulm"),
                }
            ]
        ),
    ),
    wrong_row(
        'columns[1].remove["tags"]',
        rows=None,
        columns=columns(add=[tags("new", "VIP")], remove=[tags("old", "vip")]),
    ),
    invalid("on_invalid", on_invalid=99),
    too_much(rows=None, columns={"contact_ids": MANY}),
)
_RECORDS = (
    invalid("rows.rows", rows=rows()),
    wrong_row("rows.rows[1].contact_id", rows=event(contact_id="")),
    wrong_row("rows.rows[1].behavior", rows=event(behavior="danced")),
    wrong_row("rows.rows[1].time", rows=event(time=None)),
    wrong_row("rows.rows[1].time", rows=event(time="1969-12-31T23:59:59Z")),
    wrong_row("rows.rows[1].time", rows=event(time="2106-01-01T00:00:00Z")),
    wrong_row("rows.rows[1].time", rows=event(time="2024-06-01T12:05:01Z")),
    wrong_row("rows.rows[1].event_id", rows=event(event_id="x" * 65)),
    wrong_row('rows.rows[1].properties["mood"]', rows=event(properties={"mood": text("good")})),
    wrong_row(
        'rows.rows[1].properties["value"]',
        rows=event(behavior="order_placed", properties={"value": text("19.90")}),
    ),
    wrong_row(
        "rows.rows[1].contact_id",
        rows=event(contact_id="stranger"),
        on_unknown_contact="ON_UNKNOWN_CONTACT_REFUSE",
    ),
    invalid("columns.behavior", rows=None, columns=visits(behavior="danced")),
    invalid("columns.times", rows=None, columns=visits(times=integers("<i8", 1))),
    invalid("columns.properties[0].name", rows=None, columns=visits(properties=[{"name": "url"}])),
    wrong_row("columns[1].time", rows=None, columns=visits(times=integers("<i8", 0, 2**40))),
    wrong_row("columns[0].time", rows=None, columns=visits(times=integers("<i8", -1, 5))),
    wrong_row("columns[1].event_id", rows=None, columns=visits(event_ids=strings("", "x" * 65))),
    wrong_row(
        'columns[0].properties["url"]',
        rows=None,
        columns=visits(
            behavior="page_viewed",
            properties=[{"name": "url", "strings": strings("/" * 4_097, "/")}],
        ),
    ),
    invalid("on_invalid", on_invalid=99),
    invalid("on_unknown_contact", on_unknown_contact=99),
    too_much(
        rows=None,
        columns=visits(contact_ids=MANY, times=integers("<i8", *[0] * 100_001)),
    ),
)


def _stream(chunk: Json) -> list[Json]:
    return [
        {"sequence": 7, "chunk": {**chunk, "request_id": "chunk-7"}},
        {"sequence": 8, "chunk": {**chunk, "request_id": "chunk-8"}},
    ]


def too_much_chunk(cases: tuple[Refused, ...]) -> Refused:
    """Return the last case as that of the first chunk of a stream."""
    return _in_chunk(cases[-1:])[0]


def _in_chunk(cases: tuple[Refused, ...]) -> tuple[Refused, ...]:
    """Return the cases as those of the first chunk of a stream."""
    return tuple(
        Refused(
            held.code,
            held.reason,
            held.but,
            held.field and f"chunk.{held.field}",
            (*held.metadata, "sequence"),
        )
        for held in cases[::4]
    )


_UPSERT = {"store_id": SHOP, "rows": contact(set={"city": text("Ulm")})}
_RECORD = {"store_id": SHOP, "rows": event(contact_id="c6")}
_MERGE = {"from_contact_id": "c1", "into_contact_id": "c2"}
_INGEST = {
    "UpsertContacts": Rpc(
        _UPSERT,
        {"accepted_rows": "2", "revision": "9"},
        _UPSERTS,
        other={"rows": rows({"contact_id": "c9"})},
    ),
    "RecordEvents": Rpc(
        _RECORD,
        {"accepted_rows": "2", "created_contacts": "1"},
        _RECORDS,
        other={"rows": rows(VISIT)},
    ),
    "DeleteContacts": Rpc(
        {"store_id": SHOP, "contact_ids": ["c1", "nobody"]},
        {"deleted_contacts": "1", "unknown_contact_ids": "1"},
        (
            invalid("contact_ids", contact_ids=[]),
            invalid("contact_ids[1]", contact_ids=["c1", "x" * 65]),
            too_much(contact_ids=["c"] * 100_001),
        ),
        other={"contact_ids": ["c2"]},
    ),
    "MergeContacts": Rpc(
        {"store_id": SHOP, "merges": [_MERGE]},
        {"merged_contacts": "1"},
        (
            invalid("merges", merges=[]),
            invalid("merges[0].into_contact_id", merges=[{"from_contact_id": "c1"}]),
            invalid(
                "merges[1].into_contact_id",
                merges=[_MERGE, {"from_contact_id": "c3", "into_contact_id": "c3"}],
            ),
            missing("contact", merges=[{**_MERGE, "from_contact_id": "nobody"}]),
            too_much(merges=[_MERGE] * 1_001),
        ),
        other={"merges": [{**_MERGE, "into_contact_id": "c3"}]},
    ),
    "SetLifecycleLabels": Rpc(
        {"store_id": SHOP, "as_of_date": DAY, "rows": rows(LABEL)},
        {"accepted_rows": "1"},
        (
            invalid("as_of_date", as_of_date={"month": 5, "day": 31}),
            invalid("as_of_date", as_of_date={"year": 2024, "month": 6, "day": 31}),
            invalid("as_of_date", as_of_date={"year": 2024, "month": 6, "day": 2}),
            wrong_row("rows.rows[1].contact_id", rows=rows(LABEL, {"contact_id": "nobody"})),
            wrong_row("rows.rows[0].label", rows=rows({"contact_id": "c1", "label": 77})),
            wrong_row(
                "columns[1].label",
                rows=None,
                columns={"contact_ids": strings("c1", "c2"), "labels": integers("u1", 1, 77)},
            ),
            wrong_row(
                "columns[1].contact_id",
                rows=None,
                columns={"contact_ids": strings("c1", "who"), "labels": integers("u1", 1, 1)},
            ),
            invalid(
                "columns.labels",
                rows=None,
                columns={"contact_ids": strings("c1", "c2"), "labels": integers("u1", 1)},
            ),
            invalid("on_invalid", on_invalid=99),
            in_the_way("LIFECYCLE_BATCH_STALE", "applied", store_id="labelled"),
            too_much(rows=None, columns={"contact_ids": MANY}),
        ),
        other={"clear_others": True},
    ),
    "ImportContacts": Rpc(
        _stream(_UPSERT), {"sequence": "8"}, (*_in_chunk(_UPSERTS), too_much_chunk(_UPSERTS))
    ),
    "ImportEvents": Rpc(
        _stream(_RECORD), {"sequence": "8"}, (*_in_chunk(_RECORDS), too_much_chunk(_RECORDS))
    ),
}

CASES = {f"segsvc.v1.IngestService.{rpc}": case for rpc, case in _INGEST.items()}
