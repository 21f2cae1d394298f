"""When each contact last entered through one trigger: four bytes for each contact of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from segsvc.automation.trigger import Policy, Reentry
from segsvc.bitmap import Bitmap, from_mask, from_sorted, ordinals_of
from segsvc.domain.section import Section, Sections
from segsvc.index import ChunkedArray

_NEVER = 0
_LATEST = 2**32 - 1


class EntryHistory:
    """The last entry of every contact, by ordinal: UTC seconds within 1970..2105; 0: never."""

    def __init__(self, trigger_id: str) -> None:
        self._last = ChunkedArray(f"trigger/{trigger_id}/last", np.uint32)
        self._ever = Bitmap()
        """Who has entered: where `_last` is not 0."""

    @property
    def nbytes(self) -> int:
        """Bytes held, the bitmap aside."""
        return self._last.nbytes

    def admitted(self, candidates: Bitmap, policy: Policy, at: int) -> Bitmap:
        """Return who of *candidates* may enter at *at*; not to be changed."""
        if policy.reentry is Reentry.EVERY_ENTRY:
            return candidates
        new = candidates - self._ever
        if policy.reentry is Reentry.ONCE or len(new) == len(candidates):
            return new
        known = ordinals_of(candidates & self._ever)
        rested = self._last.live[known].astype(np.int64) <= policy.cutoff(at)
        return new | from_sorted(known[rested])

    def record(self, entrants: Bitmap, at: int) -> None:
        """Note that contacts entered at *at*."""
        if entrants:
            self._last.grow(entrants.max() + 1, _NEVER)
            self._last.put(ordinals_of(entrants).astype(np.int64), _stamp(at))
            self._ever |= entrants

    def forget(self, gone: Bitmap) -> None:
        """Drop what is known of contacts who were deleted."""
        known = gone & self._ever
        self._last.put(ordinals_of(known).astype(np.int64), _NEVER)
        self._ever -= known

    def unite(self, merges: Sequence[tuple[int, int]]) -> None:
        """Give the history of merged contacts, (source, into) in order, to those they are now."""
        known = Bitmap([source for source, _ in merges]) & self._ever
        if not known:
            return
        ends = ends_of(merges)
        sources = ordinals_of(known).astype(np.int64)
        into = np.array([ends[held] for held in sources.tolist()], np.int64)
        self._last.grow(int(into.max()) + 1, _NEVER)
        last = self._last.live[sources]
        # Of repeated places the last one put wins, which must be the latest of all.
        order = np.argsort(last, kind="stable")
        self._last.put(into[order], np.maximum(last, self._last.live[into])[order])
        self._last.put(sources, _NEVER)
        self._ever = (self._ever - known) | Bitmap(into.tolist())

    def freeze(self) -> Section:
        """Return it as a section of a snapshot; call `release` when that is read."""
        return self._last.freeze()

    def release(self) -> None:
        """Stop keeping what a snapshot was to read."""
        self._last.release()

    def load(self, sections: Sections) -> None:
        """Replace it by what a snapshot held."""
        self._last.load(sections[self._last.name])
        self._ever = from_mask(self._last.live != _NEVER)


def _stamp(at: int) -> int:
    return min(max(at, 1), _LATEST)


def ends_of(merges: Sequence[tuple[int, int]]) -> Mapping[int, int]:
    """Return whom each merged contact became in the end.

    >>> ends_of([(1, 2), (2, 5)])
    {2: 5, 1: 5}
    """
    ends: dict[int, int] = {}
    for source, into in reversed(merges):
        ends[source] = ends.get(into, into)
    return ends
