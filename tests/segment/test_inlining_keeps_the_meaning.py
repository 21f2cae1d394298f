"""A condition written into another says the same, and stays readable however often that is done."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not, depth, leaves
from segsvc.domain.errors import LimitExceeded
from segsvc.rpc.codec import WireCodec
from segsvc.segment.inline import MAX_LEVELS, inline, shallow
from tests.condition.strategies import conditions as any_conditions

NAMES = "abcdef"
LEAVES = st.builds(SegmentLeaf, st.sampled_from(NAMES), st.booleans())


def groups(children: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    some = st.lists(children, min_size=1, max_size=3).map(tuple)
    return st.builds(AllOf, some) | st.builds(AnyOf, some) | st.builds(Not, children)


TREES = st.recursive(LEAVES, groups, max_leaves=30)
"""Trees over segments, which stand for anything that is true or false."""


def holds(condition: Condition, true: frozenset[str]) -> bool:
    match condition:
        case AllOf(children):
            return all(holds(child, true) for child in children)
        case AnyOf(children):
            return any(holds(child, true) for child in children)
        case Not(child):
            return not holds(child, true)
        case SegmentLeaf(held, not_in):
            return (held in true) != not_in
    raise AssertionError(condition)


def worlds() -> list[frozenset[str]]:
    return [
        frozenset(name for name, is_true in zip(NAMES, truth, strict=True) if is_true)
        for truth in product((False, True), repeat=len(NAMES))
    ]


def same(one: Condition, other: Condition) -> bool:
    return all(holds(one, world) == holds(other, world) for world in worlds())


def chain(levels: int, start: Condition) -> Condition:
    """Nest by every kind of node in turn, with siblings that matter."""
    for level in range(levels):
        sibling = SegmentLeaf(NAMES[level % len(NAMES)], level % 4 == 0)
        if level % 5 == 4:
            start = Not(start)
        elif level % 2:
            start = AllOf((sibling, start))
        else:
            start = AnyOf((start, sibling))
    return start


@settings(max_examples=150, deadline=None)
@given(TREES, TREES)
def test_a_condition_in_place_of_a_segment_means_the_segment(
    outer: Condition, replacement: Condition
) -> None:
    found = inline(outer, "a", replacement)
    for world in worlds():
        meant = world - {"a"} | ({"a"} if holds(replacement, world) else frozenset())
        assert holds(found, world) == holds(outer, frozenset(meant))


@settings(max_examples=150, deadline=None)
@given(TREES, st.integers(0, 60), st.integers(8, 20))
def test_pressing_keeps_the_meaning_and_the_levels(
    start: Condition, nested: int, levels: int
) -> None:
    deep = chain(nested, start)
    try:
        found = shallow(deep, levels)
    except LimitExceeded:
        return
    assert depth(found) <= levels
    assert same(found, deep)


@pytest.mark.parametrize("levels", [41, 60, 100, 144, 300])
def test_a_chain_is_always_pressed(levels: int) -> None:
    deep = chain(levels - 1, SegmentLeaf("a"))
    found = shallow(deep, MAX_LEVELS)
    assert depth(found) <= MAX_LEVELS
    assert same(found, deep)


def test_deep_branches_side_by_side_are_pressed_one_by_one() -> None:
    deep = AllOf(tuple(chain(80 + n, SegmentLeaf(name)) for n, name in enumerate(NAMES)))
    found = shallow(deep, MAX_LEVELS)
    assert depth(found) <= MAX_LEVELS
    assert same(found, deep)
    assert sum(1 for _ in leaves(found)) < 20 * sum(1 for _ in leaves(deep))


def test_what_is_shallow_enough_stays_as_it_was_written() -> None:
    written = AllOf((AllOf((SegmentLeaf("a"),)), Not(Not(SegmentLeaf("b")))))
    assert shallow(written, MAX_LEVELS) is written
    assert inline(written, "c", SegmentLeaf("d")) is written


def test_groups_of_one_kind_and_double_negations_join_at_the_seam() -> None:
    both = AllOf((SegmentLeaf("b"), SegmentLeaf("c")))
    outer = AllOf((SegmentLeaf("a"), SegmentLeaf("d")))
    assert inline(outer, "a", both) == AllOf((SegmentLeaf("b"), SegmentLeaf("c"), SegmentLeaf("d")))
    assert inline(Not(SegmentLeaf("a")), "a", Not(both)) == both
    assert inline(SegmentLeaf("a", not_in=True), "a", Not(both)) == both


def test_what_would_be_too_large_is_refused_before_it_is_built() -> None:
    many = AnyOf(tuple(SegmentLeaf(f"segment-{n}") for n in range(3_000)))
    outer = AllOf(tuple(Not(AnyOf((SegmentLeaf("a"),))) for n in range(4_000)))
    for replacement in (many, SegmentLeaf("x" * 300)):
        with pytest.raises(LimitExceeded):
            inline(outer, "a", replacement)


@settings(max_examples=30, deadline=None)
@given(any_conditions())
def test_the_deepest_leaf_can_be_written_and_read(leaf: Condition) -> None:
    deep: Condition = leaf
    while depth(deep) < MAX_LEVELS:
        deep = Not(AllOf((deep,))) if depth(deep) < MAX_LEVELS - 1 else AllOf((deep,))
    codec = WireCodec()
    assert codec.condition_from_bytes(codec.condition_to_bytes(deep)) == deep
