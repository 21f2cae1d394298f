"""Member lists over real orders equal those of DuckDB, for every measure and kind of window."""

from __future__ import annotations

import pytest

from tests.real_data.conftest import RetailStore
from tests.real_data.retail import AS_OF, Retail

NOW = int(AS_OF.timestamp())
DAY = 86_400
PLACED = "select contact_id from order_placed"
EVER = f"{PLACED} group by 1 having"
TODAY = "date '2011-12-09'"
LOCAL = "make_timestamp(time * 1000000)"


def since(days: int) -> str:
    return f"{PLACED} where time > {NOW - days * DAY} and time <= {NOW} group by 1 having"


SAME = {
    "has done order_placed with count between 2 and 4": f"{EVER} count(*) between 2 and 4",
    "has done order_placed with count = 1": f"{EVER} count(*) = 1",
    "has done order_placed with count != 1": (
        f"select contact_id from contacts where contact_id not in ({EVER} count(*) = 1)"
    ),
    "has done order_placed with count < 2": (
        f"select contact_id from contacts where contact_id not in ({EVER} count(*) >= 2)"
    ),
    "has done order_placed in the last 365 days with sum of value between 500 and 750.5": (
        f"{since(365)} sum(value) between 500 and 750.5"
    ),
    "has done order_placed with average of value >= 400": f"{EVER} avg(value) >= 400",
    "has done order_placed in the last 12 weeks with average of value < 100": (
        f"{since(84)} avg(value) < 100"
    ),
    "has done order_placed with minimum of value > 500": f"{EVER} min(value) > 500",
    "has done order_placed with maximum of value <= 120.25": f"{EVER} max(value) <= 120.25",
    "has done order_placed with first time in the last 60 days": (
        f"{EVER} min(time) > {NOW - 60 * DAY}"
    ),
    "has done order_placed with last time more than 300 days ago": (
        f"{EVER} max(time) <= {NOW - 300 * DAY}"
    ),
    "has done order_placed between 30 days and 60 days ago": (
        f"{PLACED} where time > {NOW - 60 * DAY} and time <= {NOW - 30 * DAY}"
    ),
    "has done order_placed in the last 36 hours": f"{since(1)} true union {PLACED} "
    f"where time > {NOW - 36 * 3600}",
    "has done order_placed in the last 3 months": (
        f"{PLACED} where {LOCAL} >= timestamp '2011-09-09'"
    ),
    "has done order_placed this month": f"{PLACED} where {LOCAL} >= timestamp '2011-12-01'",
    "has done order_placed last month": (
        f"{PLACED} where {LOCAL} >= timestamp '2011-11-01' and {LOCAL} < timestamp '2011-12-01'"
    ),
    "has done order_placed last week": (
        f"{PLACED} where {LOCAL} >= timestamp '2011-11-28' and {LOCAL} < timestamp '2011-12-05'"
    ),
    "has done order_placed yesterday": (
        f"{PLACED} where {LOCAL} >= timestamp '2011-12-08' and {LOCAL} < timestamp '2011-12-09'"
    ),
    "has done order_placed last year with count >= 2": (
        f"{PLACED} where {LOCAL} >= timestamp '2010-01-01' "
        f"and {LOCAL} < timestamp '2011-01-01' group by 1 having count(*) >= 2"
    ),
    "has done order_placed on 2010-12-16": f"{PLACED} where {LOCAL}::date = date '2010-12-16'",
    "has done order_placed before 2010-01-01": f"{PLACED} where {LOCAL} < timestamp '2010-01-01'",
    "has done order_placed after 2011-12-07": f"{PLACED} where {LOCAL} >= timestamp '2011-12-08'",
    "has done order_placed between 2011-03-01 and 2011-03-31": (
        f"{PLACED} where {LOCAL} >= timestamp '2011-03-01' and {LOCAL} < timestamp '2011-04-01'"
    ),
    "has done order_placed where (value > 2000 and product_ids any of"
    ' ("22423", "85099B")) in the last 365 days': (
        f"{PLACED} where value > 2000 and list_has_any(product_ids, ['22423', '85099B']) "
        f"and time > {NOW - 365 * DAY}"
    ),
    'has done order_placed where (product_ids starts with "DOT")': (
        f"{PLACED} where len(list_filter(product_ids, lambda p: starts_with(p, 'DOT'))) > 0"
    ),
    'has done order_placed where (product_ids not contains "2") with count >= 2': (
        f"{PLACED} where len(list_filter(product_ids, lambda p: contains(p, '2'))) = 0 "
        "group by 1 having count(*) >= 2"
    ),
    "has not done order_cancelled in the last 365 days with count >= 2": (
        "select contact_id from contacts where contact_id not in (select contact_id "
        f"from order_cancelled where time > {NOW - 365 * DAY} group by 1 having count(*) >= 2)"
    ),
    "net spend < 0": """
        select contact_id from (
            select contact_id, value from order_placed
            union all select contact_id, -value from order_cancelled
        ) group by 1 having sum(value) < 0""",
    "net spend in the last 365 days >= 5000": f"""
        select contact_id from (
            select contact_id, time, value from order_placed
            union all select contact_id, time, -value from order_cancelled
        ) where time > {NOW - 365 * DAY} group by 1 having sum(value) >= 5000""",
    'country contains "land" and not (country starts with "ice")': (
        "select contact_id from contacts where country ilike '%land%' and not country ilike 'ice%'"
    ),
}


@pytest.mark.parametrize("text", SAME)
def test_members_are_the_same(store: RetailStore, retail: Retail, text: str) -> None:
    expected = retail.ids(SAME[text])
    assert expected, "a condition that nobody satisfies shows little"
    assert store.members(text) == expected
    assert store.count(text) == len(expected)
