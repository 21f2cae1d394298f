"""Refusals that need more than one request: streams, limits of the wire, other servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest

from segsvc.v1 import segment_service_pb2, watch_service_pb2
from tests.contract import administration, stock
from tests.contract.cases import SHOP
from tests.contract.conftest import Contract
from tests.contract.reflected import Json, Reflected, Refusal
from tests.contract.reflected import refusal as read_refusal
from tests.serving import serving

MAX_TRAILER_BYTES = 4_096


def refusal(client: Reflected, rpc: str, request: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        client.answers(f"segsvc.v1.{rpc}", request, at_most=5)
    return refused.value


def rows(count: int, name: str = "c") -> list[Json]:
    wrong = {f"attribute_{n}_{'é' * 40}": stock.text("x") for n in range(3)}
    return [{"contact_id": f"{name}{n}", "set": wrong} for n in range(count)]


def test_many_violations_are_counted_and_cut_to_four_kib(contract: Contract) -> None:
    request = {"store_id": SHOP, "rows": {"rows": rows(1_000)}}
    told = refusal(contract.client, "IngestService.UpsertContacts", request)
    assert told.trailer_bytes < MAX_TRAILER_BYTES
    assert 3 <= len(told.fields) < 100
    assert told.metadata["rejected_rows"] == "1000"
    assert int(told.metadata["violations_total"]) == 1_000


@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀", "\n", '"'])
@pytest.mark.parametrize("length", [10, 300, 3_000])
def test_long_names_of_any_letters_fit_the_trailers(
    contract: Contract, letter: str, length: int
) -> None:
    name = letter * length
    for rpc, request, code in (
        ("SegmentService.GetSegment", {"segment_id": name}, "NOT_FOUND"),
        ("SegmentService.CreateSegmentFromSuggestion", {"suggestion_id": name}, "NOT_FOUND"),
        ("SegmentService.UpdateSegment", {"segment": {"segment_id": "germans", "etag": name}}, ""),
        ("EvaluationService.ListMembers", {"attributes": [name] * 50}, ""),
        ("SchemaService.SuggestValues", {"source": {"attribute": name}}, "NOT_FOUND"),
        ("SchemaService.DefineAttribute", {"attribute": {"name": name}}, "INVALID_ARGUMENT"),
    ):
        if "etag" in str(request):
            request["update_mask"] = "description"
        told = refusal(contract.client, rpc, {"store_id": SHOP, **request})
        assert told.trailer_bytes < MAX_TRAILER_BYTES
        assert told.code == code or not code
        assert told.details


def test_every_dependant_is_named_as_far_as_there_is_room(contract: Contract) -> None:
    store_id, client = contract.fresh(), contract.client
    for number in range(60):
        segment = {"name": f"{number} {'漢' * 150}", "condition": stock.in_segment("buyers")}
        request = {"store_id": store_id, "segment": segment}
        client.call("segsvc.v1.SegmentService.CreateSegment", request)
    told = refusal(
        client, "SegmentService.DeleteSegment", {"store_id": store_id, "segment_id": "buyers"}
    )
    assert told.reason == "SEGMENT_IN_USE"
    assert told.metadata["violations_total"] == "60"
    assert told.trailer_bytes < MAX_TRAILER_BYTES


def test_a_message_above_four_mib_is_refused(contract: Contract) -> None:
    contact = {"contact_id": "c1", "set": {"city": stock.text("x" * 4_000)}}
    request = {"store_id": SHOP, "rows": {"rows": [contact] * 1_100}}
    told = refusal(contract.client, "IngestService.UpsertContacts", request)
    assert told.code == "RESOURCE_EXHAUSTED"


def test_a_condition_nested_beyond_what_protobuf_reads_is_a_wrong_argument(
    contract: Contract,
) -> None:
    request = segment_service_pb2.CheckConditionRequest(store_id=SHOP)
    node = request.condition
    for _ in range(400):
        node = getattr(node, "not").child
    node.segment.segment_id = "germans"
    with pytest.raises(Refusal) as refused:
        contract.client.raw(
            "segsvc.v1.SegmentService.CheckCondition", [request.SerializeToString()]
        )
    assert refused.value.code == "INVALID_ARGUMENT"
    assert "nests deeper" in refused.value.message


@pytest.mark.parametrize("sequences", [(7, 9), (7, 7), (7, 6)])
def test_chunks_of_an_import_are_numbered_one_by_one(
    contract: Contract, sequences: tuple[int, int]
) -> None:
    store_id = contract.fresh()
    chunks = [
        {"sequence": number, "chunk": {"store_id": store_id, "rows": {"rows": rows_of(place)}}}
        for place, number in enumerate(sequences)
    ]
    told = refusal(contract.client, "IngestService.ImportContacts", chunks)
    assert (told.code, set(told.fields)) == ("INVALID_ARGUMENT", {"sequence"})


def rows_of(place: int) -> list[Json]:
    return [{"contact_id": f"new-{place}"}]


def test_an_import_stays_in_one_store(contract: Contract) -> None:
    chunks = [
        {"sequence": place, "chunk": {"store_id": store_id, "rows": {"rows": rows_of(place)}}}
        for place, store_id in enumerate((contract.fresh(), contract.fresh()))
    ]
    told = refusal(contract.client, "IngestService.ImportContacts", chunks)
    assert (told.code, set(told.fields)) == ("INVALID_ARGUMENT", {"chunk.store_id"})


def test_a_refused_chunk_names_itself_and_stops_those_behind_it(contract: Contract) -> None:
    store_id, client = contract.fresh(), contract.client
    wrong = [{"contact_id": "odd", "set": {"hat_size": stock.text("9")}}]
    chunks = [
        {"sequence": place, "chunk": {"store_id": store_id, "rows": {"rows": chunk}}}
        for place, chunk in enumerate([rows_of(0), wrong, rows_of(2)], start=40)
    ]
    told = refusal(client, "IngestService.ImportContacts", chunks)
    assert told.metadata["sequence"] == "41"
    assert set(told.fields) == {'chunk.rows.rows[0].set["hat_size"]'}
    known = client.call(
        "segsvc.v1.EvaluationService.CheckMembership",
        {"store_id": store_id, "contact_ids": ["new-0", "odd", "new-2"]},
    )[0]
    assert [held.get("known", False) for held in known["memberships"]] == [True, False, False]


def test_a_watch_from_dropped_changes_is_out_of_range(contract: Contract) -> None:
    request = {"store_id": administration.OLD, "resume_token": contract.compacted_token}
    told = refusal(contract.client, "WatchService.Watch", request)
    assert (told.code, told.reason) == ("OUT_OF_RANGE", "REVISION_COMPACTED")
    assert told.metadata == {"oldest": "10", "current": "12"}


def test_positions_from_before_a_renumbering_are_out_of_range(contract: Contract) -> None:
    client, store_id = contract.client, contract.fresh()
    listing = {"store_id": store_id, "target": {"segment_id": "germans"}, "page_size": 1}
    page = client.call("segsvc.v1.EvaluationService.ListMembers", listing)[0]
    watch = client.call("segsvc.v1.WatchService.Watch", {"store_id": store_id}, at_most=1)[0]
    contract.served.server.engine.store(store_id).ordinal_epoch += 1
    for rpc, request in (
        ("EvaluationService.ListMembers", {**listing, "page_token": page["next_page_token"]}),
        ("WatchService.Watch", {"store_id": store_id, "resume_token": watch["resume_token"]}),
    ):
        told = refusal(client, rpc, request)
        assert (told.code, told.reason) == ("OUT_OF_RANGE", "ORDINAL_EPOCH_CHANGED")
        assert told.metadata == {"current_epoch": "2"}


def test_an_offset_behind_the_end_of_a_resolution_is_out_of_range(contract: Contract) -> None:
    client = contract.client
    spec = {"include_segment_ids": ["germans"], "channel": "CHANNEL_ANY"}
    asked = {"store_id": SHOP, "spec": spec}
    header = client.call("segsvc.v1.EvaluationService.ResolveRecipients", asked)[0]["header"]
    resume = {"resolution_id": header["resolution_id"], "offset": 4}
    told = refusal(
        client, "EvaluationService.ResolveRecipients", {"store_id": SHOP, "resume": resume}
    )
    assert (told.code, told.reason) == ("OUT_OF_RANGE", "OFFSET_OUT_OF_RANGE")
    assert told.metadata == {"end": "3"}


def test_pages_hold_everything_once_and_their_tokens_fit_no_other_request(
    contract: Contract,
) -> None:
    client = contract.client
    for rpc, request, items, other in (
        ("SegmentService.ListSegments", {}, "segments", {"order_by": "name"}),
        ("SchemaService.ListAttributes", {}, "attributes", {"filter_type": 1}),
        ("SchemaService.ListBehaviors", {}, "behaviors", {"filter_type": 5}),
        (
            "EvaluationService.ListMembers",
            {"target": {"segment_id": "germans"}},
            "members",
            {"target": {"segment_id": "buyers"}},
        ),
        (
            "SegmentService.GetSegmentHistory",
            {"segment_id": "germans", "interval": "HISTORY_INTERVAL_HOUR"},
            "points",
            {"segment_id": "buyers"},
        ),
    ):
        asked = {"store_id": SHOP, **request}
        whole = client.call(f"segsvc.v1.{rpc}", asked)[0][items]
        found, token = [], ""
        while True:
            page = {**asked, "page_size": 1, "page_token": token}
            answer = client.call(f"segsvc.v1.{rpc}", page)[0]
            found += answer[items]
            if not (token := answer.get("next_page_token", "")):
                break
            told = refusal(client, rpc, {**page, "page_token": token, **other})
            assert told.reason == "PAGE_TOKEN_INVALID"
        assert found == whole


def test_a_watch_ends_with_its_store(contract: Contract) -> None:
    store_id, client = contract.fresh(), contract.client
    call = contract.served.watch.Watch(watch_service_pb2.WatchRequest(store_id=store_id))
    next(call)
    client.call("segsvc.v1.StoreService.DeleteStore", {"store_id": store_id})
    with pytest.raises(grpc.RpcError) as ended:
        next(call)
    told = read_refusal(ended.value)
    assert (told.code, told.reason) == ("NOT_FOUND", "STORE_NOT_FOUND")


def test_a_server_that_distrusts_its_clock_serves_after_it_is_confirmed(tmp_path: Path) -> None:
    database = tmp_path / "old.db"
    with serving(database) as served:
        stock.fill(Reflected(served.channel), SHOP)
    with serving(database, clock="system") as served:
        client, shop = Reflected(served.channel), {"store_id": SHOP}
        told = refusal(client, "StoreService.GetStore", shop)
        assert (told.code, told.reason) == ("UNAVAILABLE", "CLOCK_SUSPECT")
        client.call("segsvc.v1.AdminService.ConfirmClock", {})
        client.call("segsvc.v1.StoreService.GetStore", shop)
        told = refusal(client, "AdminService.ConfirmClock", {})
        assert (told.code, told.reason) == ("FAILED_PRECONDITION", "CLOCK_NOT_SUSPECT")
        told = refusal(client, "AdminService.AdvanceTime", {**shop, "to": stock.NOW})
        assert (told.code, told.reason) == ("FAILED_PRECONDITION", "CLOCK_NOT_REPLAY")


def test_a_replay_clock_is_never_suspect(contract: Contract) -> None:
    told = refusal(contract.client, "AdminService.ConfirmClock", {})
    assert (told.code, told.reason) == ("FAILED_PRECONDITION", "CLOCK_NOT_SUSPECT")
