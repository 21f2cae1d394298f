"""How conditions are evaluated: what all stores of an engine share and are tuned by."""

from __future__ import annotations

from segsvc.bitmap.combine import Form
from segsvc.index import RangeShape
from segsvc.plan.leaf_cache import LeafCache

DEFAULT_CACHE_BYTES = 256 * 2**20


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
