"""Every rpc that reflection lists: what it answers, each error its comment names, and that a
refused request changed nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.rpc import error_details_pb2

from segsvc.v1 import error_pb2
from tests.contract import administration, automation, ingesting, prose, reading, segments
from tests.contract.cases import SHOP, Refused, Rpc, changed
from tests.contract.conftest import Contract
from tests.contract.reflected import Json, Reflected, Refusal, Request

CASES: dict[str, Rpc] = {
    **administration.CASES,
    **automation.CASES,
    **ingesting.CASES,
    **reading.CASES,
    **segments.CASES,
}
ELSEWHERE = {f"segsvc.v1.AdminService.{rpc}": case for rpc, case in administration.SUSPECT.items()}
RPCS = sorted(CASES)
MAX_TRAILER_BYTES = 4_096
_REASONS = set(error_pb2.ErrorReason.keys())
TOO_FAR = 10**9


def test_every_rpc_has_cases(contract: Contract) -> None:
    known = {*CASES, *ELSEWHERE}
    assert known == set(contract.client.methods), "the contract and the cases name other rpcs"


def test_every_documented_error_has_a_case(contract: Contract) -> None:
    client = contract.client
    lacking = {
        rpc: missing
        for rpc, case in CASES.items()
        if (
            missing := prose.errors()[rpc]
            - case.elsewhere
            - {held.code for held in (*case.refused, *implied(client, rpc))}
        )
    }
    assert not lacking


@pytest.mark.parametrize("rpc", RPCS)
def test_answers(contract: Contract, rpc: str) -> None:
    case = CASES[rpc]
    answers = contract.client.call(rpc, _at_home(contract, rpc, case.happy), case.at_most)
    assert _holds(answers[-1], case.answer), answers[-1]


@pytest.mark.parametrize("rpc", RPCS)
def test_refuses_and_changes_nothing(contract: Contract, rpc: str) -> None:
    case, client = CASES[rpc], contract.client
    stores = (SHOP, administration.FULL, administration.OLD, automation.AUTOMATED, "labelled")
    before = {store_id: contract.revision(store_id) for store_id in stores}
    for refused in (*case.refused, *implied(client, rpc)):
        if refused.reason == "REVISION_NOT_REACHED":
            continue
        told = _refusal(client, rpc, refused.request(case.happy))
        _check(told, refused, client.request(rpc))
    assert {store_id: contract.revision(store_id) for store_id in stores} == before


def test_reads_wait_for_their_revision_and_then_say_that_it_did_not_come(
    contract: Contract,
) -> None:
    client = contract.client
    rpcs = [rpc for rpc in RPCS if "min_revision" in client.request(rpc).fields_by_name]
    with ThreadPoolExecutor(len(rpcs)) as threads:
        calls = {
            rpc: threads.submit(
                _refusal, client, rpc, changed(CASES[rpc].happy, {"min_revision": TOO_FAR})
            )
            for rpc in rpcs
        }
    late = Refused("FAILED_PRECONDITION", "REVISION_NOT_REACHED", {}, metadata=("asked", "current"))
    for rpc, call in calls.items():
        _check(call.result(), late, client.request(rpc))
        assert call.result().metadata["asked"] == str(TOO_FAR)


WRITES = [rpc for rpc in RPCS if CASES[rpc].other is not None]


def test_every_rpc_with_a_request_id_has_another_payload(contract: Contract) -> None:
    client = contract.client
    taking = {rpc for rpc in RPCS if "request_id" in client.request(rpc).fields_by_name}
    assert taking == set(WRITES)


@pytest.mark.parametrize("rpc", WRITES)
def test_a_request_id_gives_the_first_answer_and_takes_no_other_payload(
    contract: Contract, rpc: str
) -> None:
    case, client = CASES[rpc], contract.client
    request = {**_at_home(contract, rpc, case.happy), "request_id": "r-1"}
    if rpc.endswith("CreateStore"):
        request["store_id"] = "twice"
    store_id = request["store_id"]
    first = client.answers(rpc, request)
    before = contract.revision(store_id)
    assert client.answers(rpc, request) == first
    other = {**request, **(case.other or {})}
    told = _refusal(client, rpc, other)
    reused = Refused("INVALID_ARGUMENT", "REQUEST_ID_REUSED", {}, "request_id")
    _check(told, reused, client.request(rpc))
    assert contract.revision(store_id) == before


def implied(client: Reflected, rpc: str) -> Iterator[Refused]:
    """Yield the refusals that follow from the shape of an rpc's request."""
    happy, shape = CASES[rpc].happy, client.request(rpc)
    if isinstance(happy, list):
        yield Refused(
            "NOT_FOUND", "STORE_NOT_FOUND", {"store_id": "nowhere"}, metadata=("sequence",)
        )
        return
    names = shape.fields_by_name
    if "store_id" in names and not rpc.endswith("CreateStore"):
        yield Refused("NOT_FOUND", "STORE_NOT_FOUND", {"store_id": "nowhere"})
        yield Refused("INVALID_ARGUMENT", "FIELD_INVALID", {"store_id": "No!"}, "store_id")
    if "min_revision" in names:
        yield Refused("INVALID_ARGUMENT", "FIELD_INVALID", {"min_revision": -1}, "min_revision")
        yield Refused("FAILED_PRECONDITION", "REVISION_NOT_REACHED", {"min_revision": TOO_FAR})
    if "request_id" in names:
        yield Refused("INVALID_ARGUMENT", "FIELD_INVALID", {"request_id": "x" * 65}, "request_id")
    if "page_token" in names:
        for size in (-1, 10_001):
            yield Refused("INVALID_ARGUMENT", "FIELD_INVALID", {"page_size": size}, "page_size")
        for token in ("?", "bm90IGEgdG9rZW4gb2YgdGhpcyByZXF1ZXN0"):
            yield Refused(
                "INVALID_ARGUMENT", "PAGE_TOKEN_INVALID", {"page_token": token}, "page_token"
            )
    for name in prose.required().get(shape.full_name, ()):
        yield Refused("INVALID_ARGUMENT", "", _without(shape, name), name)


