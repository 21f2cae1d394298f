"""From a comparison of column elements to a bitmap, over all contacts or within some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from segsvc.bitmap import Bitmap, from_mask, from_sorted, ordinals_of
from segsvc.domain.columns import Bool
from segsvc.index.array import ChunkedArray


def answer(
    column: ChunkedArray, within: Bitmap | None, test: Callable[[npt.NDArray[Any]], Bool]
) -> Bitmap:
    """Return the contacts (of *within*) whose element of *column* passes *test*.

    Retired contacts hold the missing element, which must not pass.
    """
    if within is None:
        return from_mask(test(column.live))
    ordinals = ordinals_of(within)
    return from_sorted(ordinals[test(column.live[ordinals])])
