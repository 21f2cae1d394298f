"""What memory goes where: the parts of one store, and the process around them."""

from __future__ import annotations

import ctypes
import mmap
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from segsvc.engine.state import StoreState

_STATM = Path("/proc/self/statm")


def parts_of(state: StoreState) -> dict[str, int]:
    """Return the bytes of everything a store keeps in memory, by part."""
    return {
        **state.index.stats().bytes,
        "memberships": state.memberships.nbytes,
        "leaf answers": state.memberships.answers.nbytes,
        "kept answers": state.evaluation.cache.nbytes_of(state.writes),
        "recent changes": state.changes.nbytes,
        "answered requests": state.requests.nbytes,
        "triggers": state.triggers.nbytes,
    }


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Bytes of the whole process. Stores, waiting writes, baseline and unused add up to resident.

    Attributes:
        resident: what the system counts; 0 where it does not say.
        baseline: what was resident before any store was opened: Python, its libraries.
        unused: freed, and kept by the allocator for later.
        waiting: payloads of writes in the queue.
        stores: parts of all stores.
    """

    resident: int
    baseline: int
    unused: int
    waiting: int
    stores: int


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


def give_back() -> None:
    """Give freed memory back to the system, where the C allocator can; takes milliseconds."""
    libc = _libc()
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
