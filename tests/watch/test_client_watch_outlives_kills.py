"""The client library's watch goes on through kill -9 of the server: no gap, no repeat."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
from pathlib import Path

import grpc
import pytest

from segsvc.client import AsyncClient, Change, Client, OutOfRange, saved, text
from segsvc.v1 import ingest_service_pb2, ingest_service_pb2_grpc
from tests.serving import serving
from tests.watch.child import Child
from tests.watch.shop import DAY, Shop

LAST = "the last"


class Knowing:
    """What a subscriber knows who applies every change, and minds each broken promise."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {}
        self.told: set[tuple[int, str, str]] = set()
        self.revision = 0

    def apply(self, change: Change) -> bool:
        """Apply one change; return whether it was the last."""
        assert change.revision >= self.revision
        self.revision = change.revision
        key = (change.revision, change.segment_id, change.cause)
        assert key not in self.told, "nothing is told twice"
        self.told.add(key)
        held = self.members.setdefault(change.segment_id, set())
        assert held.isdisjoint(change.entered)
        assert held.issuperset(change.left)
        held.difference_update(change.left)
        held.update(change.entered)
        return LAST in change.entered


def watched(target: str, knowing: Knowing, begun: threading.Event) -> None:
    with Client(target) as client:
        for change in client.store("shop").watch("germans", "others", members=True):
            begun.set()
            if knowing.apply(change):
                return


def watched_async(target: str, knowing: Knowing, begun: threading.Event) -> None:
    async def run() -> None:
        async with AsyncClient(target) as client:
            async for change in client.store("shop").watch("germans", "others", members=True):
                begun.set()
                if knowing.apply(change):
                    return

    asyncio.run(run())


class Writer:
    """Writes as soon as a server answers; a repeated request does nothing twice."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target, [("grpc.initial_reconnect_backoff_ms", 100)])
        self._ingest = ingest_service_pb2_grpc.IngestServiceStub(self._channel)
        self._chance = random.Random(11)

    def put(self, *contact_ids: str, country: str) -> None:
        request = ingest_service_pb2.UpsertContactsRequest(store_id="shop")
        for contact_id in contact_ids:
            request.rows.rows.add(contact_id=contact_id).set["country"].text = country
        self._ingest.UpsertContacts(request, wait_for_ready=True)

    def flood(self, turns: int) -> None:
        for _ in range(turns):
            some = [f"c{number}" for number in self._chance.sample(range(60), 6)]
            self.put(*some, country=self._chance.choice(("DE", "FR")))

    def close(self) -> None:
        self._channel.close()


def test_kill_after_kill(tmp_path: Path) -> None:
    sync, awaited = Knowing(), Knowing()
    with Child(tmp_path / "shop.db") as server, Client(server.target) as client:
        client.create_store("shop")
        shop = client.store("shop")
        shop.create_segment("germans", text("country").is_("DE"), segment_id="germans")
        shop.create_segment("others", ~text("country").is_("DE"), segment_id="others")
        writer = Writer(server.target)
        writer.flood(10)
        readers = []
        for run, knowing in ((watched, sync), (watched_async, awaited)):
            begun = threading.Event()
            readers.append(threading.Thread(target=run, args=(server.target, knowing, begun)))
            readers[-1].start()
            assert begun.wait(30)
        for number in (signal.SIGKILL, signal.SIGKILL):
            writer.flood(12)
            server.end(number)
            server.start()
        writer.flood(12)
        writer.put(LAST, country="DE")
        writer.close()
        for reader in readers:
            reader.join(60)
            assert not reader.is_alive()
        with Client(server.target) as fresh:
            truth = {
                name: {*fresh.store("shop").member_ids(saved(name))}
                for name in ("germans", "others")
            }
    assert sync.members == truth
    assert awaited.members == truth


def test_a_consumer_that_stops_inside_a_revision_gets_it_again(tmp_path: Path) -> None:
    with serving(tmp_path / "shop.db") as served, Client(served.target) as client:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        shop.segment("set", "country is set")
        begun = shop.contact("ann", country="DE")
        store = client.store("shop")
        watch = store.watch("germans", "set", members=True)
        changes = iter(watch)
        snapshots = [next(changes), next(changes)]
        assert [held.revision for held in snapshots] == [begun, begun]
        behind = watch.resume_token
        assert behind == snapshots[1].resume_token
        moved = shop.contact("bob", country="DE")
        first = next(changes)
        assert (first.revision, first.segment_id, first.resume_token) == (moved, "germans", b"")
        assert watch.resume_token == behind, "its revision is not done with"
        again = iter(store.watch("germans", "set", since=watch.resume_token))
        assert [next(again).segment_id, next(again).segment_id] == ["germans", "set"]
        assert next(changes).segment_id == "set"
        assert watch.resume_token != behind


def test_a_compacted_token_says_what_is_kept(tmp_path: Path) -> None:
    with serving(tmp_path / "shop.db", keep_changes_hours=1) as served:
        shop = Shop(served).open()
        shop.segment("germans", 'country is "DE"')
        token = shop.watch().token
        oldest = shop.contact("ann", country="DE")
        shop.advance(DAY)
        shop.snapshot()
        shop.snapshot()
        with Client(served.target) as client, pytest.raises(OutOfRange) as refused:
            next(iter(client.store("shop").watch(since=token)))
        assert refused.value.reason == "REVISION_COMPACTED"
        kept = {name: int(value) for name, value in refused.value.metadata.items()}
        assert oldest <= kept["oldest"] <= kept["current"]
