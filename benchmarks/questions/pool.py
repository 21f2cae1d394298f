"""A pool of 200 leaves, and trees drawn from it: dense, sparse or mixed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

Density = Literal["dense", "sparse", "mixed"]

DENSE = 1 / 16
"""Share of the contacts from which a leaf counts as dense (DESIGN section 7)."""

_COUNTRIES = (
    "US", "GB", "DE", "FR", "CA", "ES", "IT", "AU", "NL", "PL",
    "JP", "BR", "SE", "MX", "CH", "AT", "BE", "PT", "IE", "NZ",
)  # fmt: skip
_CITIES = ("Berlin", "Paris", "London", "Madrid", "Roma", "Chicago", "Wien", "Tokyo")
_TAGS = (
    "newsletter", "first-purchase", "repeat-buyer", "black-friday", "sale-hunter", "app-user",
    "gift-buyer", "abandoned-cart", "summer-2025", "reviewer", "size-l", "instagram", "vip",
    "loyalty-gold", "student", "complaint",
)  # fmt: skip
_OTHERS = (
    'email_status is "subscribed"', 'email_status is "unsubscribed"',
    'email_status is "not_subscribed"', 'sms_status is "subscribed"',
    'sms_status is "unsubscribed"', 'gender is "female"', 'gender is "male"',
    'gender is "other"', "is_member is true", "email_invalid is true",
    *(f'registration_source is "{name}"'
      for name in ("checkout", "popup", "newsletter_form", "import", "app", "pos", "referral")),
    *(f'language is "{name}"' for name in ("en", "de", "fr", "es", "it", "nl")),
)  # fmt: skip
_BEHAVIORS = ("order_placed", "product_viewed", "page_viewed", "visited", "email_opened",
              "email_clicked", "cart_updated", "coupon_received")  # fmt: skip


def pool() -> list[str]:
    """Return 200 different leaves of every common kind.

    >>> len(set(pool()))
    200
    """
    held = [f'country is "{name}"' for name in _COUNTRIES]
    held += [f'city is "{name}"' for name in _CITIES]
    held += [f'tags any of ("{name}")' for name in _TAGS]
    held += _OTHERS
    held += [f"points >= {low}" for low in range(50, 2_050, 100)]
    held += [f"registered_at in the last {days} days" for days in range(60, 1_500, 80)]
    held += [f"has done {name} in the last {days} days"
             for name in _BEHAVIORS for days in (7, 14, 30, 90, 180, 365)]  # fmt: skip
    held += [f"has done {name} with count >= {least}"
             for name in _BEHAVIORS for least in (1, 2, 3, 5, 8)]  # fmt: skip
    held += [f"birthday anniversary in month {month}" for month in range(1, 13)]
    return held[:200]


def fresh_leaves(number: int) -> list[str]:
    """Return five leaves that no other *number* gives: windows and bounds never seen before.

    Their windows end at whole hours from 20 days back on, so there are thousands of them.
    """
    hours = 500 + 7 * number
    return [
        f"has done order_placed in the last {hours} hours",
        f"has done email_opened in the last {hours + 1} hours",
        f"registered_at in the last {3 * hours} hours",
        f"points >= {0.37 * number + 1:.2f}",
        f"has done visited in the last {hours + 2} hours with count >= 2",
    ]


def editor_tree(number: int) -> str:
    """Return an And of five leaves as an editor asks it; those of the first thousand all differ."""
    return (
        f'country is "{_COUNTRIES[number % 8]}" and email_status is "subscribed"'
        f" and has done order_placed in the last {30 + number} days"
        f" and has done order_placed with count >= {1 + number % 3}"
        f" and has not done email_opened in the last {1 + number % 29} days"
    )


def trees(
    shares: Mapping[str, float], leaves: int, density: Density, seed: int
) -> Iterator[list[str]]:
    """Yield leaves of ever new trees.

    Args:
        shares: each leaf of the pool and the share of all contacts it matches.
        leaves: how many leaves a tree has.
        density: from which part of the pool.
        seed: of the draw.
    """
    rng = random.Random(f"{leaves}-{density}-{seed}")
    held = [leaf for leaf, share in shares.items() if _fits(share, density)]
    while True:
        yield rng.sample(held, leaves) if leaves <= len(held) else rng.choices(held, k=leaves)


def _fits(share: float, density: Density) -> bool:
    if density == "mixed":
        return share > 0
    return (share >= DENSE) == (density == "dense") and share > 0


def tree(leaves: Sequence[str], rng: random.Random) -> str:
    """Return a condition over *leaves*: And of Ors of two or three, every fifth operand negated.

    >>> tree(["a", "b"], random.Random(1))
    '(a) and (b)'
    """
    if len(leaves) <= 3:
        return " and ".join(f"({leaf})" for leaf in leaves)
    groups: list[str] = []
    start = 0
    while start < len(leaves):
        size = rng.choice((1, 2, 3))
        part = " or ".join(f"({leaf})" for leaf in leaves[start : start + size])
        groups.append(f"not ({part})" if rng.random() < 0.2 and groups else f"({part})")
        start += size
    return " and ".join(groups)
