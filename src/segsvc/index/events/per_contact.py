"""Arrays with one number per contact, by ordinal; zero where nothing was written."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)

_FIRST_ROOM = 1_024
_TOUCHED_BYTES = 2**20
"""Memory that is touched for the first time in one piece: up to 2 ms on a virtual machine."""


def grown(held: npt.NDArray[T], limit: int) -> npt.NDArray[T]:
    """Return *held*, or a longer copy of it if it does not reach to ordinal *limit* - 1."""
    if limit <= len(held):
        return held
    longer = np.zeros(max(limit, len(held) * 3 // 2, _FIRST_ROOM), held.dtype)
    longer[: len(held)] = held
    return longer


def touched(
    limit: int, dtype: npt.DTypeLike, spare: int = 0
) -> Generator[None, None, npt.NDArray[Any]]:
    """Return zeros for ordinals below *limit*, yielding while the system provides the memory.

    Scattered writes would touch all of it at once: 40 MB take some 80 ms. Behind come *spare* more,
    of which the system provides none until they are used.
    """
    zeros = np.zeros(limit + spare, dtype)
    step = _TOUCHED_BYTES // zeros.itemsize
    for start in range(step, limit, step):
        zeros[start - step : start] = 0
        yield
    return zeros
