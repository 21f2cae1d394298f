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
from segsvc.index.events.reduce import reduced

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
    owners = [np.zeros(0, np.uint32)]
    values: list[npt.NDArray[Any]] = [np.zeros(0, np.int64)]
    for log, sign in ((placed, 1), *((log, -1) for log in taken_back)):
        rows = log.rows(first, last, within)
        numbers, present = log.numbers(VALUE, rows)
        owners.append(log.owners(rows)[present])
        values.append(_signed(numbers[present], sign))
    all_owners, all_values = np.concatenate(owners), np.concatenate(values)
    if not len(all_owners):
        return Bitmap()
    if within is None:
        size = int(all_owners.max()) + 1
        passed = reduced(Reduction.SUM, all_owners, all_values, size, interval, VALUE_SCALE)
        return from_mask(passed)
    members = ordinals_of(within)
    places = np.searchsorted(members, all_owners)
    passed = reduced(Reduction.SUM, places, all_values, len(members), interval, VALUE_SCALE)
    return from_sorted(members[passed])


def _signed(numbers: Int64, sign: int) -> npt.NDArray[Any]:
    """Return numbers x sign: as Python ints where the least int64 has no negative."""
    if sign < 0 and len(numbers) and int(numbers.min()) == INT64_MIN:
        return numbers.astype(object) * sign
    return numbers * sign
