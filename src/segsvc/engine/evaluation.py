"""How conditions are evaluated: what all stores of an engine share and are tuned by."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segsvc.bitmap import combine, room_for
from segsvc.bitmap.combine import Form
from segsvc.engine.allocator import keep_freed
from segsvc.index import RangeShape
from segsvc.plan.leaf_cache import LeafCache

DEFAULT_CACHE_BYTES = 256 * 2**20

_ANSWERS = 200
"""For so many there is room before they come; those of small stores are no matter."""

_BESIDES = 2**26
"""Freed bytes that the allocator keeps for what is made on the way to an answer."""

_AT_ONCE = 32
"""So many sets of those are touched, too."""


class Evaluation:
    """One cache of leaf answers, and the forms that answers take.

    Args:
        cache_bytes: what answers of leaves may take in memory; 0 keeps none.
        ranges: when and how columns of numbers, instants, dates and booleans are cut into bins.
        form: how dense sets are combined.
    """

    def __init__(
        self,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        ranges: RangeShape | None = None,
        form: Form = Form.AUTO,
    ) -> None:
        self.cache = LeafCache(cache_bytes, form)
        self.ranges = ranges or RangeShape()
        self.form = form
        self.room = 0
        """Bytes that were touched for answers to come."""

    def make_room(self, limit: int) -> Iterator[None]:
        """Touch, a few milliseconds at a time, memory for answers over ordinals below *limit*.

        A page that the process never had takes a virtual machine up to eight microseconds, so that
        each new answer about ten million contacts would wait 2.5 ms for its 300.
        """
        size = 8 * room_for(limit)
        wanted = min(self.cache.limit_bytes - self.cache.nbytes, _ANSWERS * size)
        wanted += min(_BESIDES, _AT_ONCE * size)
        if wanted <= self.room or not self._may_keep_words(limit):
            return
        if keep_freed(wanted + _BESIDES):
            self.room, touched = wanted, []
            for _ in range(wanted // size):
                touched.append(np.ones(size, np.uint8))
                yield

    def _may_keep_words(self, limit: int) -> bool:
        return self.cache.is_on and combine.may_go_in_words(limit, self.form)

    def lose_room(self) -> None:
        """Note that the allocator was made to give up what it kept."""
        self.room = 0
