"""Order of arrival: most events come when they happen, some late, some twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from segsvc.demo.draws import chance, draw, lognormal
from segsvc.demo.flow import Columns, Flows, joined, select
from segsvc.demo.spec import DAY, StoreSpec

_LATENESS = lognormal(9 * 3_600, 1.6, 600, 30 * DAY)
_REPEATED_AFTER = lognormal(600, 1.5, 5, 2 * DAY)


@dataclass(slots=True, eq=False)
class Delivery:
    """Holds events that have not arrived yet, until the slice in which they do."""

    spec: StoreSpec
    _waiting: dict[str, list[Columns]] = field(default_factory=dict)

    def accept(self, rng: np.random.Generator, flows: Flows) -> None:
        """Take events over, and decide when each arrives."""
        for behavior, held in flows.items():
            count = len(held["time"])
            if not count:
                continue
            held["arrival"] = held["time"].copy()
            late = np.flatnonzero(chance(rng, count, self.spec.late))
            held["arrival"][late] += draw(rng, _LATENESS, len(late))
            parts = self._waiting.setdefault(behavior, [])
            parts.append(held)
            if self.spec.repeated:
                again = select(held, chance(rng, count, self.spec.repeated))
                again["arrival"] += draw(rng, _REPEATED_AFTER, len(again["time"]))
                parts.append(again)

    def arrived(self, before: int) -> Iterator[tuple[str, Columns]]:
        """Yield, by behavior, what arrives before *before*, in that order; let go of it."""
        for behavior in sorted(self._waiting):
            parts = self._waiting.pop(behavior)
            held = joined(parts)
            due = held["arrival"] < before
            if not due.all():
                self._waiting[behavior] = [select(held, ~due)]
                held = select(held, due)
            if len(held["time"]):
                yield behavior, select(held, np.argsort(held["arrival"], kind="stable"))