def _without(shape: Descriptor, name: str) -> Json:
    """Return what leaves out a field or all fields of a oneof."""
    if name in shape.oneofs_by_name:
        return {held.name: None for held in shape.oneofs_by_name[name].fields}
    return {name: None}


def _refusal(client: Reflected, rpc: str, request: Request) -> Refusal:
    with pytest.raises(Refusal) as refused:
        client.answers(rpc, request, at_most=5)
    return refused.value


def _check(told: Refusal, expected: Refused, shape: Descriptor) -> None:
    """Check a refusal: its code, its details as error.proto has them, its size."""
    about = f"{told.message!r} for {expected.but}"
    assert told.code == expected.code, about
    assert told.reason == expected.reason or not expected.reason, about
    assert f"ERROR_REASON_{told.reason}" in _REASONS, about
    assert set(expected.metadata) <= set(told.metadata), about
    assert told.message, about
    assert told.trailer_bytes < MAX_TRAILER_BYTES, about
    _check_details(told, expected, about)
    for path in told.fields:
        assert resolves(shape, path), f"{path!r} is no path of {shape.name}: {about}"


def _check_details(told: Refusal, expected: Refused, about: str) -> None:
    if told.code == "INVALID_ARGUMENT":
        assert told.fields, about
        assert all(told.fields.values()), about
        if expected.reason:
            assert expected.field in told.fields, f"{told.fields} {about}"
        else:
            start = re.compile(rf"{expected.field}\b")
            assert any(start.match(held) for held in told.fields), f"{told.fields} {about}"
    elif told.code in {"NOT_FOUND", "ALREADY_EXISTS"}:
        named = told.detail(error_details_pb2.ResourceInfo)
        assert named.resource_type, about
        assert named.resource_name, about
    elif told.code == "FAILED_PRECONDITION":
        ways = told.detail(error_details_pb2.PreconditionFailure).violations
        assert all(held.type == told.reason and held.subject for held in ways), about
        assert ways, about
    elif told.code == "RESOURCE_EXHAUSTED":
        assert told.detail(error_details_pb2.QuotaFailure).violations[0].subject, about


_STEP = re.compile(r'(\w+)((?:\[(?:\d+|"[^"]*")\])?)(\.|$)')
_OF_ROWS = {
    "contact_id",
    "set",
    "unset",
    "add",
    "remove",
    "time",
    "event_id",
    "properties",
    "label",
}


def resolves(shape: Descriptor | None, path: str) -> bool:
    """Say whether *path* leads through fields of a message, as error.proto promises.

    A row of columns is ``columns[17]``, and behind it stands a field of the row form.
    """
    place = 0
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None or shape is None:
            return False
        name, key = step[1], step[2]
        if name == "columns" and key:
            return path[step.end() :].partition("[")[0] in _OF_ROWS
        found = shape.fields_by_name.get(name)
        if found is None:
            return name in shape.oneofs_by_name and step.end() == len(path)
        if key and not found.is_repeated:
            return False
        shape, place = _below(found, key), step.end()
    return not path.endswith(".") and bool(path)


def _below(field: FieldDescriptor, key: str) -> Descriptor | None:
    below: Any = field.message_type
    if below is not None and below.GetOptions().map_entry and key:
        below = below.fields_by_name["value"].message_type
    return below


def _at_home(contract: Contract, rpc: str, happy: Request) -> Any:
    """Return the happy request of a writing rpc for a store of its own, others as they are."""
    client = contract.client
    writes = "request_id" in client.request(rpc).fields_by_name or isinstance(happy, list)
    if rpc.endswith("CreateStore") or not (writes or rpc.endswith(_CHANGING)):
        return happy
    store_id = contract.fresh(automated=_is_of_triggers(happy))
    if isinstance(happy, list):
        return [{**part, "chunk": {**part["chunk"], "store_id": store_id}} for part in happy]
    return {**happy, "store_id": store_id}


def _is_of_triggers(happy: Request) -> bool:
    return isinstance(happy, Mapping) and happy["store_id"] == automation.AUTOMATED


_CHANGING = ("DeleteStore", "CreateSnapshot")


def _holds(told: Any, expected: Any) -> bool:
    """Say whether an answer holds what is expected of it: of messages and lists the first parts."""
    if isinstance(expected, Mapping):
        return isinstance(told, Mapping) and all(
            name in told and _holds(told[name], held) for name, held in expected.items()
        )
    if isinstance(expected, list):
        return len(told) >= len(expected) and all(map(_holds, told, expected))
    return bool(told == expected)
