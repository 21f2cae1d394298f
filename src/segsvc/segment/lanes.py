"""Contacts in doubt, a bit each: sets among them are Python ints, which combine in no time.

A revision asks many segments about the same few contacts. As bitmaps, every `and` of a condition
walks containers and misses caches; as ints of so many bits as there are contacts in doubt, a
condition takes a microsecond, and each leaf is read once for all segments.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import (
    Bitmap,
    bits_at,
    filled_words_of,
    from_sorted,
    from_words,
    ordinals_of,
    room_for,
)

_FEW = 8
"""Contacts are numbered among themselves when they are fewer than 1 / 8 of all."""

_SOUGHT = 1_024
"""Up to so many are sought among each other; of more, each bit is read in the members' words."""


class Lanes:
    """Bit i of a set stands for the i-th of *contacts*, or for ordinal i when they are many."""

    def __init__(self, contacts: Bitmap) -> None:
        self._limit = limit = contacts.max() + 1 if contacts else 0
        self._contacts = contacts
        self._ordinals = ordinals_of(contacts) if len(contacts) * _FEW < limit else None
        self.width = 64 * room_for(limit) if self._ordinals is None else len(contacts)
        """How many bits a set has at most."""
        self.all = self.bits(contacts)
        """Everybody in doubt."""
        self._made: dict[int, Bitmap] = {0: Bitmap()}

    def bits(self, members: Bitmap) -> int:
        """Return those of *members* who are in doubt."""
        if not members:
            return 0
        if self._ordinals is None:
            return _int(filled_words_of(members & self._contacts, self.width))
        if self.width > _SOUGHT:
            words = filled_words_of(members, max(members.max() + 1, self._limit))
            return _int(np.packbits(bits_at(words, self._ordinals), bitorder="little"))
        found = ordinals_of(members & self._contacts)
        if not len(found):
            return 0
        mask = np.zeros(self.width, np.bool_)
        mask[np.searchsorted(self._ordinals, found)] = True
        return _int(np.packbits(mask, bitorder="little"))

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


def _int(bits: npt.NDArray[Any]) -> int:
    return int.from_bytes(bits.tobytes(), "little")
