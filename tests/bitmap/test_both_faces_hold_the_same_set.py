"""Words and Roaring are one set: conversions and the algebra of blocks against Python sets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segsvc.bitmap import (
    Bitmap,
    Expression,
    Faces,
    add_bits,
    canonical_bytes,
    combine,
    from_mask,
    from_sorted,
    from_words,
    take_bits,
    to_bytes,
    words_of,
)
from segsvc.bitmap.blocks import count_of, fill
from segsvc.bitmap.chain import among, count_in_chain, in_chain
from segsvc.bitmap.combine import Form
from segsvc.bitmap.expression import Both, Either
from segsvc.bitmap.filled import filled_words_of

CONTAINERS = 5
LIMIT = CONTAINERS * 65_536 - 1_000


def container(seed: int, density: float) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).random(65_536) < density


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """A mask whose containers are empty, thin, near the array limit, dense, full or of runs."""
    parts = []
    for _ in range(CONTAINERS):
        kind = draw(st.sampled_from(["drawn", "empty", "full", "runs", "few", "limit"]))
        part = np.zeros(65_536, np.bool_)
        match kind:
            case "drawn":
                density = draw(st.sampled_from([0.001, 0.02, 0.0625, 0.3, 0.97]))
                part = container(draw(st.integers(0, 2**20)), density)
            case "full":
                part[:] = True
            case "runs":
                bounds = st.lists(st.integers(0, 65_535), min_size=2, max_size=6)
                for first, last in zip(*[iter(sorted(draw(bounds)))] * 2, strict=False):
                    part[first:last] = True
            case "few":
                part[draw(st.lists(st.integers(0, 65_535), max_size=5))] = True
            case "limit":
                part[: draw(st.sampled_from([4_095, 4_096, 4_097]))] = True
        parts.append(part)
    return np.concatenate(parts)[:LIMIT]


@given(masks(), st.booleans())
def test_a_set_survives_every_conversion(mask: np.ndarray[Any, Any], runs: bool) -> None:
    expected = Bitmap(np.flatnonzero(mask).tolist())
    if runs:
        expected.run_optimize()
    assert from_mask(mask) == expected
    words = words_of(expected, LIMIT)
    assert np.array_equal(np.unpackbits(words.view(np.uint8), bitorder="little")[:LIMIT], mask)
    assert from_words(words) == expected
    assert np.array_equal(filled_words_of(expected, LIMIT), words)


def test_sets_of_nearly_all_even_ordinals_of_a_container_become_words() -> None:
    few = Bitmap(range(0, 65_530, 2)) | Bitmap([9, 2**20 - 1])
    assert np.array_equal(filled_words_of(few, 2**20), words_of(few, 2**20))


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 4_096, 4_097, 65_535, 65_536, 65_537])
def test_sets_of_every_size_keep_their_last_ordinal(size: int) -> None:
    everything = np.ones(size, np.bool_)
    assert from_mask(everything) == Bitmap(range(size))
    assert from_words(words_of(Bitmap(range(size)), size)) == Bitmap(range(size))
    assert from_words(filled_words_of(Bitmap(range(size)), size)) == Bitmap(range(size))


def test_an_array_of_4_096_is_not_taken_for_a_bitset() -> None:
    """Both take as many bytes."""
    held = Bitmap([*range(65_536), *range(65_536, 65_536 + 4_096)])
    assert from_words(filled_words_of(held, 2 * 65_536)) == held


@given(masks(), st.booleans())
def test_equal_sets_have_one_image(mask: np.ndarray[Any, Any], runs: bool) -> None:
    members = np.flatnonzero(mask).astype(np.uint32)
    expected = to_bytes(from_sorted(members))
    held = Bitmap(optimize=False)
    for part in np.array_split(members, 3):
        held |= from_mask(np.isin(np.arange(LIMIT), part))
    if runs:
        held.run_optimize()
    assert canonical_bytes(held) == expected


@given(masks(), masks())
def test_bits_are_put_into_words_and_taken_out(
    mask: np.ndarray[Any, Any], some: np.ndarray[Any, Any]
) -> None:
    more = np.random.default_rng(1).permutation(np.flatnonzero(some & ~mask).astype(np.uint32))
    words = words_of(from_mask(mask), LIMIT)
    add_bits(words, more)
    assert np.array_equal(words, words_of(from_mask(mask | some), LIMIT))
    take_bits(words, more)
    assert np.array_equal(words, words_of(from_mask(mask), LIMIT))


SMALL = 3 * 65_536


@st.composite
def trees(draw: st.DrawFn, depth: int = 2) -> tuple[Expression, set[int]]:
    """An expression, and the set it stands for."""
    kinds = ["words", "bitmap", "union", "both", "either"] if depth else ["words"]
    kind = draw(st.sampled_from(kinds))
    if kind == "union":
        parts = [draw(trees(0)) for _ in range(draw(st.integers(2, 3)))]
        found = set().union(*(held for _, held in parts))
        held = tuple(part for part, _ in parts if isinstance(part, Faces))
        return Faces.union(len(found), SMALL, lambda: held), found
    if kind in {"words", "bitmap"}:
        members = draw(st.sets(st.integers(0, SMALL - 1), max_size=12))
        members |= set(range(0, draw(st.sampled_from([0, 300, SMALL])), draw(st.integers(1, 5))))
        faces = Faces(Bitmap(sorted(members)), SMALL)
        if kind == "words":
            faces.to_words()
        return faces, members
    below = [draw(trees(depth - 1)) for _ in range(draw(st.integers(1, 6)))]
    operands, sets = [part for part, _ in below], [found for _, found in below]
    if kind == "either":
        return Either(tuple(operands)), set.union(*sets)
    cut = draw(st.integers(1, len(operands)))
    found = set.intersection(*sets[:cut]).difference(*sets[cut:])
    return Both(tuple(operands[:cut]), tuple(operands[cut:])), found


def sets_of(expression: Expression) -> Iterator[Faces]:
    if isinstance(expression, Faces):
        yield expression
    else:
        for held in itertools.chain(*expression):
            yield from sets_of(held)


@given(trees(), st.sampled_from([64, 1_024, 32_768]))
def test_blocks_combine_as_sets_do(drawn: tuple[Expression, set[int]], block: int) -> None:
    expression, expected = drawn
    size = SMALL // 64
    assert count_of(expression, size, block) == len(expected)
    assert from_words(fill(expression, size, block)) == Bitmap(sorted(expected))


@given(trees(), st.sets(st.integers(0, SMALL), max_size=300))
def test_chains_combine_as_sets_do(drawn: tuple[Expression, set[int]], some: set[int]) -> None:
    expression, expected = drawn
    before = [Bitmap(held.bitmap) for held in sets_of(expression)]
    assert count_in_chain(expression, SMALL) == len(expected)
    assert in_chain(expression, SMALL) == Bitmap(sorted(expected))
    assert among(expression, Bitmap(sorted(some))) == Bitmap(sorted(some & expected))
    assert [held.bitmap for held in sets_of(expression)] == before, "an operand was changed"


def test_a_group_of_one_is_not_worked_on_in_place() -> None:
    wide, even = Faces(Bitmap(range(SMALL)), SMALL), Faces(Bitmap(range(0, SMALL, 2)), SMALL)
    for alone in (Either((wide,)), Both((wide,)), Both((Either((wide,)),))):
        expression = Both((alone, Both((even,))), (Faces(Bitmap([2]), SMALL),))
        assert count_in_chain(expression, SMALL) == SMALL // 2 - 1
        assert len(in_chain(expression, SMALL)) == SMALL // 2 - 1
        assert (len(wide.bitmap), len(even.bitmap)) == (SMALL, SMALL // 2)


@given(trees(), st.sampled_from(Form))
def test_every_form_combines_alike(drawn: tuple[Expression, set[int]], form: Form) -> None:
    expression, expected = drawn
    assert combine.count(expression, SMALL, form) == len(expected)
    assert combine.members(expression, SMALL, form) == Bitmap(sorted(expected))


@given(masks(), masks(), st.integers(0, 3), st.booleans())
def test_faces_answer_alike_in_either_form(
    mask: np.ndarray[Any, Any], some: np.ndarray[Any, Any], thin: int, as_words: bool
) -> None:
    held, among = from_mask(mask), from_mask(some)
    if thin:
        among = Bitmap(among[:: 10**thin]) if among else among
    faces = Faces(held, LIMIT)
    assert len(faces.words) * 64 >= LIMIT
    if as_words:
        faces.to_words()
    assert (faces.count, faces.packed is not None) == (len(held), as_words)
    assert faces.bitmap == held
    assert faces.among(among) == held & among
    grown = Bitmap([LIMIT + 5])
    assert faces.among(grown) == Bitmap()
    patched = faces.patched(among | grown, grown, LIMIT + 10)
    assert patched.bitmap == (held - among) | grown


@given(masks(), st.integers(0, LIMIT), st.integers(0, 3 * 65_536))
def test_a_mask_is_the_same_set_below_any_limit(
    mask: np.ndarray[Any, Any], cut: int, more: int
) -> None:
    mask = mask[:cut]
    expected = Bitmap(np.flatnonzero(mask).tolist())
    faces = Faces.of_mask(mask, cut)
    reaching = faces.reaching(cut + more)
    assert (reaching.limit, reaching.count) == (cut + more, len(expected))
    assert len(reaching.words) * 64 >= cut + more
    for change in (Faces.to_words, Faces.to_bitmap, Faces.to_words):
        for held in (faces, reaching):
            assert from_words(held.words) == expected
            assert held.bitmap == expected
            assert held.among(expected) == expected
        change(reaching)
        assert (reaching.packed is None) == (change is Faces.to_bitmap)


@given(masks(), masks(), st.integers(0, 65_536))
def test_a_set_that_was_only_counted_is_made_when_it_is_needed(
    mask: np.ndarray[Any, Any], some: np.ndarray[Any, Any], more: int
) -> None:
    made: list[Faces] = []

    def make() -> Faces:
        made.append(Faces.of_mask(mask, LIMIT))
        return made[-1]

    held, among = from_mask(mask), from_mask(some)
    faces = Faces.later(len(held), LIMIT, make)
    reaching = faces.reaching(LIMIT + more)
    assert (faces.count, reaching.count, reaching.limit) == (len(held), len(held), LIMIT + more)
    assert faces.nbytes
    assert not made
    assert reaching.bitmap == held
    assert faces.shared(among) == reaching.shared(among) == len(held & among)
    assert faces.among(among) == held & among
    assert len(made) == 1
