"""Subscribing and leaving: the events behind each contact's subscription status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segsvc.demo.flow import Columns, Flows, Numbers
from segsvc.demo.people import FOREVER, NEVER, Population
from segsvc.demo.waves import Waves
from segsvc.domain.columns import Int64, UInt32


@dataclass(frozen=True, slots=True, eq=False)
class Consents:
    """Consent to one channel, over the history of events.

    Contacts who registered before the history have their subscription from then, without event.
    """

    key: str
    population: Population
    until: UInt32
    leavers: UInt32
    """Contacts who withdrew consent, in the order in which they did."""
    waves: Waves

    @classmethod
    def of(cls, key: str, population: Population, waves: Waves) -> Consents:
        """Find who leaves the channel of *waves*, and when."""
        until = waves.until
        leavers = np.flatnonzero((until != NEVER) & (until != FOREVER)).astype(np.uint32)
        leavers = leavers[np.argsort(until[leavers], kind="stable")]
        return cls(key, population, until, leavers, waves)

    def count(self, start: int, end: int) -> int:
        """Return how many events fall between *start* and *end*."""
        return len(self._joined(start, end)) + len(self._left(start, end))

    def events(self, numbers: Numbers, start: int, end: int) -> Flows:
        """Return the events from *start* until before *end*."""
        joined = self._joined(start, end)
        left = self._left(start, end)
        moments = self.until[left].astype(np.int64)
        leaving = self._columns(numbers, left, moments)
        leaving["campaign"] = self.waves.latest(moments)
        joining = self.population.registered[joined].astype(np.int64)
        return {
            f"{self.key}_subscribed": self._columns(numbers, joined, joining),
            f"{self.key}_unsubscribed": leaving,
        }

    def _columns(self, numbers: Numbers, contacts: Int64, times: Int64) -> Columns:
        return {"contact": contacts, "time": times, "number": numbers.take(len(contacts))}

    def _joined(self, start: int, end: int) -> Int64:
        first, last = self.population.registered_before(np.array([start, end])).tolist()
        joined: Int64 = first + np.flatnonzero(self.until[first:last] != NEVER)
        return joined

    def _left(self, start: int, end: int) -> Int64:
        bounds = np.array([start, end], np.uint32)
        first, last = np.searchsorted(self.until[self.leavers], bounds).tolist()
        return self.leavers[first:last].astype(np.int64)
