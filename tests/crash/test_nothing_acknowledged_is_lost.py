"""The whole server is killed (-9) at random moments under ingest, over one database."""

from __future__ import annotations

import random
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import grpc

from segsvc.client import Client, Store, event, has_done, number, text
from segsvc.client.calls.ingest import contact_row
from segsvc.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    ingest_pb2,
    ingest_service_pb2,
    ingest_service_pb2_grpc,
)
from tests.processes import server

KILLS = 50
ROWS = 20
THEN = datetime(2024, 6, 1, tzinfo=UTC)


@dataclass
class Model:
    """What must be there: rows of each acknowledged request; of the last, all or nothing."""

    rng: random.Random
    upserted: set[int] = field(default_factory=set)
    ordered: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)
    revision: int = 0
    unsure: tuple[str, int] | None = None
    requests: int = 0

    def settle(self, kind: str, request: int) -> None:
        {"upsert": self.upserted, "order": self.ordered, "delete": self.deleted}[kind].add(request)


def ids(request: int) -> list[str]:
    return [f"r{request}-{row}" for row in range(ROWS)]


def send(ingest: ingest_service_pb2_grpc.IngestServiceStub, kind: str, request: int) -> int:
    if kind == "upsert":
        rows = [contact_row({"contact_id": held, "city": f"r{request}"}) for held in ids(request)]
        upsert = ingest_service_pb2.UpsertContactsRequest(
            store_id="shop", rows=ingest_pb2.ContactRows(rows=rows)
        )
        return int(ingest.UpsertContacts(upsert).revision)
    if kind == "order":
        events = [event(held, "order_placed", THEN, value=request) for held in ids(request)]
        record = ingest_service_pb2.RecordEventsRequest(
            store_id="shop", rows=ingest_pb2.EventRows(rows=events)
        )
        return int(ingest.RecordEvents(record).revision)
    gone = ingest_service_pb2.DeleteContactsRequest(store_id="shop", contact_ids=ids(request))
    return int(ingest.DeleteContacts(gone).revision)


def write_until_killed(target: str, child: subprocess.Popen[str], model: Model) -> None:
    with grpc.insecure_channel(target) as channel:
        ingest = ingest_service_pb2_grpc.IngestServiceStub(channel)
        admin = admin_service_pb2_grpc.AdminServiceStub(channel)
        killer = threading.Timer(model.rng.uniform(0.0, 0.12), child.kill)
        snapshot_at = model.rng.randrange(40)
        killer.start()
        try:
            for turn in range(10_000):
                if turn == snapshot_at:
                    snapshot = admin_service_pb2.CreateSnapshotRequest(store_id="shop")
                    admin.CreateSnapshot.future(snapshot)
                kind, request = choose(model)
                model.unsure = kind, request
                model.revision = send(ingest, kind, request)
                model.settle(kind, request)
                model.unsure = None
        except grpc.RpcError:
            killer.join()
            return
        raise AssertionError("the server outlived its kill")


def choose(model: Model) -> tuple[str, int]:
    alive = sorted(model.upserted - model.deleted)
    kind = model.rng.choices(["upsert", "order", "delete"], [5, 4, 1])[0]
    open_orders = [held for held in alive if held not in model.ordered]
    if kind == "order" and open_orders:
        return kind, model.rng.choice(open_orders)
    if kind == "delete" and alive:
        return kind, model.rng.choice(alive)
    model.requests += 1
    return "upsert", model.requests


def resolve_last(shop: Store, model: Model) -> None:
    """The request whose answer never came happened as a whole, or not at all."""
    if model.unsure is None:
        return
    kind, request = model.unsure
    held = shop.count(text("city").is_(f"r{request}")).contact_count
    if kind == "order":
        held = shop.count(has_done("order_placed").sum("value").equals(request)).contact_count
    assert held in (0, ROWS)
    if (held == 0) == (kind == "delete"):
        model.settle(kind, request)
    model.unsure = None


def check_all(shop: Store, model: Model) -> None:
    alive = model.upserted - model.deleted
    everybody = {held for request in alive for held in ids(request)}
    assert set(shop.member_ids(text("city").starts_with("r"))) == everybody
    orders = model.ordered & alive
    buyers = {held for request in orders for held in ids(request)}
    assert set(shop.member_ids(has_done("order_placed"))) == buyers
    middle = model.requests // 2
    dear = {held for request in orders if request > middle for held in ids(request)}
    where = number("value") > middle
    assert set(shop.member_ids(has_done("order_placed").where(where).count >= 1)) == dear
    assert shop.stats().contact_count == len(everybody)


def test_fifty_kills_lose_no_acknowledged_row_and_leave_no_half(tmp_path: Path) -> None:
    database = tmp_path / "crash.db"
    model = Model(random.Random(20240601))
    for kill in range(KILLS + 1):
        with server(database) as (child, target, said):
            with Client(target) as client:
                if kill == 0:
                    client.create_store("shop")
                else:
                    recovered = [held for held in said if held["event"] == "recovered"]
                    assert [held["store_id"] for held in recovered] == ["shop"]
                    assert {"revision", "records_replayed", "seconds"} <= recovered[0].keys()
                shop = client.store("shop")
                assert shop.get().store.revision >= model.revision
                resolve_last(shop, model)
                check_all(shop, model)
            if kill < KILLS:
                write_until_killed(target, child, model)
    assert len(model.upserted) > KILLS
    assert model.ordered
    assert model.deleted
