"""Hash and compare many byte strings at once, eight bytes a step, without a loop over strings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Int64, Strings

UInt64: TypeAlias = npt.NDArray[np.uint64]
Rows: TypeAlias = slice | npt.NDArray[np.intp]

_K1 = np.uint64(0x9E3779B97F4A7C15)
_K2 = np.uint64(0xBF58476D1CE4E5B9)
_K3 = np.uint64(0x94D049BB133111EB)
_64_BITS = 0xFFFFFFFFFFFFFFFF
_ALL = np.uint64(_64_BITS)


def mix(values: UInt64) -> UInt64:
    """Scramble 64-bit values (the finalizer of splitmix64; Steele, Lea, Flood 2014)."""
    mixed = (values ^ (values >> np.uint64(30))) * _K2
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _K3
    return mixed ^ (mixed >> np.uint64(31))


def splitmix64(values: UInt64) -> UInt64:
    """Return the first output of splitmix64 from each state."""
    return mix(values + _K1)


def words_of(padded: npt.NDArray[np.uint8]) -> UInt64:
    """View every place of an arena as the eight bytes that begin there.

    Args:
        padded: the arena and eight bytes more, whatever they are.
    """
    return np.ndarray((len(padded) - 7,), np.dtype("<u8"), padded, strides=(1,))


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Strings where they lie, to be hashed and compared without being copied.

    Attributes:
        words: of the arena, from `words_of`. starts, lengths: in bytes (int64, n).
    """

    words: UInt64
    starts: Int64
    lengths: Int64

    @classmethod
    def of(cls, strings: Strings) -> Spans:
        """Return *strings* as spans."""
        padded = np.concatenate([strings.utf8, np.zeros(8, np.uint8)])
        offsets = strings.offsets.astype(np.int64)
        return cls(words_of(padded), offsets[:-1], np.diff(offsets))

    def take(self, rows: npt.NDArray[np.integer]) -> Spans:
        """Return the spans of *rows*, in that order."""
        return Spans(self.words, self.starts.take(rows), self.lengths.take(rows))


def _steps(lengths: Int64) -> Iterator[tuple[int, Rows, UInt64]]:
    """Yield (step, strings longer than 8 * step, mask of their bytes in it)."""
    if not len(lengths):
        return
    shortest, longest = int(lengths.min()), int(lengths.max())
    rows: Rows = slice(None)
    for step in range(-(-longest // 8)):
        if shortest <= 8 * step:
            held = np.arange(len(lengths)) if isinstance(rows, slice) else rows
            rows = held[lengths[held] > 8 * step]
        left = np.minimum(lengths[rows] - 8 * step, 8).astype(np.uint64)
        yield step, rows, _ALL >> (np.uint64(64) - left * np.uint64(8))


def hash_spans(spans: Spans, seed: int = 0) -> UInt64:
    """Return a 64-bit hash of each string (uint64, n)."""
    state: UInt64 = mix(spans.lengths.astype(np.uint64) * _K1 + np.uint64(seed))
    for step, rows, mask in _steps(spans.lengths):
        words = spans.words[spans.starts[rows] + 8 * step] & mask
        state[rows] = mix((state[rows] ^ words) + _K1)
    return state


def hash_strings(strings: Strings, seed: int = 0) -> UInt64:
    """Return a 64-bit hash of each string (uint64, n)."""
    return hash_spans(Spans.of(strings), seed)


def hash_one(utf8: bytes) -> int:
    """Return what `hash_strings` does for one string, in a tenth of the time."""
    state = _mix_one(len(utf8) * int(_K1) & _64_BITS)
    for start in range(0, len(utf8), 8):
        word = int.from_bytes(utf8[start : start + 8], "little")
        state = _mix_one((state ^ word) + int(_K1) & _64_BITS)
    return state


def _mix_one(value: int) -> int:
    mixed = (value ^ (value >> 30)) * int(_K2) & _64_BITS
    mixed = (mixed ^ (mixed >> 27)) * int(_K3) & _64_BITS
    return mixed ^ (mixed >> 31)


def equal_spans(left: Spans, right: Spans) -> Bool:
    """Return whether left[i] and right[i] are the same bytes (bool, n)."""
    equal: Bool = left.lengths == right.lengths
    for step, rows, mask in _steps(np.where(equal, left.lengths, 0)):
        words = left.words[left.starts[rows] + 8 * step]
        words ^= right.words[right.starts[rows] + 8 * step]
        equal[rows] &= (words & mask) == 0
    return equal


def same_strings(left: Strings, right: Strings) -> bool:
    """Whether both are the same strings in the same order."""
    return (
        len(left) == len(right)
        and left.offsets.tobytes() == right.offsets.tobytes()
        and left.utf8[: left.offsets[-1]].tobytes() == right.utf8[: right.offsets[-1]].tobytes()
    )


def distinct(strings: Strings, hashes: UInt64) -> tuple[Int64, Int64]:
    """Tell which strings are the same, given their hashes (uint64, n).

    Returns:
        The rows of the first of each different string, ascending (int64, k), and for each row
        the place of its string among them (int64, n).
    """
    if _are_different(hashes):
        return np.arange(len(hashes)), np.arange(len(hashes))
    order = np.argsort(hashes, kind="stable")
    begins = np.ones(len(order), np.bool_)
    begins[1:] = hashes[order[1:]] != hashes[order[:-1]]
    firsts, groups = order[begins], np.empty(len(order), np.int64)
    groups[order] = np.cumsum(begins) - 1
    spans = Spans.of(strings)
    if not equal_spans(spans, spans.take(firsts[groups])).all():
        return _distinct_one_by_one(strings)
    by_row = np.argsort(firsts)
    rank = np.empty(len(firsts), np.int64)
    rank[by_row] = np.arange(len(firsts))
    return firsts[by_row], rank[groups]


def _are_different(hashes: UInt64) -> bool:
    """Whether no hash stands twice; finds out without sorting all of them."""
    size = 1 << (16 * len(hashes)).bit_length()
    rows, places = np.arange(len(hashes)), hashes.view(np.int64) & np.int64(size - 1)
    seen = np.zeros(size, np.int64)
    seen[places] = rows
    lost = seen[places] != rows
    contested = np.zeros(size, np.bool_)
    contested[places[lost]] = True
    doubtful = np.sort(hashes[contested[places]])
    return not bool((doubtful[1:] == doubtful[:-1]).any())


def _distinct_one_by_one(strings: Strings) -> tuple[Int64, Int64]:
    """Do as `distinct` does when different strings have the same hash."""
    places: dict[str, int] = {}
    groups = np.array([places.setdefault(text, len(places)) for text in strings], np.int64)
    return np.unique(groups, return_index=True)[1].astype(np.int64), groups
