"""Arrow columns from arrays of numbers and codes, without a Python string for each row."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa

from segsvc.demo.draws import Array
from segsvc.domain.columns import Bool, UInt32

CODED = pa.dictionary(pa.int32(), pa.string())

CONTACT_DIGITS = 7
EVENT_DIGITS = 11


@lru_cache(maxsize=8)
def _quads(letter: str) -> UInt32:
    """Texts of four bytes: "0000" to "9999", or *letter* with "000" to "999"."""
    digits = 4 - len(letter)
    texts = "".join(f"{letter}{number:0{digits}d}" for number in range(10**digits))
    return np.frombuffer(texts.encode(), np.uint32)


def numbered(letter: str, numbers: Array, digits: int) -> pa.Array:
    """Return texts of one *letter* and 3, 7 or 11 *digits*, such as ``c0000042``."""
    chunks = (digits + 1) // 4
    quads = np.empty((len(numbers), chunks), np.uint32)
    rest = numbers
    for chunk in range(chunks - 1, 0, -1):
        quads[:, chunk] = _quads("")[rest % 10_000]
        rest = rest // 10_000
    quads[:, 0] = _quads(letter)[rest]
    return fixed_width(quads.view(np.uint8), chunks * 4)


def fixed_width(utf8: Array, width: int) -> pa.Array:
    """Return texts of *width* bytes each."""
    count = utf8.size // width
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(utf8))


def coded(codes: Array, dictionary: pa.Array, missing: Bool | None = None) -> pa.Array:
    """Return a dictionary-encoded column; rows that are *missing* are null."""
    indices = pa.array(codes.astype(np.int32, copy=False), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, dictionary)


def coded_lists(
    lengths: Array, codes: Array, dictionary: pa.Array, missing: Bool | None = None
) -> pa.Array:
    """Return lists of dictionary-encoded texts from their lengths and all codes in a row."""
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    mask = None if missing is None else pa.array(missing)
    return pa.ListArray.from_arrays(pa.array(offsets), coded(codes, dictionary), mask=mask)
