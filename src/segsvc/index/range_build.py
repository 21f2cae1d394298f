"""How bins are made: edges from a sample, then every contact sorted into its bin, in slices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, from_arrays, from_mask
from segsvc.domain.columns import Bool, Int64, UInt32
from segsvc.domain.decimals import INT64_MAX, INT64_MIN

_SAMPLED = 65_536
_CONTAINER = 65_536
_SLICE_ROWS = 32_768
_ARRAY_LIMIT = 4_096
_LEAST_PER_BIN, _LEAST_BINS = 512, 64


def bin_edges(keys: Callable[[slice | UInt32], tuple[Int64, Bool]], size: int, bins: int) -> Int64:
    """Return the least value of each bin (ascending, the first is the least int64).

    Edges are quantiles of a sample, fewer than *bins* where few contacts have a value. A value that
    two quantiles meet, and every value where there are few, gets a bin of its own: an edge at it
    and one right after.
    """
    step = max(size // _SAMPLED, 1)
    sampled, there = keys(slice(0, size, step))
    ordered = np.sort(sampled[there])
    bins = min(bins, max(len(ordered) * step // _LEAST_PER_BIN, _LEAST_BINS))
    values, counts = _counted(ordered)
    if len(values) * 2 > bins:
        places = np.linspace(0, len(ordered) - 1, bins + 1).astype(np.int64)
        values, counts = _counted(ordered[places])
    else:
        counts = np.full(len(values), 2)
    alone = values[(counts > 1) & (values < INT64_MAX)]
    return np.unique(np.concatenate([np.array([INT64_MIN], np.int64), values, alone + 1]))


def _counted(ordered: Int64) -> tuple[Int64, npt.NDArray[np.int64]]:
    values, counts = np.unique(ordered, return_counts=True)
    return values.astype(np.int64), counts


def binned(
    keys: Callable[[slice | UInt32], tuple[Int64, Bool]], size: int, edges: Int64
) -> Iterator[Bitmap | None]:
    """Yield who is in each bin, in order; and None wherever others may have a turn.

    Counts by bin and container say where each contact goes, so that one scatter per container
    leaves every bin as the sorted low halves that Roaring arrays are made of.
    """
    count, chunks = len(edges), -(-size // _CONTAINER)
    codes = np.empty(size, np.uint16)
    counts = np.zeros((count + 1, max(chunks, 1)), np.int64)
    for start in range(0, size, _SLICE_ROWS):
        rows = slice(start, min(start + _SLICE_ROWS, size))
        values, there = keys(rows)
        places = np.searchsorted(edges, values, side="right") - 1
        places[~there] = count
        codes[rows] = places
        counts[:, start // _CONTAINER] += np.bincount(places, minlength=count + 1)
        yield None
    ends = np.cumsum(counts.reshape(-1)).reshape(counts.shape)
    lows = np.empty(size, np.uint16)
    for chunk in range(chunks):
        order = np.argsort(codes[chunk * _CONTAINER : (chunk + 1) * _CONTAINER], kind="stable")
        here = counts[:, chunk]
        shift = ends[:, chunk] - np.cumsum(here)
        lows[np.arange(len(order)) + np.repeat(shift, here)] = order
        yield None
    for place in range(count):
        held = counts[place]
        if int(held.max()) > _ARRAY_LIMIT:
            yield from_mask(codes == place)
            yield None
        else:
            start = int(ends[place, 0] - held[0])
            yield from_arrays(held, lows[start : int(ends[place, -1])])
