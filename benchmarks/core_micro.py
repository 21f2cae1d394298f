"""The evaluation core in process: what a count costs when its leaves are known, and when not.

    python -m benchmarks.core_micro --contacts 10000000

Five-leaf trees that are never repeated, their leaves drawn from a pool of 200 dense ones; the same
with no leaf ever seen; each kind of leaf cold; and what writes add. All figures are milliseconds of
CPU of the one thread, fastest and median of the repeats, because machines are shared.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

import numpy as np

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not
from segsvc.domain.calendar import Weekday
from segsvc.domain.columns import (
    BooleanColumn,
    FieldColumn,
    NumberColumn,
    Strings,
    TextColumn,
    Values,
)
from segsvc.domain.ids import StoreId
from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.domain.window import InTheLast, MoreThanAgo, Span, TimeUnit
from segsvc.domain.write import ContactBatch, EventBlock
from segsvc.engine.read import Reading
from segsvc.engine.state import StoreSettings, StoreState
from segsvc.index import Touched

NOW = 1_750_000_000
YEAR = 365 * 86_400
BATCH = 1_000_000
COUNTRIES = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=200)
    given = parser.parse_args()
    state = made(given.contacts)
    print(f"{given.contacts:,} contacts, {given.contacts:,} orders")
    cold_leaves(state, 0, "before there are bins")
    begun = time.process_time()
    for _ in state.index.upkeep():
        pass
    print(f"{'upkeep: bins of all columns':44} {time.process_time() - begun:8.2f} s")
    cold_leaves(state, 1_000, "with bins")
    pool = pooled()
    shares = sorted(count(state, leaf) / given.contacts for leaf in pool)
    print(f"the pool: {len(pool)} leaves of {shares[0]:.0%} to {shares[-1]:.0%}")
    pooled_trees(state, pool, given.repeats)
    unseen_trees(state, given.repeats)
    after_writes(state, pool, given.repeats)


def cold_leaves(state: StoreState, first: int, when: str) -> None:
    """Count one leaf of each kind that was never asked about."""
    for name, leaf in kinds():
        turns = iter(range(first, first + 999))
        took = timed(partial(count_next, state, map(leaf, turns)), 11)
        found = count(state, leaf(first + 999))
        show(f"{name}, {when}", took, f"{found:,}")


def pooled_trees(state: StoreState, pool: list[AnyLeaf], repeats: int) -> None:
    """Fresh trees over known leaves."""
    chosen = random.Random(1)
    for leaf in (*pool, *pool):
        count(state, leaf)
    for name, shape in (("and of five", AllOf), ("mixed five", mixed), ("or of five", AnyOf)):
        trees = iter([shape(tuple(chosen.sample(pool, 5))) for _ in range(repeats + 1)])
        show(f"{name}, pooled leaves", timed(partial(count_next, state, trees), repeats))


def unseen_trees(state: StoreState, repeats: int) -> None:
    """Fresh trees of five leaves that were never seen."""
    trees = iter(
        [
            AllOf(tuple(leaf(10_000 + turn) for _, leaf in kinds()[:5]))
            for turn in range(repeats + 1)
        ]
    )
    show("and of five, leaves never seen", timed(partial(count_next, state, trees), repeats))


def after_writes(state: StoreState, pool: list[AnyLeaf], repeats: int) -> None:
    """A batch of 1,000 contacts between counts: known leaves are patched."""
    chosen = random.Random(2)
    took = []
    for _ in range(repeats // 4):
        change(state, chosen)
        tree = AllOf(tuple(chosen.sample(pool, 5)))
        took += timed(partial(count, state, tree), 0)
    show("and of five, after 1,000 contacts changed", took)


def change(state: StoreState, chosen: random.Random) -> None:
    """Write new spend and status of 1,000 contacts."""
    total = state.index.contacts.count
    rows = np.unique(np.array([chosen.randrange(total) for _ in range(1_000)]))
    touched = Touched()
    batch = ContactBatch(ids_of(rows), tuple(columns(rows, chosen.randrange(2**30))))
    state.index.apply_contacts(batch, touched)
    state.writes.add(touched, total)


def count_next(state: StoreState, conditions: Iterator[Condition]) -> int:
    """Count the next of *conditions*."""
    return count(state, next(conditions))


def count(state: StoreState, condition: Condition) -> int:
    """Count as a call does."""
    return Reading(state, NOW).count(condition)


def timed(run: Callable[[], object], repeats: int) -> list[float]:
    """Return the CPU milliseconds of each repeat, after one that is not counted."""
    if repeats:
        run()
    took = []
    for _ in range(max(repeats, 1)):
        begun = time.thread_time_ns()
        run()
        took.append((time.thread_time_ns() - begun) / 1e6)
    return took


def show(name: str, took: list[float], found: str = "") -> None:
    print(f"{name:44} min {min(took):8.3f}  p50 {statistics.median(took):8.3f} ms  {found}")


def mixed(leaves: tuple[AnyLeaf, ...]) -> Condition:
    """A tree with all three kinds of nodes."""
    a, b, c, d, e = leaves
    return AllOf((a, AnyOf((b, Not(c))), Not(d), e))


def kinds() -> list[tuple[str, Callable[[int], AnyLeaf]]]:
    """Return, by name, how to make leaves of one kind that differ."""
    ordered = BehaviorLeaf
    return [
        ("number >=", lambda turn: number(NumberOperator.GREATER_OR_EQUAL, 50_000 + turn)),
        ("instant in the last", lambda turn: registered(days=90, hours=turn)),
        ("text any of two", lambda turn: country(turn % 7, 7 + turn % 33)),
        ("boolean", lambda turn: AttributeLeaf("is_member", BooleanTest(BooleanOperator.TRUE))),
        (
            "ordered in the last",
            lambda turn: ordered("order_placed", window=InTheLast(hours(24 * 60 + turn))),
        ),
        ("number between", lambda turn: between(20_000 + turn, 30_000 + turn)),
        ("birthday in the next", lambda turn: birthday(1 + turn % 30)),
    ]


def pooled() -> list[AnyLeaf]:
    """Return 200 different leaves, each true for over 1 / 16 of the contacts."""
    leaves: list[AnyLeaf] = []
    leaves += [number(NumberOperator.GREATER_OR_EQUAL, 1_000 * turn) for turn in range(5, 85)]
    leaves += [registered(days=40 + 6 * turn) for turn in range(50)]
    leaves += [country(turn, turn + 1, turn + 2) for turn in range(8)]
    leaves += [AttributeLeaf("is_member", BooleanTest(BooleanOperator.TRUE))]
    leaves += [
        BehaviorLeaf("order_placed", window=MoreThanAgo(hours(200 * t))) for t in range(1, 41)
    ]
    leaves += [birthday(30 + turn) for turn in range(21)]
    return leaves


def number(operator: NumberOperator, value: int) -> AttributeLeaf:
    return AttributeLeaf("spend", NumberTest(operator, Decimal(value) / 100))


def between(low: int, high: int) -> AttributeLeaf:
    test = NumberTest(NumberOperator.BETWEEN, Decimal(low) / 100, Decimal(high) / 100)
    return AttributeLeaf("spend", test)


def registered(days: int, hours: int = 0) -> AttributeLeaf:
    return AttributeLeaf(
        "registered_at", InstantTest(InTheLast(Span(days * 24 + hours, TimeUnit.HOUR)))
    )


def hours(amount: int) -> Span:
    return Span(amount, TimeUnit.HOUR)


def country(*places: int) -> AttributeLeaf:
    values = tuple(f"country {place % COUNTRIES}" for place in places)
    return AttributeLeaf("country", TextTest(TextOperator.ANY_OF, values))


def birthday(days: int) -> AttributeLeaf:
    return AttributeLeaf("birthday", AnniversaryTest(AnniversaryKind.IN_THE_NEXT_DAYS, days))


def made(contacts: int) -> StoreState:
    """Make a store in memory."""
    settings = StoreSettings("bench", "Europe/Berlin", Weekday.MONDAY, "00" * 32, NOW)
    state = StoreState(StoreId("bench"), settings)
    state.change_schema(
        state.schema.with_attribute(
            AttributeDefinition("spend", ValueType.NUMBER, "Spend", scale=4)
        )
    )
    state.at = NOW
    for first in range(0, contacts, BATCH):
        rows = np.arange(first, min(first + BATCH, contacts))
        ids, touched = ids_of(rows), Touched()
        state.index.apply_contacts(ContactBatch(ids, tuple(columns(rows, first))), touched)
        times = NOW - np.random.default_rng(first).integers(0, YEAR, len(rows))
        numbers = np.arange(len(rows), dtype=np.uint32)
        state.index.apply_events(EventBlock("order_placed", numbers, ids, times), NOW, touched)
    return state


def ids_of(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Strings:
    digits = (rows[:, None] // 10 ** np.arange(9, -1, -1)) % 10 + ord("0")
    offsets = np.arange(len(rows) + 1, dtype=np.uint32) * 10
    return Strings(digits.astype(np.uint8).reshape(-1), offsets.astype(np.uint32))


def columns(rows: np.ndarray[tuple[int], np.dtype[np.int64]], seed: int) -> Iterator[FieldColumn]:
    """Yield believable columns: 40% without spend, few large countries, most subscribed."""
    drawn, total = np.random.default_rng(seed), len(rows)
    spend = (drawn.lognormal(6, 1, total) * 1e4).astype(np.int64)
    spend[drawn.random(total) < 0.4] = 0
    day = drawn.integers(1, 29, total) + 100 * drawn.integers(1, 13, total)
    codes = np.minimum(drawn.geometric(0.12, total) - 1, COUNTRIES - 1).astype(np.uint32)
    names = Strings.of([f"country {place}" for place in range(COUNTRIES)])
    held: dict[str, Values] = {
        "spend": NumberColumn(spend),
        "registered_at": NumberColumn(NOW - drawn.integers(0, YEAR, total)),
        "birthday": NumberColumn(19_800_000 + day),
        "is_member": BooleanColumn(drawn.random(total) < 0.3),
        "country": TextColumn(codes, names),
    }
    every = np.arange(total, dtype=np.uint32)
    for name, values in held.items():
        yield FieldColumn(name, every, values, np.zeros(0, np.uint32))


if __name__ == "__main__":
    main()
