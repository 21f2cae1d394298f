"""What does a count cost a caller, beyond what any call costs?

Count against GetStore in the same server, in turn, one call at a time, requests built ahead. Trees
have five leaves and are never repeated. Their leaves are of the pool of 200 and were asked before
("pool"), or never were ("never seen"), or are those an editor asks, with windows that move
("editor"); or the count is of a saved segment. What was asked before is measured on a server that
has nothing else to do; what is new comes after it, as the upkeep that it asks for runs beside the
calls that follow.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count, cycle, islice

from google.protobuf.message import Message

from benchmarks.harness.machine import until_idle
from benchmarks.harness.measure import Call, Samples, measure
from benchmarks.peers.lowered import read
from benchmarks.questions.audience import SAVED
from benchmarks.questions.pool import DENSE, editor_tree, fresh_leaves, pool, tree
from benchmarks.stores.serving import Served, served
from benchmarks.stores.size import STORE
from benchmarks.suites.bench import Bench
from benchmarks.suites.calls import Calls
from segsvc.rpc.encode import condition as encode_condition

_ROUNDS = 200


def run(bench: Bench) -> None:
    """Measure every kind of count in turn with a call that does nothing."""
    with served(bench.base.database, bench.size.at, STORE) as server:
        calls = Calls(server.child.target, STORE)
        pooled = _pooled(calls, _dense(server))
        fresh = _fresh(calls)
        edited = iter([_request(calls, editor_tree(i)) for i in range(_ROUNDS + 100)])
        saved = cycle([calls.saved_request(name) for name in SAVED])
        groups: tuple[dict[str, Call], ...] = (
            {
                "pool": lambda: calls.count(next(pooled)),
                "saved segment": lambda: calls.count(next(saved)),
            },
            {
                "never seen": lambda: calls.count(next(fresh)),
                "editor": lambda: calls.count(next(edited)),
            },
        )
        for cases in groups:
            for call in cases.values():
                call()
            until_idle(server.child.pid)
            _measured(bench, {"no-op": calls.nothing, **cases})
        calls.close()


def _measured(bench: Bench, cases: dict[str, Call]) -> None:
    samples = measure(cases, passes=10, seconds=60, least=1, most=_per_pass(bench))
    nothing = samples.pop("no-op")
    for name, held in samples.items():
        bench.record("count_rpc", name, held)
        bench.record("count_rpc", name, nothing, peer="no-op", ours=held)
        over = tuple(
            (mine / theirs,) for mine, theirs in zip(held.rounds, nothing.rounds, strict=True)
        )
        bench.record("count_rpc", f"{name} over no-op", Samples(over), unit="x")


def _per_pass(bench: Bench) -> int:
    return 4 if bench.size.contacts < 10_000 else _ROUNDS // 10


def _dense(server: Served) -> list[str]:
    """Return the dense leaves of the pool, all of them asked once."""
    total = server.store.stats().contact_count
    held = []
    for leaf in pool():
        found = server.store.count(encode_condition.condition(read(leaf))).contact_count
        if found >= total * DENSE:
            held.append(leaf)
    return held


def _pooled(calls: Calls, leaves: list[str]) -> Iterator[Message]:
    rng = random.Random(5)
    requests = [_request(calls, tree(rng.sample(leaves, 5), rng)) for _ in range(_ROUNDS + 100)]
    return iter(requests)


def _fresh(calls: Calls) -> Iterator[Message]:
    numbers = islice(count(3_000), _ROUNDS + 100)
    return iter(
        [_request(calls, tree(fresh_leaves(held), random.Random(held))) for held in numbers]
    )


def _request(calls: Calls, text: str) -> Message:
    return calls.count_request(encode_condition.condition(read(text)))
