"""A stream goes on without an end, through restarts of the server, for several readers."""

from __future__ import annotations

import asyncio
import queue
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import pytest

from segsvc.client import AsyncClient, Client, Entries, NotFound, Store, text
from tests.processes import server
from tests.serving import serving
from tests.watch.shop import PATIENCE, Shop


class Tail:
    """Reads a stream in a thread."""

    def __init__(self, stream: Iterable[Entries]) -> None:
        self._stream = stream
        self._seen: queue.Queue[Entries | Exception] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for batch in self._stream:
                self._seen.put(batch)
        except Exception as failed:
            self._seen.put(failed)

    def next(self) -> list[tuple[int, str]]:
        batch = self._seen.get(timeout=PATIENCE)
        if isinstance(batch, Exception):
            raise batch
        return [(held.sequence, held.contact_id) for held in batch.entries]


def prepared(shop: Shop, store: Store) -> None:
    shop.segment("germans", 'country is "DE"')
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")


def test_new_entries_are_pushed_and_a_restart_loses_and_repeats_none(tmp_path: Path) -> None:
    database = tmp_path / "resume.db"
    with serving(database) as served:
        shop = Shop(served).open()
        port = served.server.port
        client = Client(served.target)
        store = client.store("shop")
        prepared(shop, store)
        tails = [Tail(store.entries("welcome")), Tail(store.entries("welcome"))]
        shop.contact("ann", country="DE")
        for tail in tails:
            assert tail.next() == [(1, "ann")]
    with client, serving(database, listen=f"127.0.0.1:{port}") as served:
        Shop(served).contact("bob", country="DE")
        for tail in tails:
            assert tail.next() == [(2, "bob")]
        again = Tail(store.entries("welcome"))
        assert again.next() == [(1, "ann")]
        store.ack_entries("welcome", 1)
        assert Tail(store.entries("welcome")).next() == [(2, "bob")]
        assert Tail(store.entries("welcome", after=0)).next() == [(2, "bob")]
        waiting = Tail(store.entries("welcome", after=2))
        store.delete_trigger("welcome")
        with pytest.raises(NotFound):
            waiting.next()


READER = """
import sys
from segsvc.client import Client
store = Client(sys.argv[1]).store("shop")
store.trigger("welcome")
print("connected", flush=True)
for batch in store.entries("welcome"):
    print(batch.through_sequence, flush=True)
"""


def test_a_reader_to_whom_nothing_came_yet_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A call that brought nothing is one that gRPC would repeat by itself, and did, for good."""
    database = tmp_path / "idle.db"
    with ExitStack() as held:
        with server(database) as (_, listen, _), Client(listen) as client:
            client.create_store("shop")
            store = client.store("shop")
            store.create_segment("germans", text("country").is_("DE"), segment_id="germans")
            store.create_trigger("Welcome", "germans", trigger_id="welcome")
            store.activate_trigger("welcome")
            command = [sys.executable, "-c", READER, listen]
            reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            told = held.enter_context(reader).stdout
            held.callback(reader.kill)
            assert told is not None
            assert told.readline() == "connected\n"
            for _ in range(300):  # by then the reader's call is there
                store.trigger("welcome")
        with server(database, listen), Client(listen) as client:
            client.store("shop").upsert([{"contact_id": "ann", "country": "DE"}])
            lines: queue.Queue[str] = queue.Queue()
            threading.Thread(target=lambda: lines.put(told.readline()), daemon=True).start()
            assert lines.get(timeout=PATIENCE) == "1\n"


def test_many_entries_come_in_order_and_once(shop: Shop, store: Store) -> None:
    prepared(shop, store)
    store.upsert([{"contact_id": f"c{number}", "country": "DE"} for number in range(20_000)])
    seen: list[int] = []
    sizes = []
    for batch in store.entries("welcome"):
        seen += [held.sequence for held in batch.entries]
        sizes.append(len(batch.entries))
        if len(seen) == 20_000:
            break
    assert seen == list(range(1, 20_001))
    assert max(sizes) <= 8_192


async def test_the_async_client_reads_entries_too(shop: Shop, store: Store) -> None:
    await asyncio.to_thread(prepared, shop, store)
    async with AsyncClient(shop.served.target) as client:
        entries = aiter(client.store("shop").entries("welcome"))
        await asyncio.to_thread(shop.contact, "ann", country="DE")
        batch = await asyncio.wait_for(anext(entries), PATIENCE)
        assert [held.contact_id for held in batch.entries] == ["ann"]
        acked = await client.store("shop").ack_entries("welcome", batch.through_sequence)
        assert acked.position.unacknowledged_count == 0
