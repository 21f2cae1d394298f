"""How much can arrive, durably, while segments are kept right?

Columns through the import streams of the client over loopback, every chunk on disk before its
acknowledgement, in one request at a time of 50,000 rows at most, six on their way. Without further
segments, and with 100 live ones that share at most 40 leaves, most of which every order may change.
"""

from __future__ import annotations

import time

from benchmarks.harness.measure import Samples
from benchmarks.peers.lowered import read
from benchmarks.questions.segments import affected
from benchmarks.stores.serving import Served, served
from benchmarks.stores.size import STORE
from benchmarks.stores.writes import attributes, drawn, orders
from benchmarks.suites.bench import Bench, Facts
from segsvc.rpc.encode import condition as encode_condition

_ROWS = 50_000
_CHUNKS = 10
_COLUMNS = 4
SEGMENTS = 100


def run(bench: Bench) -> None:
    """Measure events and attribute updates, without and with live segments."""
    for segments in (0, SEGMENTS):
        database = bench.copy("ingest")
        with served(database, bench.size.at, STORE) as held:
            for name, text in affected(segments, nested=True).items():
                condition = encode_condition.condition(read(text))
                held.store.create_segment(name, condition, segment_id=name)
            _events(bench, held, segments)
            _attributes(bench, held, segments)
        database.unlink()


def _rows(bench: Bench) -> int:
    return min(_ROWS, bench.size.contacts)


def _events(bench: Bench, held: Served, segments: int) -> None:
    rows, rates = _rows(bench), []
    for turn in range(bench.size.passes + 1):
        batches = [
            orders(drawn(rows, bench.size.contacts, turn * 100 + i), bench.size.at, i)
            for i in range(_CHUNKS)
        ]
        begun = time.perf_counter()
        done = held.store.import_events("order_placed", batches, skip_event_id_check=True)
        took = time.perf_counter() - begun
        assert done.accepted == rows * _CHUNKS, done
        rates.append(done.accepted / took)
    facts: Facts = {"segments": segments}
    bench.record("ingest", "events", Samples.of(rates[1:]), facts, unit="events/s")


def _attributes(bench: Bench, held: Served, segments: int) -> None:
    rows, rates = _rows(bench), []
    for turn in range(bench.size.passes + 1):
        batches = [
            attributes(drawn(rows, bench.size.contacts, turn * 100 + i), i) for i in range(_CHUNKS)
        ]
        begun = time.perf_counter()
        done = held.store.import_contacts(batches)
        took = time.perf_counter() - begun
        assert done.accepted == rows * _CHUNKS, done
        rates.append(done.accepted * _COLUMNS / took)
    facts: Facts = {"segments": segments}
    bench.record("ingest", "attributes", Samples.of(rates[1:]), facts, unit="updates/s")
