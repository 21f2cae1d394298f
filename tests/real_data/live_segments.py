"""Thirty segments over the real orders, each beside the SQL that says who is in at the instant t.

The views `placed`, `cancelled` and `seen` hold what had happened by t; `since(n)` is t less n days.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb

_T = "getvariable('t')"
_VIEWS = f"""
create or replace view placed as select * from order_placed where time <= {_T};
create or replace view cancelled as select * from order_cancelled where time <= {_T};
create or replace view firsts as
    select contact_id, min(time) as first
    from (select contact_id, time from order_placed
          union all select contact_id, time from order_cancelled)
    group by 1;
create or replace view seen as
    select contacts.* from contacts join firsts using (contact_id) where first <= {_T};
create or replace view net as
    select contact_id, time, value from placed
    union all select contact_id, time, -value from cancelled;
create or replace macro since(days) as {_T} - days * 86400;
create or replace macro back(months) as
    epoch(date_trunc('day', make_timestamp({_T} * 1000000)) - to_months(months))::bigint;
"""

PLACED = "select contact_id from placed"
EVER = f"{PLACED} group by 1 having"


def since(days: float) -> str:
    return f"{PLACED} where time > since({days}) group by 1 having"


def during(start: str, end: str = "t + 1") -> str:
    """Orders in [start, end) of what `Store.go` sets."""
    first, _, offset = end.partition(" ")
    return (
        f"{PLACED} where time >= getvariable('{start}') "
        f"and time < getvariable('{first}') {offset} group by 1 having"
    )


_REPEAT = f"{since(365)} count(*) >= 2"
_RECENT = f"{since(45)} true"
_LOYAL = f"({_REPEAT}) except ({_RECENT})"
_GERMANS = "select contact_id from seen where country = 'Germany'"

SEGMENTS = {
    "recent": ("has done order_placed in the last 45 days", _RECENT),
    "hours": ("has done order_placed in the last 36 hours", f"{since(1.5)} true"),
    "weeks": (
        "has done order_placed in the last 3 weeks with count >= 2",
        f"{since(21)} count(*) >= 2",
    ),
    "frequent": (
        "has done order_placed in the last 90 days with count >= 3",
        f"{since(90)} count(*) >= 3",
    ),
    "once": (
        "has done order_placed in the last 90 days with count = 1",
        f"{since(90)} count(*) = 1",
    ),
    "seldom": (
        "has done order_placed in the last 90 days with count < 2",
        f"select contact_id from seen except ({since(90)} count(*) >= 2)",
    ),
    "asleep": (
        "has done order_placed with last time more than 60 days ago",
        f"{EVER} max(time) <= since(60)",
    ),
    "new": (
        "has done order_placed with first time in the last 30 days",
        f"{EVER} min(time) > since(30)",
    ),
    "old": (
        "has done order_placed with first time more than 300 days ago",
        f"{EVER} min(time) <= since(300)",
    ),
    "between": (
        "has done order_placed between 30 days and 60 days ago",
        f"{PLACED} where time > since(60) and time <= since(30)",
    ),
    "long_ago": (
        "has done order_placed more than 60 days ago",
        f"{PLACED} where time <= since(60)",
    ),
    "lapsed": (
        "has done order_placed and has not done order_placed in the last 180 days",
        f"{PLACED} except ({since(180)} true)",
    ),
    "spenders": (
        "has done order_placed in the last 365 days with sum of value > 1000",
        f"{since(365)} sum(value) > 1000",
    ),
    "dear": ("has done order_placed with average of value >= 400", f"{EVER} avg(value) >= 400"),
    "cheap": (
        "has done order_placed in the last 12 weeks with average of value < 100",
        f"{since(84)} avg(value) < 100",
    ),
    "large": (
        "has done order_placed in the last 90 days with maximum of value > 500",
        f"{since(90)} max(value) > 500",
    ),
    "small": (
        "has done order_placed in the last 90 days with minimum of value <= 50",
        f"{since(90)} min(value) <= 50",
    ),
    "products": (
        'has done order_placed where (product_ids any of ("85123A", "22423")) in the last 60 days',
        f"{PLACED} where list_has_any(product_ids, ['85123A', '22423']) and time > since(60)",
    ),
    "letters": (
        'has done order_placed where (product_ids starts with "DOT") in the last 30 days',
        f"{PLACED} where time > since(30) "
        "and len(list_filter(product_ids, lambda p: starts_with(p, 'DOT'))) > 0",
    ),
    "two_large": (
        "has done order_placed where (value > 500) in the last 60 days with count >= 2",
        f"{PLACED} where value > 500 and time > since(60) group by 1 having count(*) >= 2",
    ),
    "net": (
        "net spend in the last 90 days > 500",
        "select contact_id from net where time > since(90) group by 1 having sum(value) > 500",
    ),
    "negative": (
        "net spend < 0",
        "select contact_id from net group by 1 having sum(value) < 0",
    ),
    "cancellers": (
        "has not done order_cancelled in the last 180 days with count >= 2",
        "select contact_id from seen except (select contact_id from cancelled "
        "where time > since(180) group by 1 having count(*) >= 2)",
    ),
    "this_month": ("has done order_placed this month", f"{during('month')} true"),
    "last_month": (
        "has done order_placed last month with count >= 2",
        f"{during('last_month', 'month')} count(*) >= 2",
    ),
    "this_year": (
        "has done order_placed this year with sum of value > 2000",
        f"{during('year')} sum(value) > 2000",
    ),
    "this_week": ("has done order_placed this week", f"{during('week')} true"),
    "months": (
        "has done order_placed in the last 3 months with count between 2 and 4",
        f"{PLACED} where time >= back(3) group by 1 having count(*) between 2 and 4",
    ),
    "germans": (
        'country is "Germany" and has done order_placed in the last 60 days',
        f"({_GERMANS}) intersect ({since(60)} true)",
    ),
    "christmas": (
        "has done order_placed between 2010-11-01 and 2010-12-24",
        f"{PLACED} where time >= epoch(timestamp '2010-11-01') "
        "and time < epoch(timestamp '2010-12-25')",
    ),
    "repeat": ("has done order_placed in the last 365 days with count >= 2", _REPEAT),
    "loyal": ('in segment "repeat" and not (in segment "recent")', _LOYAL),
    "not_loyal": (
        'not in segment "loyal" and country any of ("Germany", "France")',
        f"(select contact_id from seen where country in ('Germany', 'France')) except ({_LOYAL})",
    ),
}


def prepare(database: duckdb.DuckDBPyConnection) -> None:
    """Make the views and macros."""
    database.execute(_VIEWS)


def go(database: duckdb.DuckDBPyConnection, t: datetime) -> None:
    """Let the views hold what had happened by *t*; calendar periods are those of *t*."""
    day = t.replace(hour=0, minute=0, second=0)
    month = day.replace(day=1)
    moments = {
        "t": t,
        "month": month,
        "last_month": (month - timedelta(days=1)).replace(day=1),
        "week": day - timedelta(days=day.weekday()),
        "year": day.replace(month=1, day=1),
    }
    for name, moment in moments.items():
        seconds = int(moment.replace(tzinfo=UTC).timestamp())
        database.execute(f"set variable {name} = {seconds}::bigint")


def members(database: duckdb.DuckDBPyConnection) -> dict[str, frozenset[str]]:
    """Return who is in each segment, as the SQL has it."""
    return {
        name: frozenset(row[0] for row in database.execute(query).fetchall())
        for name, (_, query) in SEGMENTS.items()
    }
