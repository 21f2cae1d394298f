"""Which warnings come where, and which near misses are left alone."""

import pytest

from segsvc.condition.check import MAX_LEAVES
from segsvc.condition.language import parse
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not
from segsvc.condition.warnings import MOST_LEVELS, WarningCode, warnings
from segsvc.domain.calendar import LocalCalendar
from tests.condition.strategies import WIDE_SCHEMA

BERLIN = LocalCalendar("Europe/Berlin")
NOW = 1_700_000_000

NEVER = [
    'country is "A" and not country is "a"',
    'country is "A" and country is "B"',
    'country any of ("a", "b") and country is "c"',
    'country is "a" and (country is "b" or country is "c")',
    'country is "a" and country is not set',
    'country contains "ab" and country not contains "a"',
    'country starts with "a" and country starts with "b"',
    'country any of ("ab", "cd") and country starts with "b"',
    'loyalty_card is "A" and loyalty_card is "a"',
    'plan is "gold"',
    'plan is set and plan none of ("free", "TEAM", "company")',
    'tags any of ("a") and tags none of ("A", "b")',
    'tags all of ("a", "b") and not tags all of ("b")',
    'tags is not set and tags any of ("a", "b")',
    "score > 5 and score < 3",
    "score between 1 and 2 and score between 3 and 4",
    "score > 5 and score < 5.0001",
    "score = 1.00005",
    "visits = 1.5",
    "visits > 1e30",
    "score = 5 and score != 5",
    "vip is true and vip is false",
    "vip is set and vip is not set",
    "vip is set and not (vip is true) and not (vip is false)",
    "last_seen between 2020-01-01 and 2020-02-01 and last_seen between 2021-01-01 and 2021-02-01",
    "last_seen before 2020-01-01T00:00:00Z and last_seen after 2020-01-01T00:00:00Z",
    "last_seen in the last 7 days and last_seen more than 2 weeks ago",
    "last_seen in the last 7 days and not last_seen in the last 30 days",
    "last_seen in the last 1 month and last_seen more than 40 days ago",
    "last_seen in the last 10 days and last_seen before 2000-01-01",
    "last_seen in the next 1 hour and last_seen in the last 1 hour",
    "last_seen today and last_seen yesterday",
    "last_seen today and last_seen last year",
    "wedding between 2020-01-01T05:00:00Z and 2020-01-01T06:00:00Z",
    "wedding after 9999-12-31",
    "birthday anniversary in month 2 and birthday anniversary in month 3",
    "birthday anniversary in month 2 and birthday is not set",
    "has done visited with count < 0",
    "has done visited with count = 1.5",
    "has done visited before 1960-01-01",
    "has done visited and has not done visited",
    "has not done visited in the last 30 days and has done visited in the last 7 days",
    "has not done visited this month and has done visited today",
    "has done visited with count < 3 and has done visited today with count > 3",
    "has not done visited and has done visited with last time today",
    "has not done visited in the last 1 day with count >= 0",
    "has done order_placed where (value > 5 and value < 4)",
    'has done order_placed where (coupon_id is "a" and coupon_id is "b")',
    'has done order_placed where (categories is "a" and categories none of ("A", "b"))',
    "has done order_placed with minimum of value > 5 and has done order_placed with count = 0",
    "has done order_placed with average of value > 5 and not has done order_placed with"
    " average of value >= 5",
    "has done visited before 2020-01-01 with last time in the last 30 days",
    'has not done order_placed and has done order_placed where coupon_id is "x"',
    "net spend > 5 and net spend < 3",
    'in segment "a" and not in segment "a"',
    "sample 0%",
    'sample 10% salted "x" and not sample 20% salted "x"',
]

ALWAYS = [
    "has done visited with count >= 0",
    "vip is set or vip is not set",
    "score < 5 or not score < 5",
    "score is not set or score < 5 or score >= 5",
    'sample 100% salted "x"',
    'in segment "a" or not in segment "a"',
    "has done visited or has not done visited",
    'country is not "a" or country is not "b"',
    "not has done visited with count < 0",
    "net spend >= 0 or net spend < 0",
    "has not done visited before 1960-01-01",
]

QUIET = [
    "score < 5 or score >= 5",
    "vip is true or vip is false",
    'country is "a" and country contains "A"',
    'loyalty_card is "A" or loyalty_card is "a"',
    'tags any of ("a") and tags any of ("b")',
    'tags any of ("a", "b") and tags none of ("a")',
    "not wedding before 2020-01-01 and not wedding after 2019-12-31 and wedding is set",
    "wedding on 2020-02-29 and wedding anniversary in month 2",
    "last_seen in the last 30 days and last_seen more than 7 days ago",
    "last_seen in the last 1 month and last_seen more than 27 days ago",
    "last_seen today and last_seen in the next 1 hour",
    "last_seen this week and last_seen last month",
    "last_seen in the last 10 days and last_seen before 2030-01-01",
    "has done visited in the last 30 days and has not done visited in the last 7 days",
    "has done visited this week and has not done visited this year",
    "has done visited today and has not done visited in the last 7 days",
    "has done order_placed where value > 5 and has done order_placed where value < 4",
    'has done order_placed where (categories is "a" and categories is "b")',
    "has done order_placed with minimum of value < 5 and has done order_placed with"
    " maximum of value > 5",
    "has done order_placed with average of value = 1.00005",
    "has not done order_placed with average of value > 5 and has not done order_placed",
    'sample 10% salted "x" and not sample 20% salted "y"',
    'in segment "a" and not in segment "b"',
]


