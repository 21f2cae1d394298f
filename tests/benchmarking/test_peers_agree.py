"""Every peer that is installed answers every question as segsvc does, on a store of 1,000.

The peers beyond DuckDB and pyroaring come with the bench extra: ``make bench`` installs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.peers.registry import PEERS, PeerEntry
from benchmarks.questions.pool import pool
from benchmarks.questions.question import Ask
from benchmarks.stores.loading import Loaded, opened
from benchmarks.stores.size import SIZES
from benchmarks.suites import audience, leaf
from benchmarks.suites.asked import Case, Disagreement, ask_everybody
from benchmarks.suites.bench import Bench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    return Bench(SIZES["tiny"], folder / "cache", folder, [], say=lambda said: None)


@pytest.fixture(scope="module")
def loaded(bench: Bench) -> Iterator[Loaded]:
    with opened(bench.base.database, bench.size.at) as held:
        yield held


def cases_of(bench: Bench) -> list[Case]:
    return [
        *audience.cases(),
        *leaf.kind_cases(),
        *leaf.selectivity_cases(bench.files, bench.size.at),
        Case("tree", "pool", [Ask("pool", text) for text in pool()[::8]]),
    ]


@pytest.mark.parametrize("entry", PEERS, ids=lambda entry: entry.name)
def test_a_peer_answers_as_segsvc_does(bench: Bench, loaded: Loaded, entry: PeerEntry) -> None:
    if entry.unavailable:
        pytest.skip(entry.unavailable)
    run = replace(bench, wanted=[entry], rows=[])
    ask_everybody(run, loaded, cases_of(bench))
    audience_rows = [held for held in run.rows if held.suite == "audience"]
    theirs = {held.name for held in audience_rows if held.peer}
    ours = {held.name for held in audience_rows if not held.peer}
    assert len(ours) == 15
    assert theirs == ours - ({"opens", "sum"} if entry.name == "pyroaring" else set()), (
        "a peer stopped answering a question it can answer"
    )


def test_a_peer_with_another_answer_is_never_timed(bench: Bench, loaded: Loaded) -> None:
    liar = PeerEntry("liar", "tests.benchmarking.liar:Liar", ())
    run = replace(bench, wanted=[liar], rows=[])
    with pytest.raises(Disagreement, match="country"):
        ask_everybody(run, loaded, audience.cases()[:1])
    assert not [held for held in run.rows if held.peer and held.suite == "audience"]


@pytest.mark.long
def test_every_suite_runs(tmp_path: Path, bench: Bench) -> None:
    from benchmarks.suites.registry import NAMES, run

    held = Bench(bench.size, bench.cache, tmp_path, PEERS, say=lambda said: None)
    assert not run(held, NAMES), held.skipped
    assert {row.suite for row in held.rows} == set(NAMES)
