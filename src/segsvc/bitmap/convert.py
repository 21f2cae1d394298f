"""Ways in and out of a Roaring bitmap that cost no Python loop over its members.

Measured with pyroaring 1.2: only ``array.array("I")`` constructs fast (an ndarray is ten times
slower); dense sets go through `segsvc.bitmap.words`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

_BYTES_PER_CONTAINER = 48
_BYTES_PER_BITMAP = 160

_ADDED_ALONE = 128
"""Up to so many members are quicker added one by one than by a union, which copies containers."""


def from_sorted(ordinals: npt.NDArray[np.uint32]) -> BitMap:
    """Make a bitmap of *ordinals* (uint32); quickest when they ascend."""
    packed = array("I")
    packed.frombytes(np.ascontiguousarray(ordinals, np.uint32).data.cast("B"))
    return BitMap(packed)


def copied(bitmap: BitMap) -> BitMap:
    """Return a copy; the bitmap's own `copy` also looks for runs, which takes far longer."""
    return BitMap(bitmap, optimize=False)


def from_ordinals(ordinals: npt.NDArray[np.integer]) -> BitMap:
    """Make a bitmap of ordinals in any order, repeats allowed."""
    plain = ordinals.astype(np.uint32, copy=False)
    ascending = bool((plain[1:] >= plain[:-1]).all())
    return from_sorted(plain if ascending else np.sort(plain))


def ordinals_of(bitmap: BitMap) -> npt.NDArray[np.uint32]:
    """Return the members as an ascending uint32 array."""
    return np.frombuffer(bitmap.to_array(), np.uint32)


def in_slices(
    bitmap: BitMap, after: int = -1, width: int = 2**20
) -> Iterator[npt.NDArray[np.uint32]]:
    """Yield the members greater than *after* as ascending arrays, none of them empty.

    Each covers *width* ordinals, which takes half a millisecond; ten million members at once
    would take 30.
    """
    if not bitmap:
        return
    start, end = max(after + 1, bitmap.min()), bitmap.max() + 1
    while start < end:
        stop = min((start // width + 1) * width, end)
        part = ordinals_of(bitmap & BitMap(range(start, stop)))
        if len(part):
            yield part
        start = stop


def add_to(bitmap: BitMap, few: BitMap) -> None:
    """Put *few* into *bitmap*, in half the time of ``|=`` where they are few and it is sparse."""
    if len(few) > _ADDED_ALONE:
        bitmap |= few
    elif few:
        bitmap.update(few.to_array())


def bits_of(bitmap: BitMap, size: int) -> npt.NDArray[np.uint8]:
    """Return packed bits (uint8, ceil(size / 8)) of the members below *size*."""
    return np.packbits(mask_of(bitmap, size), bitorder="little")


def mask_of(bitmap: BitMap, size: int) -> npt.NDArray[np.bool_]:
    """Return a bool array (size) that is true at the members, which all lie below *size*."""
    mask = np.zeros(size, np.bool_)
    mask[ordinals_of(bitmap)] = True
    return mask


def to_bytes(bitmap: BitMap) -> bytes:
    """Serialize in the portable Roaring format."""
    return bytes(bitmap.serialize())


def size_of(bitmap: BitMap) -> int:
    """Return the bytes of memory that a bitmap takes, about."""
    told = bitmap.get_statistics()
    return (
        told["n_bytes_array_containers"]
        + told["n_bytes_run_containers"]
        + told["n_bytes_bitset_containers"]
        + told["n_containers"] * _BYTES_PER_CONTAINER
        + _BYTES_PER_BITMAP
    )


def from_bytes(image: bytes) -> BitMap:
    """Read the portable Roaring format.

    Raises:
        ValueError: when *image* is not such a bitmap.
    """
    return BitMap.deserialize(image)
