"""What GetStats says the memory of a server is used for is what the system says it has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from segsvc.client import Client, has_done, text
from segsvc.demo.generate import StoreSpec, contact_batches, event_batches
from segsvc.server.child import served
from segsvc.v1.admin_service_pb2 import GetStatsResponse

CONTACTS = 100_000


def test_parts_of_the_memory_add_up_to_the_process(tmp_path: Path) -> None:
    spec = StoreSpec(contacts=CONTACTS, events_per_contact=10)
    start = datetime.fromtimestamp(spec.end, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    database = f"sqlite:///{tmp_path / 'memory.db'}"
    flags = ("--database", database, "--clock", "replay", "--replay-start", start)
    with served(*flags) as target, Client(target, timeout=120) as client:
        client.create_store("shop")
        shop = client.store("shop")
        shop.import_contacts(contact_batches(spec))
        for behavior, batch in event_batches(spec):
            shop.import_events(behavior, batch)
        shop.create_segment("Buyers", has_done("order_placed") & text("country").is_("DE"))
        shop.create_snapshot()
        _adds_up(shop.stats())
    with served(*flags) as target, Client(target, timeout=120) as client:
        _adds_up(client.store("shop").stats())


def _adds_up(held: GetStatsResponse) -> None:
    process, parts = held.process, {part.part: part.bytes for part in held.memory}
    told = process.baseline_bytes + process.stores_bytes + process.waiting_bytes
    told += process.unused_bytes
    assert abs(told / process.resident_bytes - 1) < 0.15
    assert process.stores_bytes == sum(parts.values())
    assert {"contacts", "memberships", "leaf answers", "answered requests"} <= parts.keys()
    assert parts["contacts"] > 20 * CONTACTS
