"""When things happen: seasons, weekdays and hours of the day, as exact integer weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segsvc.demo.draws import Array
from segsvc.domain.columns import Int64

HOUR = 3_600

_MONTHS = np.array([88, 80, 85, 90, 95, 95, 84, 82, 95, 106, 160, 175], np.int64)
_WEEKDAYS = np.array([95, 90, 90, 95, 105, 126, 120], np.int64)
"""Monday first."""
_HOURS = np.array(
    [
        18,
        11,
        7,
        6,
        8,
        16,
        32,
        50,
        66,
        76,
        80,
        84,
        88,
        84,
        80,
        80,
        84,
        92,
        104,
        118,
        122,
        106,
        72,
        38,
    ],
    np.int64,
)
_EPOCH_WEEKDAY = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rhythm:
    """A density over the hours from *first* on; *bounds* are its h + 1 cumulated weights."""

    first: int
    bounds: Int64

    @classmethod
    def between(cls, first: int, last: int, growth: Int64 | None = None) -> Rhythm:
        """Make the rhythm of a shop for the whole hours from *first* to *last*.

        *growth* is one weight for each hour (0 to about 10,000), for a crowd that grows.
        """
        hours = hour_starts(first, last)
        days = hours // 86_400
        months = days.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
        weights = _MONTHS[months] * _WEEKDAYS[(days + _EPOCH_WEEKDAY) % 7]
        weights *= _HOURS[hours // HOUR % 24]
        if growth is not None:
            weights *= growth
        return cls(first, np.concatenate([np.zeros(1, np.int64), np.cumsum(weights)]))

    def times(self, places: Array) -> Int64:
        """Return the UTC seconds at *places* (0 <= place < 1) of the whole; keeps their order."""
        targets = (places * float(self.bounds[-1])).astype(np.int64)
        hours = np.searchsorted(self.bounds, targets, side="right") - 1
        hours = np.minimum(hours, len(self.bounds) - 2)
        into = targets - self.bounds[hours]
        width = np.maximum(self.bounds[hours + 1] - self.bounds[hours], 1)
        seconds = np.minimum(into * HOUR // width, HOUR - 1)
        moments: Int64 = self.first + hours * HOUR + seconds
        return moments

    def edges(self, parts: int) -> tuple[Int64, Array]:
        """Cut into at most *parts* of about equal weight, at whole hours.

        Returns the times of the edges and their places (0 to 1), both ascending.
        """
        targets = np.arange(parts + 1) * (float(self.bounds[-1]) / parts)
        hours = np.unique(np.searchsorted(self.bounds, targets.astype(np.int64)))
        hours[0], hours[-1] = 0, len(self.bounds) - 1
        return self.first + hours * HOUR, self.bounds[hours] / float(self.bounds[-1])


def hour_starts(first: int, last: int) -> Int64:
    """Return the starts of the whole hours counted from *first*, before *last*."""
    return np.arange(first, last - HOUR + 1, HOUR, dtype=np.int64)
