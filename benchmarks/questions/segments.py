"""Saved segments in any number that share at most 40 leaves, and ones that no event touches."""

from __future__ import annotations

import random

MAX_LEAVES = 40

_ORDER_LEAVES = (
    *(f"has done order_placed in the last {days} days" for days in (7, 14, 30, 60, 90, 180)),
    *(f"has done order_placed with count >= {least}" for least in (1, 2, 3, 5)),
    *(f"has done order_placed with sum of value > {total}" for total in (50, 100, 250, 1_000)),
    "has done order_placed in the last 90 days with count >= 2",
    "has done order_placed in the last 180 days with sum of value > 100",
)
_VISIT_LEAVES = (
    *(f"has done product_viewed in the last {days} days" for days in (7, 14, 30, 60)),
    "has done product_viewed in the last 30 days with count >= 3",
)
_ATTRIBUTE_LEAVES = (
    *(f'country is "{name}"' for name in ("US", "GB", "DE", "FR", "CA", "ES", "IT")),
    'email_status is "subscribed"', 'sms_status is "subscribed"', "is_member is true",
    'gender is "female"', 'tags any of ("newsletter")', 'tags any of ("vip", "loyalty-gold")',
    "points > 500", "points > 2000", "registered_at in the last 365 days",
    'registration_source is "checkout"', 'city is "Berlin"', 'language is "en"',
)  # fmt: skip

LEAVES = (*_ORDER_LEAVES, *_VISIT_LEAVES, *_ATTRIBUTE_LEAVES)
assert len(LEAVES) <= MAX_LEAVES


def affected(number: int, *, nested: bool = False) -> dict[str, str]:
    """Return *number* segments by id that orders can change; they share `LEAVES`.

    *nested*: every tenth also refers to the first segment.
    """
    rng = random.Random(number)
    held: dict[str, str] = {}
    for place in range(number):
        first = rng.choice(_ORDER_LEAVES)
        others = rng.sample(LEAVES, 2)
        text = f"({first}) and (({others[0]}) or ({others[1]}))"
        if nested and place and place % 10 == 0:
            text = f'{text} and in segment "a0"'
        held[f"a{place}"] = text
    return held


def unaffected(number: int) -> dict[str, str]:
    """Return *number* segments by id that read only what no order changes."""
    rng = random.Random(number)
    held = {}
    for place in range(number):
        first, second, third = rng.sample(_ATTRIBUTE_LEAVES, 3)
        held[f"u{place}"] = f"({first}) and (({second}) or not ({third}))"
    return held
