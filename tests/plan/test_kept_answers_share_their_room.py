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
