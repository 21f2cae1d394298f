"""The hash table finds what a dict finds, also while it moves to a larger one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.domain.columns import Strings
from segsvc.index.hash_table import HashTable
from segsvc.index.hashing import distinct, hash_one, hash_strings


class Keys:
    """Numbers as keys, under hashes of which only *bits* differ, beside a dict."""

    def __init__(self, bits: int) -> None:
        self.table = HashTable()
        self.places: dict[int, int] = {}
        self.keys = np.zeros(0, np.int64)
        self._mask = np.uint64((1 << bits) - 1)

    def hashes(self, keys: np.ndarray) -> np.ndarray:
        mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (mixed >> np.uint64(7)) & self._mask

    def add(self, keys: np.ndarray) -> None:
        first = self.table.add(self.hashes(keys))
        assert first == len(self.keys)
        self.places.update((key, first + place) for place, key in enumerate(keys.tolist()))
        self.keys = np.concatenate([self.keys, keys])

    def check(self, sought: np.ndarray) -> None:
        found = self.table.find(
            self.hashes(sought), lambda rows, entries: self.keys[entries] == sought[rows]
        )
        assert found.tolist() == [self.places.get(key, -1) for key in sought.tolist()]


@pytest.mark.parametrize("bits", [64, 12])
@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=12))
def test_a_batch_finds_the_entry_of_every_key(bits: int, sizes: list[int]) -> None:
    held = Keys(bits)
    for size in sizes:
        first = len(held.keys)
        held.add(np.arange(first, first + size))
        held.check(np.arange(max(first - 50, 0), first + size + 50))
    assert sorted(held.table.alike(int(held.hashes(np.array([0]))[0])))[0] == 0


def test_keys_are_found_while_entries_move_to_a_larger_table() -> None:
    held, moving = Keys(64), 0
    for step in range(40):
        before = held.table.nbytes
        held.add(np.arange(step * 5_000, (step + 1) * 5_000))
        moving += held.table.nbytes - before > 5_000 * 8 + 4
        held.check(np.arange(0, (step + 2) * 5_000, 97))
    assert moving > 1


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), max_size=60), st.booleans())
def test_equal_strings_are_told_from_different_ones(texts: list[str], collide: bool) -> None:
    strings = Strings.of(texts)
    hashes = hash_strings(strings) & np.uint64(3 if collide else 2**64 - 1)
    firsts, groups = distinct(strings, hashes)
    order = list(dict.fromkeys(texts))
    assert [texts[row] for row in firsts.tolist()] == order
    assert [order[group] for group in groups.tolist()] == texts


@given(st.lists(st.text(max_size=40)))
def test_a_string_alone_has_the_hash_it_has_among_others(texts: list[str]) -> None:
    expected = hash_strings(Strings.of(texts)).tolist()
    assert [hash_one(text.encode()) for text in texts] == expected
