"""Bins against the column they are a cache of, through writes, growth, builds and folds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from segsvc.bitmap import Bitmap, Faces
from segsvc.domain.decimals import INT64_MAX, INT64_MIN
from segsvc.index.bins import Bins
from segsvc.index.ranges import RangeBins, Ranges, RangeShape

VALUES = st.one_of(
    st.integers(-4, 12), st.integers(-500, 500), st.sampled_from([INT64_MIN, 0, INT64_MAX])
)
"""Few values that many have, many that few have, and the ends."""


class Column:
    """A column as a dict of values by contact."""

    def __init__(self) -> None:
        self.size = 0
        self.values: dict[int, int] = {}

    def keys(self, contacts: Any) -> Any:
        places = np.arange(self.size)[contacts].tolist()
        held = [self.values.get(place) for place in places]
        there = np.array([value is not None for value in held], np.bool_)
        return np.array([value or 0 for value in held], np.int64), there

    def between(self, low: int, high: int) -> Bitmap:
        return Bitmap([held for held, value in self.values.items() if low <= value <= high])


class BinsFollow(RuleBasedStateMachine):
    """Anything may happen between two slices of upkeep."""

    @initialize(
        bins=st.integers(1, 9),
        every=st.integers(1, 4),
        fold_at=st.integers(0, 6),
        at_once=st.booleans(),
        cut_from=st.sampled_from([1, 12, 1_000]),
        words_from=st.sampled_from([1, 40, 1_000]),
        first=st.lists(st.none() | VALUES, max_size=150),
    )
    def begin(
        self,
        bins: int,
        every: int,
        fold_at: int,
        at_once: bool,
        cut_from: int,
        words_from: int,
        first: list[int | None],
    ) -> None:
        self.column = Column()
        self.counted: list[tuple[Faces, Bitmap]] = []
        shape = RangeShape(bins, every, fold_at, 0, at_once, cut_from, words_from)
        self.ranges = Ranges(shape)
        self.bins = self.ranges.over(lambda: self.column.size, self.column.keys)
        self.write(0, first)

    @rule(start=st.integers(0, 200), values=st.lists(st.none() | VALUES, min_size=1, max_size=25))
    def write(self, start: int, values: list[int | None]) -> None:
        start = min(start, self.column.size)
        for place, value in enumerate(values, start):
            if value is None:
                self.column.values.pop(place, None)
            else:
                self.column.values[place] = value
        self.column.size = max(self.column.size, start + len(values))
        self.bins.wrote(np.arange(start, start + len(values), dtype=np.uint32))

    @rule(slices=st.integers(1, 40))
    def upkeep(self, slices: int) -> None:
        for _ in range(slices):
            if not self.ranges.upkeep():
                break

    @rule(low=VALUES, high=VALUES)
    def ask_between(self, low: int, high: int) -> None:
        self.same(self.bins.between(low, high), self.column.between(low, high))

    @rule(values=st.sets(VALUES, max_size=6))
    def ask_one_of(self, values: set[int]) -> None:
        expected = [held for held, value in self.column.values.items() if value in values]
        found = self.bins.one_of(np.array(sorted(values), np.int64))
        self.same(found, Bitmap(expected))

    @rule(value=st.integers(-500, 500))
    def ask_after(self, value: int) -> None:
        if self.bins.is_ready:
            later = [held for held in self.column.values.values() if held > value]
            assert self.bins.after(value) == min(later, default=None)

    @rule()
    def make_what_was_counted(self) -> None:
        """An answer is the one of when it was asked for, whenever its set is made."""
        for found, expected in self.counted:
            assert found.bitmap == expected
        self.counted = []

    def same(self, found: Faces | None, expected: Bitmap) -> None:
        assert found is not None or not self.bins.is_ready
        if found is not None:
            assert found.count == len(expected)
            self.counted.append((found, expected))

    @invariant()
    def whoever_has_a_value_is_present(self) -> None:
        if hasattr(self, "bins") and self.bins.is_ready:
            self.same(self.bins.present(), Bitmap(list(self.column.values)))

    def teardown(self) -> None:
        if hasattr(self, "bins"):
            self.make_what_was_counted()


def test_bins_follow_their_column() -> None:
    run_state_machine_as_test(
        BinsFollow,
        settings=settings(max_examples=80, stateful_step_count=30, deadline=None, derandomize=True),
    )


def built(values: np.ndarray[Any, Any]) -> RangeBins:
    return built_over([values])


def built_over(column: list[np.ndarray[Any, Any]]) -> RangeBins:
    """Return bins over the one array that *column* holds, which may become another."""

    def keys(held: Any) -> tuple[Any, Any]:
        return column[0][held], np.ones(len(column[0][held]), np.bool_)

    bins = RangeBins(RangeShape(cut_from=64), lambda: len(column[0]), keys)
    assert bins.between(0, 0) is None
    while bins.upkeep():
        pass
    return bins


def answer(bins: RangeBins, low: int, high: int) -> Bitmap:
    found = bins.between(low, high)
    assert found is not None
    return found.bitmap


def ranges() -> Iterator[tuple[int, int]]:
    yield from [(0, 0), (1, INT64_MAX), (INT64_MIN, -1), (500, 900), (12_345, 12_345), (-3, 70_000)]


def test_a_large_column_with_a_heavy_value_is_cut_well() -> None:
    drawn = np.random.default_rng(3)
    values = drawn.integers(0, 100_000, 300_000)
    values[drawn.random(len(values)) < 0.6] = 0
    bins = built(values)
    for low, high in ranges():
        expected = Bitmap(np.flatnonzero((values >= low) & (values <= high)).tolist())
        assert answer(bins, low, high) == expected
    found = bins.between(0, 0)
    again = bins.between(0, 0)
    assert found is not None
    assert again is not None
    assert found.bitmap is again.bitmap, "a value with a bin of its own is not looked into"


@pytest.mark.parametrize("words_from", [1, 10**9])
@pytest.mark.parametrize("size", [600, 100_000])
def test_every_answer_is_right_at_every_step_of_a_fold(size: int, words_from: int) -> None:
    """Halfway, who moved is in two bins, or in a union and in none; bins of few are put in else."""
    drawn = np.random.default_rng(7)
    values = drawn.permutation(size)

    def keys(held: Any) -> tuple[Any, Any]:
        return values[held], np.ones(len(values[held]), np.bool_)

    shape = RangeShape(400, 16, fold_at=1, least=0, words_from=words_from)
    bins = RangeBins(shape, lambda: len(values), keys)
    assert bins.between(0, 0) is None
    while bins.upkeep():
        pass
    moved = drawn.choice(size, 40, replace=False)
    values[moved] = values[moved[::-1]]
    values = np.append(values, np.full(20, size // 3))
    bins.wrote(np.append(moved, np.arange(size, size + 20)).astype(np.uint32))
    steps = 0
    while bins.upkeep() or not steps:
        steps += 1
        for low, high in np.sort(drawn.integers(0, size, (9, 2))).tolist():
            found = bins.between(low, high)
            assert found is not None
            expected = Bitmap(np.flatnonzero((values >= low) & (values <= high)).tolist())
            assert (found.count, found.bitmap) == (len(expected), expected)
    assert steps > 3


@pytest.mark.parametrize("words_from", [1, 10**9])
def test_any_bins_in_a_row_are_united(words_from: int) -> None:
    """From unions before and behind them that are words, or bitmaps, or of nobody."""
    size = 800_000
    drawn = np.random.default_rng(3)
    values, there = drawn.permutation(size), drawn.random(size) < 0.66
    values[drawn.random(size) < 0.1] = 400_000
    bins = Bins(lambda held: (values[held], there[held]), 1_024, 32, words_from)
    for _ in bins.build(size):
        pass
    last = len(bins)
    ends = range(last - 24, last + 1)
    pairs = {(first, end) for first in range(last - 24, last) for end in ends if first < end}
    pairs |= {(first, end) for first in range(0, last - 24, 60) for end in ends}
    for first, end in pairs:
        found = bins.span(first, end).united(size)
        expected = Bitmap.union(Bitmap(), *bins.held[first:end])
        assert (found.count, found.bitmap) == (len(expected), expected), (first, end)


def test_the_newest_bin_splits_as_time_goes_on() -> None:
    column = [np.arange(200_000)]
    bins = built_over(column)
    for _ in range(6):
        values = column[0]
        more = np.arange(len(values), len(values) + 20_000)
        column[0] = values = np.concatenate([values, more])
        bins.wrote(more.astype(np.uint32))
        bins.between(0, 1)
        while bins.upkeep():
            pass
    assert answer(bins, 199_990, 10**9) == Bitmap(range(199_990, len(values)))
    assert max(map(len, bins._bins.held)) <= 4 * len(values) // 1_024
