"""How fast are a campaign's recipients out: as Roaring bitmaps, as contact ids?

ResolveRecipients over loopback, from the request to the last message, the resolution stored before
its first byte. The include segment holds every contact who can be reached by e-mail.
"""

from __future__ import annotations

import time

from benchmarks.harness.measure import Samples
from benchmarks.stores.serving import served
from benchmarks.stores.size import STORE
from benchmarks.suites.bench import Bench, Facts
from benchmarks.suites.calls import Calls
from segsvc.client import boolean
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import evaluation_service_pb2 as pb

_RESOLVE = "/segsvc.v1.EvaluationService/ResolveRecipients"
_FORMATS = {
    "roaring": evaluation_pb2.MEMBER_FORMAT_ROARING,
    "contact ids": evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS,
}


def run(bench: Bench) -> None:
    """Resolve everybody, several times, in both forms."""
    database = bench.copy("resolve")
    with served(database, bench.size.at, STORE) as server:
        everybody = boolean("is_member").is_set()
        server.store.create_segment("Everybody", everybody, segment_id="everybody")
        calls = Calls(server.child.target, STORE)
        counts: dict[str, int] = {}
        took: dict[str, list[float]] = {name: [] for name in _FORMATS}
        for _ in range(bench.size.passes + 1):
            for name, wire_format in _FORMATS.items():
                one, counts[name] = _resolve(calls, wire_format)
                took[name].append(one)
        calls.close()
    database.unlink()
    for name, milliseconds in took.items():
        warm = milliseconds[1:]
        held = Samples.of(warm)
        facts: Facts = {"recipients": counts[name]}
        bench.record("resolve", name, held, facts)
        rate = Samples.of([counts[name] / (one / 1e3) for one in warm])
        bench.record("resolve", f"{name} rate", rate, facts, unit="ids/s")


def _resolve(calls: Calls, wire_format: evaluation_pb2.MemberFormat) -> tuple[float, int]:
    request = pb.ResolveRecipientsRequest(
        store_id=STORE,
        spec=evaluation_pb2.RecipientSpec(
            include_segment_ids=["everybody"], channel=evaluation_pb2.CHANNEL_EMAIL
        ),
        format=wire_format,
    )
    count = 0
    begun = time.perf_counter_ns()
    for message in calls.stream(_RESOLVE, request, pb.ResolveRecipientsResponse):
        if message.WhichOneof("message") == "header":
            count = message.header.recipient_count
    return (time.perf_counter_ns() - begun) / 1e6, count
