"""Find the texts of an arena that hold some bytes, faster than text by text.

Measured on five million e-mail addresses of 22 bytes, in ns a text: Polars 16-24 and
pyarrow 42-62 for a substring; comparing one byte of the needle at a time over blocks that stay in
the cache 9, and saying which texts were hit 7. Starts and ends are best left to pyarrow (3).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from segsvc.domain.columns import Bool, Strings, UInt8, UInt32
from segsvc.domain.predicate import Place

_BLOCK_BYTES = 65_536
_FEW = 64
"""Candidates in a block up to which they are checked one by one."""


def holding(texts: Strings, needle: bytes, place: Place) -> UInt8:
    """Return which of *texts* have *needle* at *place*, as packed bits (uint8, ceil(n / 8)).

    *needle* is UTF-8.
    """
    if not needle:
        return np.full(-(-len(texts) // 8), 255, np.uint8)
    if place is Place.ANYWHERE:
        return np.packbits(_anywhere(texts, needle), bitorder="little")
    offsets, utf8 = pa.py_buffer(texts.offsets.view(np.int32)), pa.py_buffer(texts.utf8)
    held = pa.StringArray.from_buffers(len(texts), offsets, utf8)
    test = pc.starts_with if place is Place.START else pc.ends_with
    found = np.frombuffer(test(held, needle.decode()).buffers()[1], np.uint8)
    return found[: -(-len(texts) // 8)]


def _anywhere(texts: Strings, needle: bytes) -> Bool:
    ends = texts.offsets[1:]
    mask = _begins(texts.utf8, needle)
    size = np.uint32(len(needle))
    if np.count_nonzero(mask) * 4 < len(texts):
        found = np.zeros(len(texts), np.bool_)
        places = np.flatnonzero(mask).astype(np.uint32)
        owners = np.searchsorted(ends, places, side="right")
        found[owners[places + size <= ends[owners]]] = True
        return found
    count = _Ranks(mask)
    upto = count.before(ends)
    since = np.concatenate([np.zeros(1, np.uint32), upto[:-1]])
    if size > 1:
        lasts = np.where(ends >= size, ends - size + np.uint32(1), np.uint32(0))
        upto = count.before(lasts)
    hit: Bool = upto > since
    return hit


class _Ranks:
    """How many of a mask are set before any place, by counting bits of packed words."""

    def __init__(self, mask: Bool) -> None:
        packed = np.packbits(mask, bitorder="little")
        padding = np.zeros(8 + -len(packed) % 8, np.uint8)
        self._words = np.concatenate([packed, padding]).view(np.uint64)
        self._before = np.zeros(len(self._words) + 1, np.uint32)
        np.cumsum(np.bitwise_count(self._words), out=self._before[1:])

    def before(self, places: UInt32) -> UInt32:
        words = places >> np.uint32(6)
        below = (np.uint64(1) << (places & np.uint32(63)).astype(np.uint64)) - np.uint64(1)
        found: UInt32 = self._before[words] + np.bitwise_count(self._words[words] & below)
        return found


def _begins(utf8: UInt8, needle: bytes) -> Bool:
    """Return at which bytes *needle* begins; it may cross from one text into the next."""
    mask = np.zeros(len(utf8), np.bool_)
    last = len(utf8) - len(needle) + 1
    scratch = np.empty(_BLOCK_BYTES, np.bool_)
    order = _rarest_first(utf8, needle)
    for start in range(0, last, _BLOCK_BYTES):
        stop = min(start + _BLOCK_BYTES, last)
        _compare(utf8[start : stop + len(needle)], needle, order, mask[start:stop], scratch)
    return mask


def _compare(utf8: UInt8, needle: bytes, order: list[int], mask: Bool, scratch: Bool) -> None:
    """Set *mask* where *needle* begins in a block."""
    size = len(mask)
    first, *others = order
    np.equal(utf8[first : size + first], needle[first], out=mask)
    for done, offset in enumerate(others, 1):
        if done == 2 and np.count_nonzero(mask) <= _FEW:
            _check(utf8, needle, others[1:], mask)
            return
        np.equal(utf8[offset : size + offset], needle[offset], out=scratch[:size])
        mask &= scratch[:size]


def _check(utf8: UInt8, needle: bytes, offsets: list[int], mask: Bool) -> None:
    """Clear those of a few candidates that do not match at *offsets* too."""
    places = np.flatnonzero(mask)
    for offset in offsets:
        matches = utf8[places + offset] == needle[offset]
        mask[places[~matches]] = False
        places = places[matches]


def _rarest_first(utf8: UInt8, needle: bytes) -> list[int]:
    """Order the places of the needle's bytes by how often the bytes come in a sample."""
    often: npt.NDArray[np.intp] = np.bincount(utf8[:_BLOCK_BYTES:8], minlength=256)
    return sorted(range(len(needle)), key=lambda place: int(often[needle[place]]))
