"""Contacts in doubt, a bit each: sets among them are Python ints, which combine in no time.

A revision asks many segments about the same few contacts. As bitmaps, every `and` of a condition
walks containers and misses caches; as ints of so many bits as there are contacts in doubt, a
condition takes a microsecond, and each leaf is read once for all segments.
"""

from __future__ import annotations

import numpy as np

from segsvc.bitmap import Bitmap, from_sorted, from_words, ordinals_of, room_for, words_of

_FEW = 128
"""Contacts are numbered among themselves when they are fewer than 1 / 128 of all: finding one
among them takes as long as copying the bits of so many."""


class Lanes:
    """Bit i of a set stands for the i-th of *contacts*, or for ordinal i when they are many."""

    def __init__(self, contacts: Bitmap) -> None:
        limit = contacts.max() + 1 if contacts else 0
        self._contacts = contacts
        self._ordinals = ordinals_of(contacts) if len(contacts) * _FEW < limit else None
        self.width = 64 * room_for(limit) if self._ordinals is None else len(contacts)
        """How many bits a set has at most."""
        self.all = self.bits(contacts)
        """Everybody in doubt."""
        self._made: dict[int, Bitmap] = {0: Bitmap()}

    def bits(self, members: Bitmap) -> int:
        """Return those of *members* who are in doubt."""
        found = members & self._contacts
        if not found:
            return 0
        if self._ordinals is None:
            return int.from_bytes(words_of(found, self.width).tobytes(), "little")
        mask = np.zeros(self.width, np.bool_)
        mask[np.searchsorted(self._ordinals, ordinals_of(found))] = True
        return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")

    def bitmap(self, bits: int) -> Bitmap:
        """Undo `bits`; equal sets share a bitmap, which is not to be changed."""
        held = self._made.get(bits)
        if held is None:
            held = self._made[bits] = self._bitmap(bits)
        return held

    def _bitmap(self, bits: int) -> Bitmap:
        packed = bits.to_bytes(-(-self.width // 8), "little")
        if self._ordinals is None:
            return from_words(np.frombuffer(packed, np.uint64))
        mask = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
        return from_sorted(self._ordinals[np.flatnonzero(mask)])
