"""The C allocator and the system beneath it: what they hold, and what they are told to keep."""

from __future__ import annotations

import ctypes
import mmap
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

_STATM = Path("/proc/self/statm")

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Options of mallopt (malloc.h)."""

_MMAPPED_FROM = 2**25
"""The most that glibc comes to by itself, which it does no longer once it is told anything."""


def resident_bytes() -> int:
    """Return the bytes of this process that are in memory; 0 where the system does not say."""
    if not _STATM.exists():
        return 0
    return int(_STATM.read_text().split()[1]) * mmap.PAGESIZE


class _Mallinfo2(ctypes.Structure):
    """struct mallinfo2 of glibc >= 2.33."""

    _fields_: ClassVar = [(f"field_{place}", ctypes.c_size_t) for place in range(8)] + [
        ("fordblks", ctypes.c_size_t),
        ("keepcost", ctypes.c_size_t),
    ]


@cache
def _libc() -> Any:
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallinfo2"):
        libc.mallinfo2.restype = _Mallinfo2
    return libc


def unused_bytes() -> int:
    """Return the freed bytes that the C allocator keeps; 0 where it does not say."""
    libc = _libc()
    return int(libc.mallinfo2().fordblks) if hasattr(libc, "mallinfo2") else 0


def keep_freed(most: int) -> bool:
    """Let the C allocator keep *most* bytes that were freed; say if it can be told so."""
    libc = _libc()
    return hasattr(libc, "mallopt") and all(
        libc.mallopt(option, value)
        for option, value in ((_MMAP_THRESHOLD, _MMAPPED_FROM), (_TRIM_THRESHOLD, most))
    )


def give_back(above: int) -> bool:
    """Give freed memory back to the system if the C allocator keeps more than *above* bytes.

    Returns:
        Whether it was. Meanwhile, tens of milliseconds in a large process, nobody gets memory.
    """
    libc = _libc()
    if unused_bytes() <= above or not hasattr(libc, "malloc_trim"):
        return False
    libc.malloc_trim(0)
    return True
