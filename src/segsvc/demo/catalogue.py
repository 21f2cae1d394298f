"""What the store sells and links to: products with category and price, pages, landing pages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segsvc.demo.draws import (
    Array,
    Codes,
    Stream,
    chance,
    draw,
    draw_rows,
    generator,
    lognormal,
    mixed,
    shares,
    zipf,
)
from segsvc.demo.text import numbered
from segsvc.domain.columns import Int64

PRODUCTS = 3_000

_CATEGORIES = {
    "Skin care": (18, 2_400), "Dresses": (14, 5_900), "Shoes": (13, 7_900),
    "T-shirts": (12, 2_200), "Make-up": (10, 1_900), "Jackets": (7, 11_900), "Jeans": (7, 6_900),
    "Accessories": (6, 1_700), "Bags": (5, 8_400), "Kitchen": (5, 3_200),
    "Home textiles": (4, 3_900), "Toys": (4, 2_600), "Sports": (3, 4_900),
    "Jewellery": (2, 12_900), "Pet supplies": (2, 2_100), "Gift cards": (1, 5_000),
}  # fmt: skip
"""Categories with their weight and their median price in cents."""

CATEGORIES = pa.array(list(_CATEGORIES))

_SITE = (
    ["/", "/sale", "/new", "/account", "/cart", "/search", "/shipping", "/returns", "/about"]
    + [f"/category/{name.lower().replace(' ', '-')}" for name in _CATEGORIES]
    + ["/size-guide", "/stores", "/gift-finder", "/loyalty", "/contact", "/faq", "/privacy"]
    + [f"/blog/{slug}" for slug in ("summer-looks", "winter-skin", "gift-guide", "care-tips")]
)
PAGES = pa.array(_SITE)
PAGE_TABLE = zipf(len(_SITE), 0.9)

_LANDINGS = ["/sale", "/new", "/gift-finder", "/loyalty", "/black-friday"] + [
    f"/category/{name.lower().replace(' ', '-')}" for name in _CATEGORIES
]
LANDINGS = pa.array([f"{page}?from=message" for page in _LANDINGS])
LANDING_TABLE = zipf(len(_LANDINGS), 0.8)

_FAVOURITE_SHARE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The products of one store: code p is the p-th most popular one."""

    seed: int
    products: pa.Array
    popular: Codes
    """Codes to draw from, zipf-like."""
    favourites: Codes
    """The same for each category: one row of codes."""
    category_of: Codes
    price_of: Int64
    """Cents."""

    @classmethod
    def of(cls, seed: int) -> Catalogue:
        """Draw the products of a store."""
        rng = generator(seed, Stream.CATALOGUE)
        weights = [weight for weight, _ in _CATEGORIES.values()]
        medians = np.array([median for _, median in _CATEGORIES.values()], np.int64)
        category = draw(rng, shares(weights), PRODUCTS)
        category[: len(weights)] = np.arange(len(weights))
        spread = draw(rng, lognormal(1_000, 0.45, 250, 6_000), PRODUCTS)
        prices = medians[category] * spread // 1_000
        ranks = [np.flatnonzero(category == code) for code in range(len(weights))]
        return cls(
            seed=seed,
            products=numbered("p", 1 + rng.permutation(PRODUCTS), 7),
            popular=zipf(PRODUCTS, 0.95, 65_536),
            favourites=np.stack([held[zipf(len(held), 0.8)] for held in ranks]).astype(np.int32),
            category_of=category,
            price_of=prices // 100 * 100 + 99,
        )

    def choose(self, rng: np.random.Generator, contacts: Array) -> Codes:
        """Draw a product for each of *contacts*: often of its favourite category."""
        liked = (mixed(contacts, self.seed) >> np.uint64(33)) % np.uint64(4_096)
        favourite = _CATEGORY_TABLE[liked.astype(np.int64)]
        chosen = draw(rng, self.popular, len(contacts))
        faithful = np.flatnonzero(chance(rng, len(contacts), _FAVOURITE_SHARE))
        chosen[faithful] = draw_rows(rng, self.favourites, favourite[faithful])
        return chosen

    def baskets(self, orders: Int64, sizes: Array) -> Codes:
        """Return the products of *orders* in a row, ``sizes[i]`` of order i.

        They follow from the order's number alone, so that its refund names them again.
        """
        within = np.arange(int(sizes.sum()), dtype=np.int64)
        within -= np.repeat(np.cumsum(sizes) - sizes, sizes)
        lots = mixed(np.repeat(orders, sizes) * 16 + within, self.seed)
        return self.popular[(lots >> np.uint64(48)).astype(np.int64)]


_CATEGORY_TABLE = shares([weight for weight, _ in _CATEGORIES.values()])
