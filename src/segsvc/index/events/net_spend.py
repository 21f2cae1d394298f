"""Net spend: order values placed less cancelled and refunded, over three logs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, from_mask, from_sorted, ordinals_of
from segsvc.domain.columns import Int64
from segsvc.domain.decimals import INT64_MIN, Interval
from segsvc.domain.predicate import Reduction
from segsvc.index.events.log import EventLog
from segsvc.index.events.reduce import Part, reduced

VALUE = "value"
VALUE_SCALE = 4


def net_spend(
    placed: EventLog,
    taken_back: Sequence[EventLog],
    first: int,
    last: int,
    interval: Interval,
    within: Bitmap | None,
) -> Bitmap:
    """Return the contacts (of *within*) with a valued event and a net spend in *interval*.

    Each event counts by its own time, first <= time <= last.
    """
    members = None if within is None else ordinals_of(within)
    parts: list[Part] = []
    for log, sign in ((placed, 1), *((log, -1) for log in taken_back)):
        rows = log.rows(first, last, within)
        numbers, present = log.numbers(VALUE, rows)
        owners = log.owners(rows)[present]
        places = owners if members is None else np.searchsorted(members, owners)
        parts.append((places, _signed(numbers[present], sign)))
    size = max(log.contact_limit for log in (placed, *taken_back))
    if members is None:
        return from_mask(reduced(Reduction.SUM, parts, size, interval, VALUE_SCALE))
    passed = reduced(Reduction.SUM, parts, len(members), interval, VALUE_SCALE)
    return from_sorted(members[passed])


def _signed(numbers: Int64, sign: int) -> npt.NDArray[Any]:
    """Return numbers x sign: as Python ints where the least int64 has no negative."""
    if sign < 0 and len(numbers) and int(numbers.min()) == INT64_MIN:
        return numbers.astype(object) * sign
    return numbers * sign
