"""Sets of whole numbers as ranges, and of real numbers by the rank of the bounds in question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from segsvc.domain.decimals import INT64_MAX, INT64_MIN, Interval

Ranges = tuple[tuple[int, int], ...]
"""Disjoint ranges, both ends included."""

UNBOUNDED: Ranges = ((INT64_MIN * 2**64, INT64_MAX * 2**64),)
"""As far as `Interval.unscaled` reaches when a bound is open."""
STORED: Ranges = ((INT64_MIN, INT64_MAX),)
NATURAL: Ranges = ((0, INT64_MAX * 2**64),)

Asked = tuple[Interval, bool]
"""An interval, and whether its complement is meant."""


def inside(ranges: Ranges, low: int, high: int) -> Ranges:
    """Return the numbers of *ranges* in low..high."""
    cut = ((max(first, low), min(last, high)) for first, last in ranges)
    return tuple((first, last) for first, last in cut if first <= last)


def outside(ranges: Ranges, low: int, high: int) -> Ranges:
    """Return the numbers of *ranges* not in low..high."""
    if low > high or not ranges:
        return ranges
    first, last = ranges[0][0], ranges[-1][1]
    return inside(ranges, first, low - 1) + inside(ranges, high + 1, last)


def whole(ranges: Ranges, asked: Iterable[Asked], scale: int) -> Ranges:
    """Return the counts at *scale* in *ranges* that satisfy everything *asked*."""
    for interval, negated in asked:
        low, high = interval.unscaled(scale)
        ranges = (outside if negated else inside)(ranges, low, high)
    return ranges


def has_real(asked: Sequence[Asked]) -> bool:
    """Whether some real number satisfies everything *asked*.

    The i-th bound stands for the number 2i, and all numbers between it and the next for 2i + 1.
    """
    bounds = sorted(
        {bound for held, _ in asked for bound in (held.lower, held.upper) if bound is not None}
    )
    rank = {bound: 2 * place for place, bound in enumerate(bounds)}
    ranges: Ranges = ((-1, 2 * len(bounds)),)
    for interval, negated in asked:
        low, high = _ranked(interval, rank, len(bounds))
        ranges = (outside if negated else inside)(ranges, low, high)
    return bool(ranges)


def _ranked(interval: Interval, rank: dict[Decimal, int], count: int) -> tuple[int, int]:
    low, high = -1, 2 * count
    if interval.lower is not None:
        low = rank[interval.lower] + (not interval.lower_inclusive)
    if interval.upper is not None:
        high = rank[interval.upper] - (not interval.upper_inclusive)
    return low, high