def found(text: str) -> list[tuple[str, WarningCode]]:
    condition = parse(text, WIDE_SCHEMA)
    return [(held.path, held.code) for held in warnings(condition, WIDE_SCHEMA, NOW, BERLIN)]


@pytest.mark.parametrize("text", NEVER)
def test_what_can_never_match_is_noticed(text: str) -> None:
    assert ("condition", WarningCode.CONTRADICTION) in found(text)
    assert ("condition", WarningCode.ALWAYS_TRUE) in found(f"not ({text})")


@pytest.mark.parametrize("text", ALWAYS)
def test_what_always_matches_is_noticed(text: str) -> None:
    assert ("condition", WarningCode.ALWAYS_TRUE) in found(text)
    assert ("condition", WarningCode.CONTRADICTION) in found(f"not ({text})")


@pytest.mark.parametrize("text", QUIET)
def test_near_misses_are_left_alone(text: str) -> None:
    codes = {code for _, code in found(text)}
    assert not codes & {WarningCode.CONTRADICTION, WarningCode.ALWAYS_TRUE}


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (
            "score > 3 and score > 5",
            "condition.all_of.children[0]",
            WarningCode.REDUNDANT,
        ),
        ("score > 3 or score > 5", "condition.any_of.children[1]", WarningCode.REDUNDANT),
        (
            'country is "a" and vip is true and country is "a"',
            "condition.all_of.children[2]",
            WarningCode.DUPLICATE_LEAF,
        ),
        (
            "has done visited after 2030-01-01",
            "condition.behavior.window",
            WarningCode.WINDOW_IN_FUTURE,
        ),
        (
            "vip is true or has done visited with first time before 1960-01-01",
            "condition.any_of.children[1].behavior.measure.first_time",
            WarningCode.EMPTY_WINDOW,
        ),
        (
            "vip is true and not (score = 1.00005)",
            "condition.all_of.children[1].not.child",
            WarningCode.CONTRADICTION,
        ),
    ],
)
def test_warnings_point_at_the_part(text: str, path: str, code: WarningCode) -> None:
    assert (path, code) in found(text)


def test_a_skipped_day_is_an_empty_window() -> None:
    apia = LocalCalendar("Pacific/Apia")
    condition = parse("last_seen on 2011-12-30", WIDE_SCHEMA)
    codes = {held.code for held in warnings(condition, WIDE_SCHEMA, NOW, apia)}
    assert codes == {WarningCode.EMPTY_WINDOW, WarningCode.CONTRADICTION}


def test_a_window_may_come_true_later_but_not_again() -> None:
    condition = parse("last_seen today and last_seen on 2030-05-05", WIDE_SCHEMA)
    before, after = 1_900_000_000, 1_910_000_000
    assert warnings(condition, WIDE_SCHEMA, before, BERLIN) == []
    assert warnings(condition, WIDE_SCHEMA, after, BERLIN)[0].code is WarningCode.CONTRADICTION


def test_a_description_names_what_clashes() -> None:
    condition = parse('vip is true and country is "A" and country is "B"', WIDE_SCHEMA)
    (warning,) = warnings(condition, WIDE_SCHEMA, NOW, BERLIN, prefix="")
    assert warning.path == ""
    assert 'country is "A"; country is "B"' in warning.description


def test_trees_deeper_than_the_stack_are_left_alone() -> None:
    condition: Condition = parse("vip is true", WIDE_SCHEMA)
    for _ in range(MOST_LEVELS * 100):
        condition = Not(condition)
    assert warnings(condition, WIDE_SCHEMA, NOW, BERLIN) == []


def test_the_largest_conditions_are_judged_with_bounded_work() -> None:
    words = ", ".join(f'"{place}"' for place in range(2_000))
    leaf = parse(f"country none of ({words})", WIDE_SCHEMA)
    many = [parse(f"score != {place}", WIDE_SCHEMA) for place in range(MAX_LEAVES - 1)]
    groups = tuple(AnyOf(tuple(many[start : start + 20])) for start in range(0, len(many), 20))
    found = warnings(AllOf((leaf, *groups)), WIDE_SCHEMA, NOW, BERLIN)
    assert {held.code for held in found} == {WarningCode.ALWAYS_TRUE}
