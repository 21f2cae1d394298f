"""Visits to the shop and what comes of them: views, carts, orders, refunds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segsvc.demo.catalogue import PAGE_TABLE, Catalogue
from segsvc.demo.draws import Array, chance, draw, lognormal, shares
from segsvc.demo.flow import NO_COUPON, Columns, Flows, Numbers, select
from segsvc.demo.people import Population
from segsvc.demo.rhythm import Rhythm
from segsvc.demo.spec import DAY
from segsvc.demo.waves import Waves
from segsvc.domain.columns import Int64

_PAGES = shares([46, 26, 14, 7, 4, 2, 1])
_VIEWS = shares([42, 24, 14, 8, 5, 3, 2, 1, 1])
_CART_SHARE = 0.42
_ORDER_SHARE = 0.6
_SIZES = shares([0, 52, 24, 12, 6, 3, 2, 1])
_ORDER_FACTOR = lognormal(97, 0.22, 40, 240)
"""Percent of the list prices that an order came to: quantities and discounts."""
_COUPON_SHARE = 0.14
_CANCELLED, _REFUNDED, _PARTLY = 0.04, 0.065, 0.3
_UNTIL_CANCELLED = lognormal(4 * 3_600, 1.0, 300, 2 * DAY)
_UNTIL_REFUNDED = lognormal(9 * DAY, 0.5, DAY, 40 * DAY)
_NEWCOMERS = 0.18
"""Share of visits by contacts who registered not long before."""

_CARTS = float((_VIEWS > 0).mean()) * _CART_SHARE
EVENTS_PER_SESSION = (
    1
    + float(_PAGES.mean())
    + float(_VIEWS.mean())
    + _CARTS * (1 + _ORDER_SHARE * (1 + _CANCELLED + _REFUNDED))
)


@dataclass(frozen=True, slots=True, eq=False)
class Shop:
    """Everything a visit depends on."""

    end: int
    population: Population
    rhythm: Rhythm
    catalogue: Catalogue
    coupons: Waves

    def sessions(
        self, rng: np.random.Generator, numbers: Numbers, count: int, low: float, high: float
    ) -> Flows:
        """Draw *count* visits at places *low* to *high* of the rhythm, with all that follows."""
        times = self.rhythm.times(low + rng.random(count) * (high - low))
        contacts = self._visitors(rng, times)
        present = contacts >= 0
        times, contacts = times[present], contacts[present]
        visits = {"contact": contacts, "time": times}
        pages = self._spread(rng, visits, draw(rng, _PAGES, len(times)), 900)
        pages["url"] = draw(rng, PAGE_TABLE, len(pages["time"]))
        seen = draw(rng, _VIEWS, len(times))
        views = self._spread(rng, visits, seen, 900)
        views["product"] = self.catalogue.choose(rng, views["contact"])
        last_views = np.cumsum(seen)[seen > 0] - 1
        flows = {"visited": visits, "page_viewed": pages, "product_viewed": views}
        flows |= self._purchases(rng, numbers, select(views, last_views))
        for behavior in ("visited", "page_viewed", "product_viewed", "cart_updated"):
            flows[behavior]["number"] = numbers.take(len(flows[behavior]["time"]))
        return flows

    def _visitors(self, rng: np.random.Generator, times: Int64) -> Array:
        """Draw who visits at *times*, by weight, of those registered before; -1: nobody is."""
        held = self.population
        known = held.registered_before(times)
        visitors = self._one_of(rng, known)
        for _ in range(2):
            gone = np.flatnonzero(held.active_until[visitors] < times)
            visitors[gone] = self._one_of(rng, known[gone])
        return visitors

    def _one_of(self, rng: np.random.Generator, known: Int64) -> Int64:
        weights = self.population.weights
        place = rng.random(len(known))
        recent = chance(rng, len(known), _NEWCOMERS)
        place = np.where(recent, 1 - place * place * 0.08, place)
        total = np.where(known > 0, weights[np.maximum(known, 1) - 1], 0).astype(np.int64)
        target = np.minimum((place * total).astype(np.int64), np.maximum(total - 1, 0))
        found = np.searchsorted(weights, target.astype(np.uint32), side="right")
        return np.where(total > 0, found.astype(np.int64), -1)

    def _spread(
        self, rng: np.random.Generator, visits: Columns, counts: Array, seconds: int
    ) -> Columns:
        """Repeat each visit *counts* times, within *seconds* of its start."""
        times = np.repeat(visits["time"], counts)
        times += rng.integers(1, seconds, len(times), dtype=np.int32)
        np.minimum(times, self.end, out=times)
        return {"contact": np.repeat(visits["contact"], counts), "time": times}

    def _purchases(self, rng: np.random.Generator, numbers: Numbers, views: Columns) -> Flows:
        carts = select(views, chance(rng, len(views["time"]), _CART_SHARE))
        count = len(carts["time"])
        waiting = rng.integers(5, 600, count, dtype=np.int64)
        carts["time"] = np.minimum(carts["time"] + waiting, self.end)
        carts["value"] = self.catalogue.price_of[carts["product"]]
        orders = select(carts, chance(rng, count, _ORDER_SHARE))
        del orders["product"]
        self._fill(rng, numbers, orders)
        return {
            "cart_updated": carts,
            "order_placed": orders,
            **self._returns(rng, numbers, orders),
        }

    def _fill(self, rng: np.random.Generator, numbers: Numbers, orders: Columns) -> None:
        count = len(orders["time"])
        paying = rng.integers(30, 1_200, count, dtype=np.int64)
        orders["time"] = np.minimum(orders["time"] + paying, self.end)
        orders["number"] = numbers.take(count)
        orders["order"] = orders["number"]
        orders["size"] = draw(rng, _SIZES, count)
        prices = self.catalogue.price_of[self.catalogue.baskets(orders["order"], orders["size"])]
        sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(prices)])
        ends = np.cumsum(orders["size"])
        lists = sums[ends] - sums[ends - orders["size"]]
        orders["value"] = lists * draw(rng, _ORDER_FACTOR, count) // 100
        latest = self.coupons.latest(orders["time"])
        redeemed = chance(rng, count, _COUPON_SHARE) & (latest >= 0)
        orders["coupon"] = np.where(redeemed, latest, NO_COUPON)

    def _returns(self, rng: np.random.Generator, numbers: Numbers, orders: Columns) -> Flows:
        fate = rng.random(len(orders["time"]))
        flows: Flows = {}
        for behavior, chosen, delays in (
            ("order_cancelled", fate < _CANCELLED, _UNTIL_CANCELLED),
            ("order_refunded", fate > 1 - _REFUNDED, _UNTIL_REFUNDED),
        ):
            held = select(orders, chosen)
            del held["coupon"]
            held["time"] = held["time"] + draw(rng, delays, len(held["time"]))
            held = select(held, held["time"] <= self.end)
            held["number"] = numbers.take(len(held["time"]))
            flows[behavior] = held
        refunds = flows["order_refunded"]
        partly = chance(rng, len(refunds["time"]), _PARTLY)
        refunds["value"] = np.where(partly, refunds["value"] // 2, refunds["value"])
        return flows
