"""Event ids accepted earlier in the same turn, before anything of it is applied."""

from __future__ import annotations

import numpy as np

from segsvc.domain.columns import Bool
from segsvc.index.hashing import UInt64


class EventOverlay:
    """Pairs of hashes by behavior. A fork can be thrown away or taken back."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[UInt64, ...]] = {}

    def fork(self) -> EventOverlay:
        """Return a copy that changes by itself."""
        forked = EventOverlay()
        forked._held = dict(self._held)
        return forked

    def take(self, fork: EventOverlay) -> None:
        """Become what *fork* is."""
        self._held = fork._held

    def first_seen(self, behavior: str, first: UInt64, second: UInt64) -> Bool:
        """Return which pairs are new to this turn (the first of equal ones), and keep them."""
        held = self._held.get(behavior, ())
        new = np.ones(len(first), np.bool_)
        pairs = first ^ (second * np.uint64(0x9E3779B97F4A7C15))
        places = np.unique(pairs, return_index=True)[1]
        if len(places) < len(pairs):
            new[:] = False
            new[places] = True
        for earlier in held:
            new &= ~np.isin(pairs, earlier)
        self._held[behavior] = (*held, pairs[new])
        return new


__all__ = ["EventOverlay"]
