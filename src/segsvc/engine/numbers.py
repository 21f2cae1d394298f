"""The store's own numbers that suggestions put into conditions."""

from __future__ import annotations

from decimal import Decimal

from segsvc.bitmap import Bitmap
from segsvc.condition.view import View
from segsvc.domain.predicate import OneOf
from segsvc.index import StoreIndex


class IndexNumbers:
    """`segment.suggestions.StoreNumbers` over an index at one instant."""

    def __init__(self, view: View, index: StoreIndex, at: int) -> None:
        self._view = view
        self._index = index
        self._at = at

    def spend_percentile(self, percent: int, country: str | None) -> Decimal:
        """Return the gross spend that *percent* % of the buyers (of a country) do not exceed."""
        within: Bitmap | None = None
        if country is not None:
            within = self._view.attribute("country", OneOf((country,)), None)
        return self._index.percentile("order_placed", "value", percent, within)

    def top_value(self, attribute: str) -> str | None:
        """Return the value of a text attribute that most contacts have."""
        top = self._index.suggest(attribute, "", 1)
        return top[0][0] if top else None
