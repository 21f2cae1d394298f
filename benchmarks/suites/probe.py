"""Callers in a process of their own, who count at a steady rate and note how long each took.

Calls are begun when they are due, whether or not those before were answered: many callers know
nothing of each other, and one that waited would hide the stall that it waited for.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from google.protobuf.message import Message

from benchmarks.peers.lowered import read
from benchmarks.questions.pool import tree
from benchmarks.stores.size import STORE
from benchmarks.suites.calls import Calls
from segsvc.rpc.encode import condition as encode_condition

RATE = 100.0
"""Calls a second."""


class Probe:
    """The other process, as seen from here."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def reset(self) -> None:
        """Forget what was noted so far."""
        self._call("reset")

    def noted(self) -> list[float]:
        """Return the milliseconds of each call since the last reset."""
        return self._call("noted")

    def _call(self, word: str) -> list[float]:
        self._pipe.send(word)
        answer: list[float] = self._pipe.recv()
        return answer


@contextmanager
def probing(target: str, leaves: list[str]) -> Iterator[Probe]:
    """Count conditions over *leaves* until the block is left."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run, args=(theirs, target, leaves), daemon=True)
    child.start()
    try:
        assert ours.recv() == "ready"
        yield Probe(ours)
    finally:
        ours.close()
        child.join(10)
        if child.is_alive():
            child.kill()
            child.join()


def _run(pipe: Connection, target: str, leaves: list[str]) -> None:
    rng, calls = random.Random(3), Calls(target, STORE)
    requests = [
        calls.count_request(encode_condition.condition(read(tree(rng.sample(leaves, 5), rng))))
        for _ in range(500)
    ]
    for request in requests:
        calls.count(request)
    pipe.send("ready")
    noted: list[float] = []
    turn, due = 0, time.monotonic()
    try:
        while True:
            while pipe.poll():
                word = pipe.recv()
                pipe.send(list(noted))
                if word == "reset":
                    noted = []
            _begin(calls, requests[turn % len(requests)], due, noted)
            turn += 1
            due += 1 / RATE
            if (early := due - time.monotonic()) > 0:
                time.sleep(early)
    except (EOFError, OSError):
        calls.close()


def _begin(calls: Calls, request: Message, due: float, noted: list[float]) -> None:
    """Call; note the milliseconds from when the call was *due* to its answer."""
    answered = calls.begin_count(request)
    answered.add_done_callback(lambda _: noted.append((time.monotonic() - due) * 1e3))
