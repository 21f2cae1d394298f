"""An import whose server or client is killed goes on under its id: no row lost, none twice."""

from __future__ import annotations

import csv
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segsvc.client import Client, Store, Summary, has_done
from segsvc.client import pieces as cut

EVENTS = 30_000
CONTACTS = 5_000
WRONG = (17, 15_000, 29_999)
"""Rows whose property is too long, which the server refuses."""


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cut, "CHUNK_ROWS", 1_000)


@pytest.fixture(scope="module")
def events() -> pa.Table:
    """Events without ids, so that one that comes twice counts twice."""
    rng = np.random.default_rng(5)
    owners = rng.integers(0, CONTACTS, EVENTS)
    urls = [f"/{row % 50}" for row in range(EVENTS)]
    for row in WRONG:
        urls[row] = "x" * 5_000
    return pa.table(
        {
            "contact_id": [f"c{owner}" for owner in owners.tolist()],
            "time": pa.array(1_717_000_000 + np.arange(EVENTS), pa.timestamp("s", "UTC")),
            "url": urls,
        }
    )


@contextmanager
def server(database: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "segsvc", "serve", "--listen", f"127.0.0.1:{port}"]
    command += ["--log-format", "json", "--database", f"sqlite:///{database}"]
    often = {**os.environ, "SEGSVC_SNAPSHOT_JOURNAL_BYTES": str(2**20)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=often) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if json.loads(line)["event"] == "serving":
                break
        drain = threading.Thread(target=child.stderr.read)
        drain.start()
        try:
            yield child
        finally:
            child.kill()
            drain.join()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def check(shop: Store, events: pa.Table) -> None:
    """Every good event is there once: for each contact, and in all."""
    good = np.ones(EVENTS, bool)
    good[list(WRONG)] = False
    owners, counts = np.unique(
        np.array(events.column("contact_id").to_pylist())[good], return_counts=True
    )
    stats = shop.stats()
    assert {held.behavior: held.event_count for held in stats.events} == {
        "page_viewed": EVENTS - len(WRONG)
    }
    for times in np.unique(counts).tolist():
        exactly = set(shop.member_ids(has_done("page_viewed").count.equals(times)))
        assert exactly == set(owners[counts == times].tolist())


def test_an_import_outlives_the_death_of_its_server(
    tmp_path: Path, port: int, events: pa.Table
) -> None:
    database = tmp_path / "bulk.db"
    kills = [3, 17]
    acknowledged: list[int] = []
    running: list[subprocess.Popen[str]] = []

    def moved(summary: Summary) -> None:
        acknowledged.append(summary.rows)
        if kills and summary.rows >= kills[0] * 1_000:
            kills.pop(0)
            running[-1].kill()

    with Client(f"127.0.0.1:{port}", patience=60) as client:
        done: list[Summary] = []
        with server(database, port) as child:
            running.append(child)
            client.create_store("shop")
            shop = client.store("shop")
            importing = threading.Thread(
                target=lambda: done.append(
                    shop.import_events("page_viewed", events, progress=moved)
                )
            )
            importing.start()
            child.wait()
        while kills:
            with server(database, port) as child:
                running.append(child)
                child.wait()
        with server(database, port):
            importing.join()
            assert len(running) == 2
            summary = done[0]
            assert (summary.rows, summary.rejected) == (EVENTS, len(WRONG))
            assert acknowledged == sorted(acknowledged)
            assert sorted(held.row for held in summary.rejected_rows) == list(WRONG)
            check(shop, events)


IMPORT = """
import sys
from segsvc.client import pieces
pieces.CHUNK_ROWS = 1_000
from segsvc.cli import app
app()
"""


def test_an_import_outlives_the_death_of_its_client(
    tmp_path: Path, port: int, events: pa.Table
) -> None:
    mixed = events.append_column("behavior", pa.array(["page_viewed"] * EVENTS))
    file = tmp_path / "events.parquet"
    pq.write_table(mixed, file, row_group_size=7_001)
    command = [sys.executable, "-c", IMPORT, "import", "events", str(file), "--json"]
    command += ["--server", f"127.0.0.1:{port}", "--store", "shop", "--import-id", "again"]
    with (
        server(tmp_path / "bulk.db", port),
        Client(f"127.0.0.1:{port}") as client,
    ):
        client.create_store("shop")
        shop = client.store("shop")
        for kill_at in (2, 18):
            with subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as child:
                shop.count(has_done("page_viewed"))
                while sum(held.event_count for held in shop.stats().events) < kill_at * 1_000:
                    assert child.poll() is None, "the import ended before it was killed"
                child.kill()
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        facts = json.loads(told.stdout)
        assert (facts["rows"], facts["accepted"]) == (EVENTS, EVENTS - len(WRONG))
        with open(facts["rejected_file"], newline="") as beside:
            listed = [int(held["row"]) - 1 for held in csv.DictReader(beside)]
        assert sorted(listed) == list(WRONG)
        check(shop, events)
