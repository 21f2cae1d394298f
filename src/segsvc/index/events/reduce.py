"""From selected events to the owners whose reduced number or time lies in an interval.

Everything is exact: sums are int64 while they provably fit and Python ints beyond, an average
compares sum x q with p x count for the bound p / q and is never a rounded quotient.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Int64
from segsvc.domain.decimals import INT64_MAX, INT64_MIN, Interval
from segsvc.domain.predicate import Reduction

_FITS = 2**62


def counts_of(owners: npt.NDArray[np.integer], size: int) -> Int64:
    """Return how often each owner 0..size-1 stands in *owners* (int64, size)."""
    return np.bincount(owners, minlength=size)


def inside(numbers: npt.NDArray[np.integer], low: int, high: int) -> Bool:
    """Return which numbers lie in low..high; the bounds may exceed the dtype."""
    limits = np.iinfo(numbers.dtype)
    low, high = max(low, int(limits.min)), min(high, int(limits.max))
    if low > high:
        return np.zeros(len(numbers), np.bool_)
    if high == limits.max:
        above: Bool = numbers >= numbers.dtype.type(low)
        return above
    found: Bool = (numbers >= numbers.dtype.type(low)) & (numbers <= numbers.dtype.type(high))
    return found


def sums_of(
    owners: npt.NDArray[np.integer], values: npt.NDArray[Any], size: int, counts: Int64
) -> npt.NDArray[Any]:
    """Return the exact sum per owner: int64, or Python ints when that might not hold it."""
    largest = int(np.abs(values).max(initial=0)) if len(values) else 0
    smallest = int(values.min(initial=0))
    bound = max(abs(largest), abs(smallest)) * int(counts.max(initial=0))
    if bound < 2**53:
        return np.bincount(owners, weights=values, minlength=size).astype(np.int64)
    if bound < _FITS:
        sums = np.zeros(size, np.int64)
        np.add.at(sums, owners, values)
        return sums
    exact = np.zeros(size, object)
    np.add.at(exact, owners, values.astype(object))
    return exact


def extremes_of(
    owners: npt.NDArray[np.integer], values: Int64, size: int, reduction: Reduction
) -> Int64:
    """Return the least or greatest value per owner; owners without one hold a filler."""
    least = reduction in {Reduction.MINIMUM, Reduction.FIRST_TIME}
    found = np.full(size, INT64_MAX if least else INT64_MIN, np.int64)
    (np.minimum if least else np.maximum).at(found, owners, values)
    return found


def reduced(
    reduction: Reduction,
    owners: npt.NDArray[np.integer],
    values: npt.NDArray[Any] | None,
    size: int,
    interval: Interval,
    scale: int,
) -> Bool:
    """Return which owners have a selected event and a reduction in *interval* (bool, size).

    Args:
        owners: the owner 0..size-1 of each selected event.
        values: numbers at *scale* or times of those events (int64; for SUM also Python ints, as
            object); None for COUNT.
    """
    counts = counts_of(owners, size)
    there: Bool = counts > 0
    if reduction is Reduction.COUNT:
        low, high = interval.unscaled(0)
        return inside(counts, max(low, 1), high)
    assert values is not None
    if reduction is Reduction.SUM:
        return there & sums_inside(sums_of(owners, values, size, counts), interval, scale)
    if reduction is Reduction.AVERAGE:
        sums = sums_of(owners, values, size, counts)
        return there & averages_inside(sums, counts, interval, scale)
    low, high = interval.unscaled(scale)
    return there & inside(extremes_of(owners, values, size, reduction), low, high)


def sums_inside(sums: npt.NDArray[Any], interval: Interval, scale: int) -> Bool:
    """Return which sums at *scale* lie in *interval*."""
    low, high = interval.unscaled(scale)
    if sums.dtype != object:
        return inside(sums, low, high)
    return ((sums >= low) & (sums <= high)).astype(np.bool_)


def averages_inside(sums: npt.NDArray[Any], counts: Int64, interval: Interval, scale: int) -> Bool:
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
    sums: npt.NDArray[Any], denominator: int, counts: Int64, numerator: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return sums x denominator and counts x numerator, as Python ints where int64 is too small."""
    if sums.dtype != object:
        largest = max(abs(int(sums.max(initial=0))), abs(int(sums.min(initial=0))))
        if largest * denominator < _FITS and abs(numerator) * int(counts.max(initial=0)) < _FITS:
            return sums * denominator, counts * numerator
    return sums.astype(object) * denominator, counts.astype(object) * numerator
