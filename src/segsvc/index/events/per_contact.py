"""Arrays with one number per contact, by ordinal; zero where nothing was written."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T", bound=np.generic)

_FIRST_ROOM = 1_024


def grown(held: npt.NDArray[T], limit: int) -> npt.NDArray[T]:
    """Return *held*, or a longer copy of it if it does not reach to ordinal *limit* - 1."""
    if limit <= len(held):
        return held
    longer = np.zeros(max(limit, len(held) * 3 // 2, _FIRST_ROOM), held.dtype)
    longer[: len(held)] = held
    return longer
