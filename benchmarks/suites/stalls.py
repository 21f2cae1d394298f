"""How long do other calls wait while something big goes on?

A probe in a process of its own counts five-leaf conditions 100 times a second, each timed from when
it was due; meanwhile the server is idle, imports, takes a snapshot, builds a segment's membership,
looks for texts never looked for, or streams every recipient. Client, probe and server share two
cores.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.harness.machine import until_idle
from benchmarks.harness.measure import Samples
from benchmarks.questions.pool import pool
from benchmarks.stores.serving import Served, served
from benchmarks.stores.size import STORE
from benchmarks.stores.writes import drawn, orders
from benchmarks.suites.bench import Bench
from benchmarks.suites.calls import Calls
from benchmarks.suites.probe import probing
from segsvc.client import boolean, days, has_done, number, text
from segsvc.v1 import evaluation_pb2
from segsvc.v1 import evaluation_service_pb2 as pb

_SECONDS = 4.0
_ROWS = 50_000
_CHANGED = 2_000


def run(bench: Bench) -> None:
    """Probe an idle server, then one that is busy in each way."""
    database = bench.copy("stalls")
    seconds = _SECONDS if bench.size.contacts > 10_000 else 0.3
    with served(database, bench.size.at, STORE) as held:
        calls = Calls(held.child.target, STORE)
        held.store.create_segment("All", boolean("is_member").is_set(), segment_id="all")
        busy: dict[str, Callable[[int], None]] = {
            "idle": lambda turn: time.sleep(seconds / 4),
            "importing events": lambda turn: _import(bench, held, turn),
            "building a segment": lambda turn: _build(held, turn),
            "searching texts": lambda turn: _search(held, turn),
            "streaming recipients": lambda turn: _stream(calls),
            "snapshot": lambda turn: _snapshot(bench, held, turn),
        }
        until_idle(held.child.pid)
        with probing(held.child.target, pool()):
            pass  # asks everything once
        until_idle(held.child.pid)
        with probing(held.child.target, pool()) as probe:
            for name, work in busy.items():
                probe.reset()
                end, turn = time.monotonic() + seconds, 0
                while time.monotonic() < end or turn == 0:
                    work(turn)
                    turn += 1
                bench.record("stalls", "count", Samples.of(probe.noted()), {"meanwhile": name})
        calls.close()
    database.unlink()


def _import(bench: Bench, held: Served, turn: int) -> None:
    rows = min(_ROWS, bench.size.contacts)
    batch = orders(drawn(rows, bench.size.contacts, turn), bench.size.at, turn)
    held.store.import_events("order_placed", [batch] * 4, skip_event_id_check=True)


def _build(held: Served, turn: int) -> None:
    condition = (
        (number("points") >= turn % 7)
        & (has_done("page_viewed").in_the_last(days(365 - turn % 50)).count >= 1 + turn % 3)
    ) | boolean("is_member").is_true()
    made = held.store.create_segment(f"Built {turn}", condition, segment_id=f"built{turn}")
    held.store.delete_segment(made.segment.segment_id)


def _search(held: Served, turn: int) -> None:
    """Count who has an e-mail address that contains something nobody asked for yet."""
    held.store.count(text("email").contains(f"a{turn}"))


def _stream(calls: Calls) -> None:
    request = pb.ResolveRecipientsRequest(
        store_id=STORE,
        spec=evaluation_pb2.RecipientSpec(
            include_segment_ids=["all"], channel=evaluation_pb2.CHANNEL_EMAIL
        ),
    )
    path = "/segsvc.v1.EvaluationService/ResolveRecipients"
    for _ in calls.stream(path, request, pb.ResolveRecipientsResponse):
        pass


def _snapshot(bench: Bench, held: Served, turn: int) -> None:
    """Take a snapshot after a change of contacts all over, so that it has every chunk to write.

    They are no more than that takes: an import of many has a row of its own.
    """
    numbers = drawn(min(_CHANGED, bench.size.contacts), bench.size.contacts, turn)
    batch = orders(numbers, bench.size.at, turn)
    held.store.import_events("order_placed", [batch], skip_event_id_check=True)
    held.store.create_snapshot()
