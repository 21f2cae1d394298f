"""Whatever is written and asked in whatever order, a log answers as a list of rows does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from segsvc.bitmap import Bitmap
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import (
    Contains,
    EventQuery,
    In,
    OneOf,
    Place,
    Present,
    PropertyPredicate,
    Reduction,
)
from segsvc.index.events import EventLog
from segsvc.index.ranges import Ranges, RangeShape
from tests.index.naive_log import DEED, Row, block_of, having

BLOCK_ROWS = 4
PEOPLE = 5
LATEST = 2**32 - 2

people = st.integers(0, PEOPLE - 1)
times = st.one_of(st.integers(0, 20), st.sampled_from([0, LATEST - 1, LATEST]))
words = st.sampled_from(["", "a", "A", "ab", "b"])
keys = st.lists(st.sampled_from(["x", "y", "z"]), max_size=3).map(tuple)
numbers = st.one_of(st.none(), *[st.integers(-300, 300)] * 5)
extremes = st.sampled_from([2**31, -(2**31) - 1, 2**62, -(2**63)])
rows = st.lists(st.builds(Row, people, times, numbers, words, keys), min_size=1, max_size=9)
extreme_rows = st.lists(st.builds(Row, people, times, extremes), min_size=1, max_size=2)

number_clauses = st.builds(
    PropertyPredicate,
    st.just("value"),
    st.one_of(st.just(Present()), st.builds(In, st.integers(-301, 301), st.integers(-301, 2**70))),
    st.booleans(),
)
text_predicates = st.one_of(
    st.just(Present()),
    st.lists(st.sampled_from(["a", "b", "ab", "x", "y", "none"]), min_size=1, max_size=3).map(
        lambda held: OneOf(tuple(held))
    ),
    st.builds(Contains, st.sampled_from(["a", "b", "x"]), st.sampled_from(Place)),
)
clauses = st.one_of(
    number_clauses,
    st.builds(PropertyPredicate, st.sampled_from(["word", "keys"]), text_predicates, st.booleans()),
)
bounds = st.one_of(
    st.none(),
    st.integers(-6, 21).map(Decimal),
    st.decimals(-4, 4, places=2),
    st.just(Decimal(LATEST)),
)
intervals = st.builds(Interval, bounds, bounds, st.booleans(), st.booleans())
measures = st.one_of(
    st.tuples(
        st.sampled_from([Reduction.COUNT, Reduction.FIRST_TIME, Reduction.LAST_TIME]), st.just("")
    ),
    st.tuples(
        st.sampled_from([Reduction.SUM, Reduction.AVERAGE, Reduction.MINIMUM, Reduction.MAXIMUM]),
        st.just("value"),
    ),
)
groups = st.one_of(st.none(), st.none(), st.sets(people))
firsts = st.one_of(st.integers(-5, 21), st.just(-(2**62)), st.just(LATEST))
lasts = st.one_of(st.just(2**62), st.just(2**62), st.integers(-5, 21), st.just(LATEST))


@st.composite
def queries(draw: st.DrawFn) -> EventQuery:
    reduction, name = draw(measures)
    where = tuple(draw(st.lists(clauses, max_size=2)) if draw(st.booleans()) else ())
    return EventQuery("deed", where, draw(firsts), draw(lasts), reduction, name, draw(intervals))


STANDING = [
    EventQuery("deed", (), 3, 2**62, interval=Interval(lower=Decimal(1))),
    EventQuery("deed", (), 3, 2**62, interval=Interval(lower=Decimal(2))),
    EventQuery("deed", (), 0, 2**62, Reduction.LAST_TIME, "", Interval(lower=Decimal(5))),
    EventQuery("deed", (), 0, 2**62, Reduction.FIRST_TIME, "", Interval(upper=Decimal(5))),
    EventQuery("deed", (), 0, 2**62, Reduction.SUM, "value", Interval(lower=Decimal(1))),
]


class Logs(RuleBasedStateMachine):
    """Writes go to both; questions must agree, also while caches are half made."""

    at_once = False

    def __init__(self) -> None:
        super().__init__()
        self.ranges = Ranges(RangeShape(3, 2, fold_at=2, least=0, at_once=self.at_once, cut_from=3))
        self.log = EventLog(DEED, BLOCK_ROWS, self.ranges)
        self.rows: list[Row] = []
        self.half_made: list[Iterator[None]] = []

    @rule(new=rows)
    def record(self, new: list[Row]) -> None:
        self.log.append(*block_of(new))
        self.rows += new

    @precondition(lambda self: len(self.rows) > 60)
    @rule(new=extreme_rows)
    def record_extremes(self, new: list[Row]) -> None:
        self.record(new)

    @rule(person=people)
    def delete(self, person: int) -> None:
        self.log.remove(person)
        for row in self.rows:
            row.owner = None if row.owner == person else row.owner

    @rule(source=people, into=people, keeps=st.integers(0, 2**20 - 1))
    def merge(self, source: int, into: int, keeps: int) -> None:
        if source == into:
            return
        mine = [n for n, row in enumerate(self.rows) if row.owner == source]
        dropped = [n for n in mine if not keeps >> (n % 20) & 1]
        self.log.move(source, into, np.array(dropped, np.int64))
        for n in mine:
            self.rows[n].owner = None if n in dropped else into

    @rule(asked=st.lists(queries(), min_size=4, max_size=12), within=groups)
    def ask(self, asked: list[EventQuery], within: set[int] | None) -> None:
        for query in asked:
            found = self.log.having(query, None if within is None else Bitmap(within))
            assert set(found) == having(self.rows, query, within)

    @rule(query=queries())
    def prepare(self, query: EventQuery) -> None:
        self.half_made += [self.log.prepare(query), self.log.upkeep()]

    @rule()
    def go_on_preparing(self) -> None:
        self.half_made = [made for made in self.half_made if next(made, self) is None]

    @rule(slices=st.integers(1, 60))
    def cut_into_bins(self, slices: int) -> None:
        for _ in range(slices):
            self.ranges.upkeep()

    @rule(first=firsts, last=lasts, within=groups)
    def read_rows(self, first: int, last: int, within: set[int] | None) -> None:
        found = self.log.rows(first, last, None if within is None else Bitmap(within))
        assert found.tolist() == [
            n
            for n, row in enumerate(self.rows)
            if row.owner is not None
            and first <= row.time <= last
            and (within is None or row.owner in within)
        ]

    @rule(first=firsts, last=lasts)
    def name_who_crossed(self, first: int, last: int) -> None:
        timeline = self.log.timelines.of("")
        due = {
            row.owner for row in self.rows if first <= row.time <= last and row.owner is not None
        }
        assert due <= set(timeline.between(first, last))
        later = [row.time for row in self.rows if row.time > first and row.owner is not None]
        found = timeline.after(first)
        if later:
            assert found is not None
            assert first < found <= min(later)

    @rule()
    def restart(self) -> None:
        arrays = {array.name: array.live.copy() for array in self.log.arrays()}
        self.log = EventLog(DEED, BLOCK_ROWS, self.ranges)
        self.log.load(arrays)
        self.half_made = []

    @invariant()
    def every_row_reads_back(self) -> None:
        for person in range(PEOPLE):
            mine = [row for row in self.rows if row.owner == person]
            dates = [row.time for row in mine]
            summary = (len(mine), min(dates), max(dates)) if mine else None
            assert self.log.summary(person) == summary
            held = [(event.time, event.properties) for event in self.log.events(person)]
            assert sorted(time for time, _ in held) == sorted(row.time for row in mine)
            for row in mine:
                carried: dict[str, object] = {}
                if row.value is not None:
                    carried["value"] = Decimal(row.value) / 100
                if row.word:
                    carried["word"] = row.word
                if row.keys:
                    carried["keys"] = row.keys
                assert (row.time, carried) in held


Logs.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLogs = Logs.TestCase


class BinnedLogs(Logs):
    """The same where questions wait for bins, and those that have some are asked at each step."""

    at_once = True

    @invariant()
    def standing_questions_are_answered(self) -> None:
        for query in STANDING:
            assert set(self.log.having(query, None)) == having(self.rows, query, None)


BinnedLogs.TestCase.settings = Logs.TestCase.settings
TestBinnedLogs = BinnedLogs.TestCase


def test_rows_that_all_drop_out_move_to_who_never_had_one() -> None:
    log = EventLog(DEED)
    ordinals, times, block = block_of([Row(0, 0)])
    log.append(ordinals, times, block)
    query = EventQuery("deed", (), 0, 2**62, interval=Interval())
    assert set(log.having(query, None)) == {0}
    log.move(0, 1, np.array([0], np.int64))
    assert not log.having(query, None)


@pytest.mark.parametrize(
    ("least", "reduction"),
    [
        (1, Reduction.COUNT),
        (2, Reduction.COUNT),
        (1, Reduction.LAST_TIME),
        (1, Reduction.FIRST_TIME),
    ],
)
def test_bins_of_times_know_of_rows_that_a_question_takes_in(
    least: int, reduction: Reduction
) -> None:
    log = EventLog(DEED, BLOCK_ROWS, Ranges(RangeShape(bins=3, every=2, least=0, at_once=True)))
    made = [Row(person, person) for person in range(PEOPLE)] * 2
    log.append(*block_of(made))
    interval = Interval(lower=Decimal(least if reduction is Reduction.COUNT else 3))
    query = EventQuery(
        "deed", (), 3 if reduction is Reduction.COUNT else 0, 2**62, reduction, "", interval
    )
    for _ in range(2):
        assert set(log.having(query, None)) == having(made, query, None)
    made += [Row(0, 15), Row(0, 16), Row(1, 15), Row(1, 15)]
    log.append(*block_of(made[-4:]))
    assert set(log.having(query, None)) == having(made, query, None)
