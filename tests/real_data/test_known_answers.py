"""Two years of real orders give the counts an independent SQL engine computed."""

from __future__ import annotations

import pytest

from tests.real_data.conftest import RetailStore

KNOWN = {
    'country is "Germany"': 106,
    'country any of ("Germany", "France")': 201,
    "has done order_placed in the last 90 days with count >= 3": 751,
    "has done order_placed with sum of value > 1000": 2717,
    'has done order_placed where (product_ids any of ("85123A"))': 1490,
    "has done order_placed and has not done order_placed in the last 180 days": 2402,
}


@pytest.mark.parametrize("text", KNOWN)
def test_count_is_the_known_answer(store: RetailStore, text: str) -> None:
    assert store.count(text) == KNOWN[text]


@pytest.mark.parametrize("text", KNOWN)
def test_members_are_as_many_as_the_count(store: RetailStore, text: str) -> None:
    assert len(store.members(text)) == KNOWN[text]
