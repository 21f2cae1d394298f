"""From selected events to the owners whose reduced number or time lies in an interval.

Everything is exact: sums are int64 while they provably fit and Python ints beyond, an average
compares sum x q with p x count for the bound p / q and is never a rounded quotient.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import Reduction
from segsvc.index.intervals import inside

_FITS = 2**62

Owners: TypeAlias = npt.NDArray[np.integer]
Part: TypeAlias = tuple[Owners, npt.NDArray[Any] | None]
"""The owner 0..size-1 of each selected event, and its number at its scale, or its time.

The numbers are integers of any width; for a sum also Python ints. None: they are not asked for.
"""


def reduced(
    reduction: Reduction, parts: Iterable[Part], size: int, interval: Interval, scale: int
) -> Bool:
    """Return which owners have a selected event and a reduction in *interval* (bool, size)."""
    match reduction:
        case Reduction.COUNT:
            low, high = interval.unscaled(0)
            return _counted(parts, size, max(low, 1), high)
        case Reduction.SUM | Reduction.AVERAGE:
            sums, counts = _totals(parts, size)
            return totals_inside(reduction, sums, counts, interval, scale)
        case _:
            low, high = interval.unscaled(scale)
            least = reduction in {Reduction.MINIMUM, Reduction.FIRST_TIME}
            return _extreme(parts, size, low, high, least=least)


def _counted(parts: Iterable[Part], size: int, low: int, high: int) -> Bool:
    counts = np.zeros(size, np.uint32)
    for owners, _ in parts:
        np.add.at(counts, owners, np.uint32(1))
    return inside(counts, low, high)


def _totals(parts: Iterable[Part], size: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint32]]:
    """Return the exact sum per owner (int64, or Python ints when that might not hold it)."""
    sums: npt.NDArray[Any] = np.zeros(size, np.int64)
    counts = np.zeros(size, np.uint32)
    magnitude = 0
    for owners, values in parts:
        assert values is not None
        if not len(values):
            continue
        magnitude += max(int(values.max()), -int(values.min())) * len(values)
        if sums.dtype != object and (magnitude >= _FITS or values.dtype == object):
            sums = sums.astype(object)
        np.add.at(sums, owners, values.astype(sums.dtype))
        np.add.at(counts, owners, np.uint32(1))
    return sums, counts


def _extreme(parts: Iterable[Part], size: int, low: int, high: int, *, least: bool) -> Bool:
    """Return whose least (or greatest) value lies in low..high.

    The greatest does just when some value reaches *low* and none exceeds *high*.
    """
    reached = np.zeros(size, np.bool_)
    exceeded = np.zeros(size, np.bool_)
    for owners, values in parts:
        assert values is not None
        limits = np.iinfo(values.dtype)
        below, above = (int(limits.min), low - 1), (high + 1, int(limits.max))
        reached[owners[~inside(values, *(above if least else below))]] = True
        exceeded[owners[inside(values, *(below if least else above))]] = True
    return reached & ~exceeded


def totals_inside(
    reduction: Reduction,
    sums: npt.NDArray[Any],
    counts: npt.NDArray[np.integer],
    interval: Interval,
    scale: int,
) -> Bool:
    """Return whose SUM or AVERAGE, of at least one number at *scale*, lies in *interval*."""
    found = np.zeros(len(sums), np.bool_)
    there = np.flatnonzero(counts)
    if reduction is Reduction.AVERAGE:
        found[there] = _averages_inside(sums[there], counts[there], interval, scale)
    elif sums.dtype == object:
        low, high = interval.unscaled(scale)
        found[there] = (sums[there] >= low) & (sums[there] <= high)
    else:
        found[there] = inside(sums[there], *interval.unscaled(scale))
    return found


def _averages_inside(
    sums: npt.NDArray[Any], counts: npt.NDArray[np.integer], interval: Interval, scale: int
) -> Bool:
    """Return which averages sums / counts lie in *interval*, without dividing."""
    found = np.ones(len(counts), np.bool_)
    bounds = (
        (interval.lower, interval.lower_inclusive, np.greater),
        (interval.upper, interval.upper_inclusive, np.less),
    )
    for bound, inclusive, beyond in bounds:
        if bound is None:
            continue
        exact = Fraction(bound) * 10**scale
        left, right = _products(sums, exact.denominator, counts, exact.numerator)
        passed = beyond(left, right)
        if inclusive:
            passed = passed | (left == right)
        found &= passed.astype(np.bool_)
    return found


def _products(
    sums: npt.NDArray[Any], denominator: int, counts: npt.NDArray[np.integer], numerator: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return sums x denominator and counts x numerator, as Python ints where int64 is too small."""
    if sums.dtype != object:
        largest = max(abs(int(sums.max(initial=0))), abs(int(sums.min(initial=0))))
        if largest * denominator < _FITS and abs(numerator) * int(counts.max(initial=0)) < _FITS:
            return sums * denominator, counts.astype(np.int64) * numerator
    return sums.astype(object) * denominator, counts.astype(object) * numerator
