"""Who ever did something with a property value: postings, kept and patched by new rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segsvc.bitmap import Bitmap, from_mask
from segsvc.domain.predicate import EventQuery, OneOf, PropertyPredicate, Reduction

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

_KEPT = 512


class EverPostings:
    """Answers to "at least once, ever, with this value", by clause.

    A posting knows up to which row it was scanned; asking again scans only what came since.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._held: dict[PropertyPredicate, tuple[Bitmap, int]] = {}

    def clear(self) -> None:
        """Forget everything, as when rows changed hands."""
        self._held.clear()

    def find(self, query: EventQuery) -> Bitmap | None:
        """Return the contacts who satisfy *query*, when it is of the kind kept here."""
        if len(query.where) != 1 or query.reduction is not Reduction.COUNT:
            return None
        clause = query.where[0]
        low, _ = query.interval.unscaled(0)
        plain = isinstance(clause.predicate, OneOf) and not clause.negated
        ever = query.first <= 0 and query.last >= 2**32
        if not plain or not ever or low > 1 or query.interval.upper is not None:
            return None
        posting, scanned = self._held.pop(clause, (Bitmap(), 0))
        if scanned < len(self._log):
            posting |= self._scan(clause, scanned)
        if len(self._held) >= _KEPT:
            del self._held[next(iter(self._held))]
        self._held[clause] = (posting, len(self._log))
        return posting.copy()

    def _scan(self, clause: PropertyPredicate, start: int) -> Bitmap:
        rows = slice(start, len(self._log))
        passed = self._log.column(clause.property).matches(clause.predicate, rows)
        owners = self._log.owners(np.flatnonzero(passed) + start)
        owners = owners[owners != np.uint32(0xFFFFFFFF)]
        seen = np.zeros(int(owners.max(initial=0)) + 1, np.bool_)
        seen[owners] = True
        return from_mask(seen)
