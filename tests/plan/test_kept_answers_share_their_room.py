"""When the room is full, words of sparse sets are given up before any answer is."""

from __future__ import annotations

from typing import Any

import numpy as np

from segsvc.bitmap import Faces
from segsvc.plan.leaf_cache import LeafCache, _Entry

LIMIT = 1_000_000
WORDS_BYTES = 16 * 8_192


def entry(every: int) -> _Entry:
    """Return an answer, held as words, of every so many contacts."""
    return _Entry(Faces.of_mask(np.arange(LIMIT) % every == 0, LIMIT), 0, 0, None)


def put(cache: LeafCache, name: Any, held: _Entry) -> None:
    cache.put((None, name), held)  # type: ignore[arg-type]


def test_sparse_words_go_before_any_answer_does() -> None:
    cache = LeafCache(6 * WORDS_BYTES)
    sparse, dense = [entry(100 + n) for n in range(5)], [entry(2 + n) for n in range(4)]
    for place, held in enumerate([*sparse, *dense]):
        put(cache, place, held)
        cache.get((None, place))  # type: ignore[arg-type]
    assert len(cache) == 9
    assert all(held.answer.packed is not None for held in dense)
    thin = [held.answer.packed is None for held in sparse]
    assert thin == sorted(thin, reverse=True), "who was used longest ago goes first"
    assert any(thin)
    assert cache.nbytes == sum(held.nbytes for held in (*sparse, *dense)) <= 6 * WORDS_BYTES
    assert [held.answer.count for held in sparse] == [-(-LIMIT // (100 + n)) for n in range(5)]


def test_dense_answers_go_when_nothing_is_left_to_thin() -> None:
    cache = LeafCache(6 * WORDS_BYTES)
    for place in range(12):
        put(cache, place, entry(2 + place))
    assert 3 < len(cache) < 6
    assert cache.nbytes <= 6 * WORDS_BYTES


def settled(cache: LeafCache, name: Any) -> Faces:
    held = cache.get((None, name))  # type: ignore[arg-type]
    assert held is not None
    cache.settle(held)
    return held.answer


def test_sparse_sets_that_are_asked_for_become_words_where_nobody_asks_for_others() -> None:
    cache = LeafCache(6 * WORDS_BYTES)
    for place in range(4):
        put(cache, f"once {place}", entry(2 + place))
    asked = [f"often {place}" for place in range(4)]
    for place, name in enumerate(asked):
        held = entry(100 + place)
        held.answer.to_bitmap()
        put(cache, name, held)
    for _ in range(2 * len(cache)):
        for name in asked:
            settled(cache, name)
    assert all(settled(cache, name).has_words for name in asked)
    assert len(cache) < 8, "what nobody asked for any longer has made room"


def test_more_sparse_sets_in_turn_than_fit_are_not_made_again_and_again() -> None:
    cache = LeafCache(12 * WORDS_BYTES)
    names = [f"sparse {place}" for place in range(40)]
    for place, name in enumerate(names):
        held = entry(100 + place)
        held.answer.to_bitmap()
        put(cache, name, held)
    turns = [[settled(cache, name).has_words for name in names] for _ in range(20)]
    assert len(cache) == 40
    assert cache.nbytes <= 12 * WORDS_BYTES
    assert turns[1:] == turns[:-1], "who has words keeps them"
    assert 0 < sum(turns[0]) < 40


def test_what_nobody_asks_for_goes_before_words_that_are_asked_for() -> None:
    cache = LeafCache(6 * WORDS_BYTES)
    put(cache, "once", entry(2))
    asked = [f"often {place}" for place in range(4)]
    for place, name in enumerate(asked):
        put(cache, name, entry(100 + place))
    for name in asked * 4:
        settled(cache, name)
    put(cache, "new", entry(3))
    assert cache.get((None, "once")) is None  # type: ignore[arg-type]
    assert all(settled(cache, name).has_words for name in asked)


def test_new_answers_make_room_for_each_other_first() -> None:
    cache = LeafCache(6 * WORDS_BYTES)
    asked = [f"often {place}" for place in range(4)]
    for place, name in enumerate(asked):
        put(cache, name, entry((2, 100)[place % 2] + place))
        settled(cache, name)
    for number in range(9):
        put(cache, f"once {number}", entry(3))
    assert all(settled(cache, name).has_words for name in asked)
    assert len(cache) == 5
    assert cache.get((None, "once 8")) is not None  # type: ignore[arg-type]
