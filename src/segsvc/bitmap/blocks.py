"""And, Or and And-Not of many sets in packed words, walked in blocks that stay in the cache.

Few members are not made words of: their bits are put into, or taken out of, a block. Nothing of
the size of the store is written but the answer, and nothing at all when only its count is asked
for. An operation on a million ordinals takes 5 us, counting the answer 15.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.bitmap.expression import Both, Either, Expression
from segsvc.bitmap.faces import Faces
from segsvc.bitmap.words import Words, sprinkled

BLOCK_WORDS = 32_768

_SIEVED_FROM = 4
"""An And of so many operands looks whether anything is left before it is through."""

_THIN = 2**-12
"""From this share of the ordinals on, only the words that are not empty are gone on with."""

Places: TypeAlias = slice | npt.NDArray[np.int64]
"""Places of words, ascending."""


def count_of(expression: Expression, size: int, block: int = BLOCK_WORDS) -> int:
    """Return how many bits an expression over *size* words has."""
    counts = _scratch(min(block, size)).counts
    total = 0
    for _, found in _walk(expression, size, block):
        held = np.bitwise_count(found, out=counts[: len(found)])
        total += int(np.add.reduce(held, dtype=np.uint32))
    return total


def fill(expression: Expression, size: int, block: int = BLOCK_WORDS) -> Words:
    """Return the *size* words of an expression, as an array of their own."""
    words = np.zeros(size, np.uint64)
    for places, found in _walk(expression, size, block):
        words[places] = found
    return words


def _walk(expression: Expression, size: int, block: int) -> Iterator[tuple[Places, Words]]:
    """Yield words of the answer and their places, block by block; all others are empty.

    They are overwritten by the next.
    """
    walk = _Walk(_scratch(min(block, size)).registers)
    for start in range(0, size, block):
        walk.places, walk.size = slice(start, min(start + block, size)), min(block, size - start)
        if isinstance(expression, Both) and len(expression.positives) >= _SIEVED_FROM:
            found = walk.sieved(expression, size * 64)
        else:
            found = walk.words(expression, 0)
        yield walk.places, found


@dataclass(slots=True, eq=False)
class _Scratch:
    """Buffers of one block that are used again and again: new ones cost more than an operation."""

    registers: list[Words]
    counts: npt.NDArray[np.uint8]


_of_thread = threading.local()


def _scratch(words: int) -> _Scratch:
    """Return this thread's buffers of *words*."""
    held: dict[int, _Scratch] = vars(_of_thread).setdefault("scratch", {})
    if words not in held:
        held.clear()
        held[words] = _Scratch([np.empty(words, np.uint64)], np.empty(words, np.uint8))
    return held[words]


@dataclass(slots=True, eq=False)
class _Walk:
    """One evaluation, now at *size* words at *places*.

    What is found at a depth is an operand's own words, or in the register of that depth.
    """

    registers: list[Words]
    places: Places = field(init=False)
    size: int = field(init=False)
    _made: dict[Faces, Words] = field(default_factory=dict)
    """Words of sets that are held as bitmaps."""
    _few: dict[Faces, tuple[npt.NDArray[np.int64], Words]] = field(default_factory=dict)

    def words(self, held: Expression, depth: int) -> Words:
        """Return the words of *held*, to be read before anything else of that depth is asked."""
        if isinstance(held, Either):
            return self._either(held.parts, depth)
        if isinstance(held, Both):
            return self._both(held.positives, held.negatives, depth)
        operands = held.operands()
        if operands:
            return self._either(operands, depth)
        if held.packed is not None:
            return held.packed[self.places]
        if held.suits_words:
            return self._words_of(held)[self.places]
        out = self._register(depth)
        out.fill(0)
        self._put(held, out)
        return out

    def _words_of(self, held: Faces) -> Words:
        words = self._made.get(held)
        if words is None:
            words = self._made[held] = held.words
        return words

    def _register(self, depth: int) -> Words:
        while len(self.registers) <= depth:
            self.registers.append(np.empty_like(self.registers[0]))
        return self.registers[depth][: self.size]

    def _both(
        self, positives: tuple[Expression, ...], negatives: tuple[Expression, ...], depth: int
    ) -> Words:
        out = self._register(depth)
        found = self.words(positives[0], depth)
        for held in positives[1:]:
            found = np.bitwise_and(found, self.words(held, depth + 1), out=out)
        return self._less(found, negatives, depth)

    def sieved(self, expression: Both, limit: int) -> Words:
        """Return the words of an And of many: most selective first, and no longer than need be."""
        shares = sorted(((_share(held, limit), held) for held in expression.positives), key=_first)
        kept, first = shares[0]
        found = self.words(first, 0)
        for share, held in shares[1:]:
            if kept <= _THIN and isinstance(self.places, slice):
                at = np.flatnonzero(found != 0)
                found, self.places, self.size = found[at], at + self.places.start, len(at)
            if not self.size:
                return found
            found = np.bitwise_and(found, self.words(held, 1), out=self._register(0))
            kept *= share
        return self._less(found, expression.negatives, 0)

    def _less(self, found: Words, negatives: tuple[Expression, ...], depth: int) -> Words:
        """Return *found* without what is in any of *negatives*."""
        out = self._register(depth)
        many, few = _parted(negatives)
        if many:
            other = self._register(depth + 1)
            outside = np.invert(self._either(many, depth + 1), out=other)
            found = np.bitwise_and(found, outside, out=out)
        if few and found is not out:
            out[:] = found
        for held in few:
            places, bits = self._bits(held)
            out[places] &= ~bits
        return out if few else found

    def _either(self, parts: tuple[Expression, ...], depth: int) -> Words:
        out = self._register(depth)
        many, few = _parted(parts)
        if many:
            found = self.words(many[0], depth)
            for held in many[1:]:
                found = np.bitwise_or(found, self.words(held, depth + 1), out=out)
            if few and found is not out:
                out[:] = found
        else:
            out.fill(0)
        for held in few:
            self._put(held, out)
        return out if few else found

    def _put(self, held: Faces, out: Words) -> None:
        places, bits = self._bits(held)
        out[places] |= bits

    def _bits(self, held: Faces) -> tuple[npt.NDArray[np.int64], Words]:
        """Return which of the words *held* has bits in, and the bits."""
        known = self._few.get(held)
        if known is None:
            known = self._few[held] = sprinkled(held.bitmap)
        places, bits = known
        if isinstance(self.places, slice):
            first, last = places.searchsorted((self.places.start, self.places.stop))
            return places[first:last] - self.places.start, bits[first:last]
        at = self.places.searchsorted(places)
        at[at == self.size] = 0
        hit = self.places[at] == places
        return at[hit], bits[hit]


def _first(pair: tuple[float, Expression]) -> float:
    return pair[0]


def _share(held: Expression, limit: int) -> float:
    """Return the share of the ordinals below *limit* in *held*, as if its parts were unrelated."""
    if isinstance(held, Faces):
        return held.count / limit
    if isinstance(held, Either):
        return 1 - prod(1 - _share(part, limit) for part in held.parts)
    inside = prod(_share(part, limit) for part in held.positives)
    return inside * prod(1 - _share(part, limit) for part in held.negatives)


def _parted(parts: tuple[Expression, ...]) -> tuple[tuple[Expression, ...], list[Faces]]:
    """Return what is walked in words, and what is put in or taken out bit by bit."""
    few = [
        held
        for held in parts
        if isinstance(held, Faces) and not held.suits_words and held.packed is None
    ]
    return (tuple(held for held in parts if held not in few), few) if few else (parts, few)


__all__ = ["count_of", "fill"]
