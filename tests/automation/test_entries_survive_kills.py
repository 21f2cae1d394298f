"""At least once across crashes of server and consumer; sequences tell repeats apart."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from pathlib import Path

from segsvc.client import CallFailed, Client, Store, text
from tests.processes import server

KILLS = 3
ROWS = 7


@dataclass
class Consumer:
    """Remembers entries by sequence, and acknowledges now and then, always less than it read."""

    rng: random.Random
    entries: dict[int, str] = field(default_factory=dict)
    acknowledged: int = 0
    repeats: int = 0

    def read(self, store: Store, until: int | None) -> None:
        """Read until the server dies, or up to a sequence."""
        for batch in store.entries("welcome", patience=0):
            for entry in batch.entries:
                assert entry.sequence > self.acknowledged, "acknowledged entries never come again"
                self.repeats += entry.sequence in self.entries
                known = self.entries.setdefault(entry.sequence, entry.contact_id)
                assert known == entry.contact_id, "a repeat is the same entry"
            if until is not None and batch.through_sequence >= until:
                return
            if self.rng.random() < 0.3:
                behind = max(batch.through_sequence - ROWS, 0)
                position = store.ack_entries("welcome", behind).position
                self.acknowledged = position.acknowledged_sequence


def write_until_killed(store: Store, numbers: range) -> None:
    for number in numbers:
        rows = [{"contact_id": f"c{number}-{row}", "country": "DE"} for row in range(ROWS)]
        store.upsert(rows)
        if number % 40 == 20:
            store.create_snapshot()


def until_the_server_dies(work: object, *arguments: object) -> None:
    assert callable(work)
    try:
        work(*arguments)
    except CallFailed:
        return


def test_entries_survive_kills(tmp_path: Path) -> None:
    consumer = Consumer(random.Random(7))
    for kill in range(KILLS + 1):
        with server(tmp_path / "kills.db") as (child, target, _), Client(target) as client:
            store = client.store("shop")
            if kill == 0:
                client.create_store("shop")
                store.create_segment("Germans", text("country").is_("DE"), segment_id="germans")
                store.create_trigger("Welcome", "germans", trigger_id="welcome")
                store.activate_trigger("welcome")
            position = store.trigger("welcome").trigger.position
            assert position.acknowledged_sequence >= consumer.acknowledged
            consumer.acknowledged = position.acknowledged_sequence
            if kill == KILLS:
                consumer.read(store, until=position.last_sequence)
                members = set(store.member_ids(text("country").is_("DE")))
                break
            first = kill * 10_000
            jobs = [
                (write_until_killed, store, range(first, first + 10_000)),
                (consumer.read, store, None),
            ]
            threads = [threading.Thread(target=until_the_server_dies, args=held) for held in jobs]
            killer = threading.Timer(consumer.rng.uniform(0.3, 0.6), child.kill)
            for thread in (*threads, killer):
                thread.start()
            for thread in (*threads, killer):
                thread.join()
    assert sorted(consumer.entries.values()) == sorted(members)
    assert len(members) > KILLS * ROWS
    assert consumer.repeats
