"""Hash and compare many byte strings at once, eight bytes a step, without a loop over strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Strings

UInt64: TypeAlias = npt.NDArray[np.uint64]

_K1 = np.uint64(0x9E3779B97F4A7C15)
_K2 = np.uint64(0xBF58476D1CE4E5B9)
_K3 = np.uint64(0x94D049BB133111EB)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def mix(values: UInt64) -> UInt64:
    """Scramble 64-bit values (the finalizer of splitmix64; Steele, Lea, Flood 2014)."""
    mixed = (values ^ (values >> np.uint64(30))) * _K2
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _K3
    return mixed ^ (mixed >> np.uint64(31))


def splitmix64(values: UInt64) -> UInt64:
    """Return the first output of splitmix64 from each state."""
    return mix(values + _K1)


def _words(arena: npt.NDArray[np.uint8]) -> UInt64:
    """View every place of *arena* as the eight bytes that begin there, zero behind the end."""
    padded = np.concatenate([arena, np.zeros(8, np.uint8)])
    return np.ndarray((len(arena) + 1,), np.dtype("<u8"), padded, strides=(1,))


def _steps(lengths: npt.NDArray[Any]) -> Iterator[tuple[int, npt.NDArray[np.intp], UInt64]]:
    """Yield (step, strings longer than 8 * step, mask of their bytes in it)."""
    longest = int(lengths.max(initial=0))
    rows = np.arange(len(lengths))
    for step in range(-(-longest // 8)):
        rows = rows[lengths[rows] > 8 * step]
        left = np.minimum(lengths[rows] - 8 * step, 8).astype(np.uint64)
        yield step, rows, _ALL >> (np.uint64(64) - left * np.uint64(8))


def hash_strings(strings: Strings, seed: int = 0) -> UInt64:
    """Return a 64-bit hash of each string (uint64, n)."""
    lengths = strings.lengths().astype(np.int64)
    starts = strings.offsets[:-1].astype(np.int64)
    words = _words(strings.utf8)
    state: UInt64 = mix(lengths.astype(np.uint64) * _K1 + np.uint64(seed))
    for step, rows, mask in _steps(lengths):
        state[rows] = mix((state[rows] ^ (words[starts[rows] + 8 * step] & mask)) + _K1)
    return state


def equal_strings(left: Strings, right: Strings) -> Bool:
    """Return whether left[i] and right[i] are the same bytes (bool, n)."""
    lengths = left.lengths().astype(np.int64)
    equal: Bool = lengths == right.lengths()
    left_starts = left.offsets[:-1].astype(np.int64)
    right_starts = right.offsets[:-1].astype(np.int64)
    left_words, right_words = _words(left.utf8), _words(right.utf8)
    for step, rows, mask in _steps(np.where(equal, lengths, 0)):
        differ = (
            left_words[left_starts[rows] + 8 * step] ^ right_words[right_starts[rows] + 8 * step]
        ) & mask
        equal[rows[differ != 0]] = False
    return equal
