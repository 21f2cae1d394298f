"""Triggers, entries and quotas come out of snapshot and journal as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from segsvc.client import Client, Store
from segsvc.engine.recover import recover_store
from segsvc.engine.state import StoreState
from tests.automation.reader import Reader
from tests.serving import Served, serving
from tests.watch.shop import DAY, Shop


def live_through(shop: Shop, store: Store) -> None:
    """Do everything that makes, moves and drops entries."""
    shop.contact("ann", "bob", country="DE")
    shop.contact("fay", email="fay@example.com")
    shop.segment("germans", 'country is "DE"')
    shop.segment("idle", 'in segment "germans" and has not done order_placed in the last 2 days')
    store.create_trigger("Welcome", "germans", trigger_id="welcome", reentry="every_entry")
    store.create_trigger("Idle", "idle", reentry="cooldown", cooldown_days=2, trigger_id="idle")
    store.create_trigger("Gone", "germans", trigger_id="gone")
    store.activate_trigger("welcome", enter_current_members=True)
    store.activate_trigger("idle")
    shop.event("ann", "bob")
    shop.advance(3 * DAY)
    shop.contact("cleo", "dan", country="DE")
    store.ack_entries("welcome", 1)
    shop.merge("cleo", "fay")
    shop.delete("dan")
    store.activate_trigger("gone", pause=["welcome"], method="also_stop_in_flow")
    store.activate_trigger("welcome")
    shop.contact("gus", country="IT")
    store.update_segment(
        "germans",
        condition=shop.condition('country any of ("DE", "IT")'),
        trigger_on_update="all_members",
    )
    store.delete_trigger("gone")
    store.set_quota("email", limit=100, used=40)


def automation_of(state: StoreState) -> tuple[Any, ...]:
    """Return all of a store's automation as comparable values."""
    sections = state.triggers.freeze()
    state.triggers.release()
    chunks = {
        held.name: b"".join(held.chunk(place) for place in range(held.chunk_count))
        for held in sections
    }
    return state.triggers.facts(), chunks, state.quotas.facts()


def test_replay_of_the_journal_and_of_a_snapshot_give_the_same(served: Served) -> None:
    shop = Shop(served).open()
    engine = served.server.engine
    live = engine.store("shop")
    with Client(served.target) as client:
        store = client.store("shop")
        live_through(shop, store)
        entries = Reader(store).entries("welcome")
        assert [(held.contact_id, held.cause) for held in entries] == [
            (contact_id, "SEGMENT_UPDATE") for contact_id in ("ann", "bob", "fay", "gus")
        ]
        replayed, _ = recover_store(engine.storage, "shop", engine.codec)
        assert automation_of(replayed) == automation_of(live)
        shop.snapshot()
        loaded, recovered = recover_store(engine.storage, "shop", engine.codec)
        assert recovered.records_replayed == 0
        assert automation_of(loaded) == automation_of(live)


def test_entries_survive_a_snapshot_and_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "restart.db"
    with serving(database) as served, Client(served.target) as client:
        store = client.store("shop")
        live_through(Shop(served).open(), store)
        before = Reader(store).batches("idle"), Reader(store).batches("welcome")
        triggers = list(store.list_triggers())
        quotas = list(store.quotas().quotas)
    with serving(database) as served, Client(served.target) as client:
        store = client.store("shop")
        assert (Reader(store).batches("idle"), Reader(store).batches("welcome")) == before
        assert list(store.list_triggers()) == triggers
        assert list(store.quotas().quotas) == quotas
    assert all(before)
