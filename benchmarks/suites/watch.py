"""How long after a write do its subscribers know, at 10,000 events a second?

100 live segments; a batch of 100 events every 10 ms. "shop traffic": contacts come as often as in
the shop, one batch in ten holds orders, three product views, the rest page views and visits.
"orders only": orders of contacts drawn at random, so that almost every batch changes almost every
segment. Watchers are in a process of their own, on a channel each, and receive Roaring deltas of
all segments. Timed from just before the request is sent
to the last message of its revision at each watcher (what the wire takes is in it), and from the
acknowledgement. Only revisions that changed something are counted. Watchers and the writer share
the machine with the server.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.harness.machine import until_idle
from benchmarks.harness.measure import Samples
from benchmarks.peers.lowered import read
from benchmarks.questions.segments import affected
from benchmarks.stores.serving import Served, served
from benchmarks.stores.size import STORE
from benchmarks.stores.writes import active, drawn, event_request, order_request, orders, visits
from benchmarks.suites.bench import Bench, Facts
from benchmarks.suites.calls import Calls
from benchmarks.suites.watchers import watching
from segsvc.rpc.encode import condition as encode_condition
from segsvc.v1 import ingest_service_pb2 as pb
from segsvc.v1 import ingest_service_pb2_grpc

SEGMENTS = 100
_BATCH = 100
_RATE = 10_000
_SECONDS = 6
_STREAMS = (("shop traffic", 1), ("shop traffic", 10), ("shop traffic", 30), ("orders only", 1))
"""Which events, and how many watchers."""

_TRAFFIC = (
    "order_placed", "product_viewed", "page_viewed", "visited", "product_viewed",
    "page_viewed", "visited", "product_viewed", "page_viewed", "visited",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch: when it was sent and acknowledged (monotonic seconds), and its revision."""

    sent: float
    acknowledged: float
    revision: int


def run(bench: Bench) -> None:
    """Measure the latency with 10 watchers, and what more watchers cost."""
    database = bench.copy("watch")
    with served(database, bench.size.at, STORE) as held:
        for name, text in affected(min(SEGMENTS, bench.size.contacts // 10), nested=True).items():
            condition = encode_condition.condition(read(text))
            held.store.create_segment(name, condition, segment_id=name)
        until_idle(held.child.pid)
        for stream, watchers in _STREAMS:
            _watched(bench, held, stream, watchers)
    database.unlink()


def _watched(bench: Bench, held: Served, stream: str, watchers: int) -> None:
    with watching(held.child.target, STORE, watchers) as seen:
        sent = _send(held, _requests(bench, stream))
        arrivals = seen.until(sent[-1].revision)
    to_watcher, after_ack = [], []
    for batch in sent[len(sent) // 10 :]:
        for arrived in arrivals.get(batch.revision, ()):
            to_watcher.append((arrived - batch.sent) * 1e3)
            after_ack.append(max((arrived - batch.acknowledged) * 1e3, 0.0))
    assert to_watcher, "no batch changed a segment"
    rate = _BATCH * len(sent) / (sent[-1].acknowledged - sent[0].sent)
    facts: Facts = {"events": stream, "watchers": watchers}
    bench.record("watch", "events sent", Samples.once(rate), facts, unit="events/s")
    bench.record("watch", "sent to subscriber", Samples.of(to_watcher), facts)
    bench.record("watch", "acknowledged to subscriber", Samples.of(after_ack), facts)
    acknowledged = [(batch.acknowledged - batch.sent) * 1e3 for batch in sent]
    bench.record("watch", "sent to acknowledged", Samples.of(acknowledged), facts)


def _requests(bench: Bench, stream: str) -> list[pb.RecordEventsRequest]:
    number = int(_SECONDS * _RATE / _BATCH) if bench.size.contacts > 10_000 else 30
    seed, at = int(time.monotonic() * 1e3), bench.size.at
    requests = []
    if stream == "orders only":
        for place in range(number):
            numbers = drawn(_BATCH, bench.size.contacts, seed + place)
            requests.append(order_request(STORE, orders(numbers, at, place)))
        return requests
    people = active(bench.files, number * _BATCH, seed).reshape(number, _BATCH)
    for place, numbers in enumerate(people):
        behavior = _TRAFFIC[place % len(_TRAFFIC)]
        batch = orders(numbers, at, place) if place % len(_TRAFFIC) == 0 else visits(numbers, at)
        requests.append(event_request(STORE, behavior, batch))
    return requests


def _send(held: Served, requests: Sequence[pb.RecordEventsRequest]) -> list[Sent]:
    """Send batches at a steady rate, not waiting for the one before; return them in order."""
    calls = Calls(held.child.target, STORE)
    stub = ingest_service_pb2_grpc.IngestServiceStub(calls.channel)
    sent: list[Sent] = []
    waiting = []
    begun = time.monotonic()
    for place, request in enumerate(requests):
        due = begun + place * _BATCH / _RATE
        if (early := due - time.monotonic()) > 0:
            time.sleep(early)
        moment = time.monotonic()
        future = stub.RecordEvents.future(request)
        acknowledged: list[float] = []
        future.add_done_callback(lambda _, held=acknowledged: held.append(time.monotonic()))
        waiting.append((moment, acknowledged, future))
    for moment, acknowledged, future in waiting:
        revision = future.result().revision
        while not acknowledged:
            time.sleep(0.001)
        sent.append(Sent(moment, acknowledged[0], revision))
    calls.close()
    return sent
