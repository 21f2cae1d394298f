"""Long work is done in pieces, by upkeep and ahead of answers, and answers are the same."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from segsvc.bitmap import Bitmap
from segsvc.domain.columns import NO_ROWS, FieldColumn, NumberColumn, Strings, TextColumn
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import EventQuery, OneOf, PropertyPredicate, Reduction
from segsvc.domain.write import EventBlock
from segsvc.index.events import EventLog
from segsvc.index.events.latest import LatestTimes
from tests.index.naive_log import DEED

ROWS, PEOPLE, NOW = 300_000, 20_000, 1_000_000
WORDS = tuple(f"word {n}" for n in range(300))


@pytest.fixture(scope="module")
def events() -> tuple[EventLog, dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]]:
    rng = np.random.default_rng(5)
    held = {
        "owners": rng.integers(0, PEOPLE, ROWS),
        "times": np.sort(rng.integers(0, NOW, ROWS)),
        "values": rng.integers(-500, 5_000, ROWS),
        "words": rng.integers(0, len(WORDS), ROWS),
    }
    late = rng.random(ROWS) < 0.02
    held["times"][late] //= 2
    log = EventLog(DEED)
    for start in range(0, ROWS, 90_000):
        part = slice(start, start + 90_000)
        rows = np.arange(len(held["times"][part]), dtype=np.uint32)
        words = TextColumn(held["words"][part].astype(np.uint32), Strings.of(WORDS))
        columns = (
            FieldColumn("value", rows, NumberColumn(held["values"][part]), NO_ROWS),
            FieldColumn("word", rows, words, NO_ROWS),
        )
        times = held["times"][part]
        block = EventBlock("deed", rows, Strings.of([]), times, None, columns)
        log.append(held["owners"][part].astype(np.uint32), times, block)
    return log, held


SINCE = NOW - NOW // 5
QUESTIONS = {
    "at least 3": EventQuery("deed", (), SINCE, 2**62, interval=Interval(Decimal(3))),
    "exactly 2": EventQuery("deed", (), SINCE, 2**62, interval=Interval(Decimal(2), Decimal(2))),
    "at least 12": EventQuery("deed", (), 0, 2**62, interval=Interval(Decimal(12))),
    "first time": EventQuery(
        "deed", (), -1, 2**62, Reduction.FIRST_TIME, "", Interval(None, Decimal(NOW // 9))
    ),
    "last time": EventQuery(
        "deed", (), -1, 2**62, Reduction.LAST_TIME, "", Interval(None, Decimal(SINCE))
    ),
    "sum": EventQuery(
        "deed", (), SINCE, 2**62, Reduction.SUM, "value", Interval(Decimal(20), Decimal(90))
    ),
    "word": EventQuery(
        "deed",
        (PropertyPredicate("word", OneOf(WORDS[3:5])),),
        SINCE,
        SINCE * 2,
        interval=Interval(Decimal(1)),
    ),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_answers_before_during_and_after(
    name: str, events: tuple[EventLog, dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]]
) -> None:
    log, held = events
    query = QUESTIONS[name]
    expected = _expected(query, held)
    some = Bitmap(range(0, PEOPLE, 97))
    assert log.having(query, None) == expected
    for _ in log.prepare(query):
        assert log.having(query, some) == expected & some
    for piece, _ in enumerate(log.upkeep()):
        if piece % 5 == 0:
            assert log.having(query, None) == expected
    assert log.having(query, None) == expected
    assert log.having(query, some) == expected & some


def _expected(
    query: EventQuery, held: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]
) -> Bitmap:
    chosen = (held["times"] >= query.first) & (held["times"] <= query.last)
    if query.where:
        chosen &= (held["words"] == 3) | (held["words"] == 4)
    owners = held["owners"][chosen]
    numbers = np.zeros(PEOPLE, np.int64)
    scale = 1
    match query.reduction:
        case Reduction.COUNT:
            numbers = np.bincount(owners, minlength=PEOPLE)
        case Reduction.SUM:
            np.add.at(numbers, owners, held["values"][chosen])
            scale = 100
        case Reduction.FIRST_TIME:
            numbers[:] = NOW
            np.minimum.at(numbers, owners, held["times"][chosen])
        case _:
            np.maximum.at(numbers, owners, held["times"][chosen])
    there = np.unique(owners)
    low = -np.inf if query.interval.lower is None else float(query.interval.lower) * scale
    high = np.inf if query.interval.upper is None else float(query.interval.upper) * scale
    return Bitmap(there[(numbers[there] >= low) & (numbers[there] <= high)].tolist())


def test_two_windows_asked_for_in_turn_keep_totals_of_their_own(
    events: tuple[EventLog, dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]],
) -> None:
    log, held = events
    near, far = NOW // 2, NOW // 3
    for since in (near, far, near, far, near + 60, far + 60):
        query = EventQuery("deed", (), since, 2**62, Reduction.SUM, "value", Interval(Decimal(20)))
        late = held["times"] >= since
        sums = np.bincount(held["owners"][late], held["values"][late], PEOPLE)
        assert set(log.having(query, None)) == set(np.flatnonzero(sums >= 2_000).tolist())
    kept = [held.since for held in log.answers.totals._kept if held.what.property == "value"]
    assert kept[-2:] == [near + 60, far + 60], "both crept, neither became the other"


def test_an_answer_at_hand_does_not_wait_for_what_a_deeper_question_asked_for() -> None:
    log, times = EventLog(DEED), np.arange(ROWS // 2)
    rows = np.arange(len(times), dtype=np.uint32)
    block = EventBlock("deed", rows, Strings.of([]), times, None, ())
    latest = LatestTimes(log)
    for people in (len(times), 10):
        log.append(rows % people, times, block)
        assert int(latest.nth(1)[people - 1]) == len(times)
        assert not latest.is_near(3), "left to upkeep"
    for _ in latest.upkeep():
        assert int(latest.nth(1)[9]) == len(times)
    assert latest.is_near(3)
