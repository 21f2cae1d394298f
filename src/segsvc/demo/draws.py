"""Seeded draws through tables of quantiles.

Every skewed draw is an index into a table that was made and rounded once, not a call of exp or
log for each value: that is fast, and the last bit of a platform's floating point cannot show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Int64

Array: TypeAlias = npt.NDArray[Any]
Codes: TypeAlias = npt.NDArray[np.int32]

TABLE_SIZE = 4_096


class Stream(IntEnum):
    """Independent streams of draws; each is split again by a block, slice or wave number."""

    TRAITS = 1
    PROFILE = 2
    SLICE = 3
    WAVE = 4
    CATALOGUE = 5


def generator(seed: int, stream: Stream, part: int = 0) -> np.random.Generator:
    """Return the generator of one part of one stream."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, stream, part))))


def lognormal(median: float, sigma: float, low: int, high: int, size: int = TABLE_SIZE) -> Int64:
    """Return ascending quantiles of a log-normal, as integers within *low* to *high*."""
    normal = NormalDist()
    values = [
        round(median * math.exp(sigma * normal.inv_cdf((place + 0.5) / size)))
        for place in range(size)
    ]
    return np.clip(np.array(values, np.int64), low, high)


def shares(weights: Sequence[float], size: int = TABLE_SIZE) -> Codes:
    """Return *size* codes in which code i takes a share of about ``weights[i]``.

    >>> shares([3, 1], 4).tolist()
    [0, 0, 0, 1]
    """
    bounds = np.cumsum(np.array(weights, np.float64))
    places = (np.arange(size) + 0.5) * (bounds[-1] / size)
    codes: Codes = np.searchsorted(bounds, places, side="right").astype(np.int32)
    return codes


def zipf(count: int, exponent: float, size: int = TABLE_SIZE) -> Codes:
    """Return *size* codes in which code i takes a share like ``1 / (i + 1) ** exponent``."""
    return shares([1 / (rank + 1) ** exponent for rank in range(count)], size)


def draw(rng: np.random.Generator, table: Array, count: int) -> Array:
    """Draw *count* values of a table (at most 65,536 long) uniformly by place."""
    return table[rng.integers(0, len(table), count, dtype=np.uint32)]


def draw_rows(rng: np.random.Generator, tables: Array, rows: Array) -> Array:
    """Draw one value of ``tables[row]`` for each of *rows*."""
    return tables[rows, rng.integers(0, tables.shape[1], len(rows), dtype=np.uint32)]


def chance(rng: np.random.Generator, count: int, share: float | Array) -> Bool:
    """Draw *count* flags that are true with probability *share*."""
    flags: Bool = rng.random(count) < share
    return flags


def mixed(values: Array, seed: int) -> npt.NDArray[np.uint64]:
    """Hash integers (splitmix64): draws that can be repeated from the number alone."""
    held = values.astype(np.uint64) + np.uint64((seed * 0x9E3779B97F4A7C15) % 2**64)
    held = (held ^ (held >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    held = (held ^ (held >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return held ^ (held >> np.uint64(31))
