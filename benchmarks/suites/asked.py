"""Questions put to segsvc and to every peer: answers compared first, then timed side by side.

The audience, leaf and tree suites are lists of `Case`s; here they are run, so that each peer loads
the store only once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from benchmarks.harness.measure import Call, Samples
from benchmarks.peers.child import RemotePeer, in_child
from benchmarks.peers.peer import Answer, Unsupported
from benchmarks.questions.question import Ask
from benchmarks.stores.loading import Loaded
from benchmarks.suites.bench import Bench, Facts
from segsvc.bitmap import ordinals_of
from segsvc.condition.tree import Condition

SLOW = 1_000.0
"""Milliseconds of one answer from which a peer is asked only twice in a pass."""


class Disagreement(AssertionError):
    """A peer's answer is not ours."""


@dataclass(slots=True)
class Case:
    """One question in several variants, none of which shares a window or bound with another."""

    suite: str
    name: str
    asks: Sequence[Ask]
    parameters: Facts = field(default_factory=dict)
    peers: frozenset[str] | None = None
    """Whom to ask; None: everybody."""
    answers: list[Answer] = field(default_factory=list)
    fresh: Samples | None = None
    """Ours to variants never asked before."""

    def facts(self, asked: str) -> Facts:
        """Return the parameters of a row."""
        return {**self.parameters, "asked": asked}

    def wants(self, peer: str) -> bool:
        """Whether *peer* is asked."""
        return self.peers is None or peer in self.peers


class Ours:
    """The cases put to segsvc in this process."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        self._conditions: dict[str, Condition] = {}

    def condition(self, ask: Ask) -> Condition:
        """Return the parsed condition of *ask*."""
        if ask.text not in self._conditions:
            self._conditions[ask.text] = self.loaded.condition(ask.text)
        return self._conditions[ask.text]

    def answer(self, ask: Ask) -> Answer:
        """Answer as one request does, from the decoded condition on."""
        condition = self.condition(ask)
        if ask.wants_ids:
            return ordinals_of(self.loaded.members(condition))
        return self.loaded.count(condition)

    def milliseconds(self, ask: Ask) -> float:
        """Answer *ask*; return what it took."""
        self.condition(ask)
        begun = time.perf_counter_ns()
        self.answer(ask)
        return (time.perf_counter_ns() - begun) / 1e6


def ask_ourselves(bench: Bench, ours: Ours, cases: Sequence[Case]) -> None:
    """Record cold, fresh and repeated answers of every case.

    cold: the first question of its kind to this process. fresh: a variant never asked before.
    again: variants that were asked before.
    """
    for case in cases:
        first = []
        for ask in case.asks:
            ours.loaded.upkeep()
            first.append(ours.milliseconds(ask))
            case.answers.append(ours.answer(ask))
        bench.record(case.suite, case.name, Samples.once(first[0]), case.facts(asked="cold"))
        if len(first) > 1:
            case.fresh = Samples.of(first[1:])
            bench.record(case.suite, case.name, case.fresh, case.facts(asked="fresh"))
        again = bench.measure({"ours": _in_turn(ours, case)})["ours"]
        bench.record(case.suite, case.name, again, case.facts(asked="again"))


def _in_turn(whom: Ours | RemotePeer, case: Case) -> Call:
    """Return the call that asks *whom* the next variant."""
    turns = cycle(case.asks)
    return lambda: whom.milliseconds(next(turns))


def ask_peer(bench: Bench, ours: Ours, peer: RemotePeer, name: str, cases: Sequence[Case]) -> None:
    """Compare a peer's answers with ours, then time both in turn; record the peer's rows.

    Peers keep no answers, so one measurement stands against ours to fresh questions and to
    repeated ones.

    Raises:
        Disagreement: it answers something else.
    """
    for case in cases:
        if not case.wants(name):
            continue
        try:
            begun = time.perf_counter()
            for ask, expected in zip(case.asks, case.answers, strict=True):
                _check(name, ask, expected, peer.answer(ask))
            took = (time.perf_counter() - begun) * 1e3 / len(case.asks)
        except Unsupported as why:
            bench.say(f"  {case.name:34} {name} cannot: {why}")
            continue
        calls = {"ours": _in_turn(ours, case), "theirs": _in_turn(peer, case)}
        samples = bench.measure(calls, least=2 if took > SLOW else 3)
        theirs = samples["theirs"]
        for asked, mine in (("fresh", case.fresh), ("again", samples["ours"])):
            if mine is not None:
                facts = case.facts(asked=asked)
                bench.record(case.suite, case.name, theirs, facts, peer=name, ours=mine)


def _check(name: str, ask: Ask, expected: Answer, answer: Answer) -> None:
    if not np.array_equal(expected, answer):
        sizes = [held if isinstance(held, int) else len(held) for held in (expected, answer)]
        raise Disagreement(f"{ask.text}: segsvc finds {sizes[0]:,}, {name} {sizes[1]:,}")


def ask_everybody(bench: Bench, loaded: Loaded, cases: Sequence[Case]) -> None:
    """Put *cases* to segsvc and to every peer."""
    ours = Ours(loaded)
    ask_ourselves(bench, ours, cases)
    for entry in bench.peers:
        if not any(case.wants(entry.name) for case in cases):
            continue
        with in_child(entry.load, bench.files, bench.size.at) as peer:
            held, took = (
                Samples.once(value) for value in (peer.loading.megabytes, peer.loading.seconds)
            )
            if entry.in_process:
                bench.record("memory", "peer process", held, unit="MB", peer=entry.name)
            bench.record("import", "load into memory", took, unit="s", peer=entry.name)
            ask_peer(bench, ours, peer, entry.name, cases)
