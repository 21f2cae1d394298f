"""Events on their way: arrays of one behavior, and their rendering as Arrow batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from segsvc.demo.catalogue import CATEGORIES, LANDINGS, PAGES, Catalogue
from segsvc.demo.draws import Array
from segsvc.demo.text import (
    CODED,
    CONTACT_DIGITS,
    EVENT_DIGITS,
    coded,
    coded_lists,
    numbered,
)
from segsvc.domain.columns import Int64
from segsvc.domain.standard_schema import STANDARD_SCHEMA

Columns: TypeAlias = dict[str, Array]
"""Equal arrays of one behavior's events: contact, time (UTC seconds), number (unique), later
also arrival, and what `Renderer` needs for the behavior's properties."""

Flows: TypeAlias = dict[str, Columns]
"""Columns by behavior."""

_TYPES = {
    "campaign_id": CODED,
    "url": CODED,
    "order_id": pa.string(),
    "value": pa.float64(),
    "product_ids": pa.list_(CODED),
    "categories": pa.list_(CODED),
    "product_id": CODED,
    "category": CODED,
    "coupon_id": CODED,
}

NO_COUPON = -1


class Numbers:
    """Hands out the numbers of events, each once, from *first* up to but not including *last*."""

    def __init__(self, first: int, last: int) -> None:
        self._next = first
        self._last = last

    def take(self, count: int) -> Int64:
        """Return the next *count* numbers."""
        first = self._next
        self._next += count
        assert self._next <= self._last
        return np.arange(first, self._next, dtype=np.int64)


def select(columns: Columns, rows: Array) -> Columns:
    """Return the events at *rows* (positions or flags)."""
    return {name: values[rows] for name, values in columns.items()}


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the events of all *parts*, which have the same columns."""
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def event_schema(behavior: str) -> pa.Schema:
    """Return the Arrow schema of a behavior's batches."""
    fields = [("contact_id", pa.string()), ("time", pa.int64()), ("event_id", pa.string())]
    held = STANDARD_SCHEMA.behaviors[behavior].properties
    return pa.schema([*fields, *((item.name, _TYPES[item.name]) for item in held)])


@dataclass(frozen=True, slots=True, eq=False)
class Renderer:
    """Turns columns of codes into the properties of the standard schema."""

    catalogue: Catalogue
    campaigns: Mapping[str, pa.Array]
    """Campaign names by behavior."""
    coupons: pa.Array

    def batch(self, behavior: str, held: Columns) -> pa.RecordBatch:
        """Return the events *held* as one batch."""
        schema = event_schema(behavior)
        columns = [
            numbered("c", held["contact"], CONTACT_DIGITS),
            pa.array(held["time"]),
            numbered("e", held["number"], EVENT_DIGITS),
        ]
        basket = None
        if "size" in held:
            basket = self.catalogue.baskets(held["order"], held["size"])
        for name in schema.names[len(columns) :]:
            columns.append(self._property(behavior, name, held, basket))
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    def _property(self, behavior: str, name: str, held: Columns, basket: Array | None) -> pa.Array:
        catalogue = self.catalogue
        match name:
            case "campaign_id":
                missing = held["campaign"] < 0
                return coded(held["campaign"], self.campaigns[behavior], missing)
            case "url":
                return coded(held["url"], PAGES if behavior == "page_viewed" else LANDINGS)
            case "order_id":
                return numbered("o", held["order"], EVENT_DIGITS)
            case "value":
                return pa.array(held["value"] / 100.0)
            case "product_id":
                return coded(held["product"], catalogue.products)
            case "category":
                return coded(catalogue.category_of[held["product"]], CATEGORIES)
            case "coupon_id":
                return coded(held["coupon"], self.coupons, held["coupon"] == NO_COUPON)
        assert basket is not None
        if name == "product_ids":
            return coded_lists(held["size"], basket, catalogue.products)
        return coded_lists(held["size"], catalogue.category_of[basket], CATEGORIES)
