"""Words of a bitmap by way of its image, without a loop over its containers.

The image of a bitmap all of whose containers are bitsets is its words behind a header. One that
has others is filled up: where it differs from all even ordinals has nothing but bitsets, and
differs from those by the bitmap. A million ordinals: 10 us when dense, 20 to 60 when sparse,
against 50 to 200 container by container.
"""

from __future__ import annotations

import numpy as np
from pyroaring import BitMap

from segsvc.bitmap.words import (
    ARRAY_LIMIT,
    CONTAINER_WORDS,
    EVEN,
    Words,
    even_ordinals,
    room_for,
    words_of,
)


def filled_words_of(bitmap: BitMap, size: int) -> Words:
    """Return the words (read-only) of a bitmap whose members lie below *size*."""
    room = room_for(size)
    if not room:
        return words_of(bitmap, size)
    if len(bitmap) * 16 > size:  # it may have nothing but bitsets
        words = _behind_header(bitmap, room)
        if words is not None:
            return words
    differing = _behind_header(bitmap ^ even_ordinals(room), room)
    if differing is None:  # it holds nearly all even ones somewhere
        return words_of(bitmap, size)
    return np.bitwise_xor(differing, EVEN)


def _behind_header(bitmap: BitMap, room: int) -> Words | None:
    """Return the words of a bitmap if it has every container, as a bitset; else None."""
    image = bitmap.serialize()
    count = room // CONTAINER_WORDS
    header = 8 + 8 * count
    if len(image) != header + 8 * room or image[:2] != _COOKIE:
        return None
    described = np.frombuffer(image, "<u2", 2 * count, offset=8)
    if described[1::2].min() < ARRAY_LIMIT:  # of its members less one: an array is as long as bits
        return None
    return np.frombuffer(image, np.uint64, offset=header)


_COOKIE = (12_346).to_bytes(2, "little")
"""Of the portable format, when no container holds runs."""
