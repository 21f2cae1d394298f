"""Upkeep makes what questions are quicker with before the first one is asked."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from segsvc.bitmap import Bitmap
from segsvc.domain.columns import NumberColumn, Strings, TextColumn
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import EventQuery, In, OneOf
from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.domain.write import EventBlock
from segsvc.index.attributes import AttributeColumn, make_column
from segsvc.index.events import EventLog
from segsvc.index.ranges import Ranges, RangeShape
from tests.index.naive_log import DEED

CONTACTS = 70_000
EVERYBODY = np.arange(CONTACTS, dtype=np.uint32)


def column(kind: ValueType, ranges: Ranges) -> AttributeColumn:
    made = make_column(AttributeDefinition("held", kind), ranges)
    made.grow(CONTACTS)
    return made


def ready(held: AttributeColumn, ranges: Ranges) -> bool:
    held.foresee()
    while ranges.upkeep():
        pass
    return held._bins.is_ready


def test_columns_have_bins_before_the_first_question() -> None:
    ranges = Ranges(RangeShape())
    numbers = column(ValueType.NUMBER, ranges)
    numbers.set(EVERYBODY, NumberColumn((EVERYBODY % 1_000).astype(np.int64)))
    assert ready(numbers, ranges)
    assert numbers.matches(In(0, 9), None) == Bitmap(np.flatnonzero(EVERYBODY % 1_000 < 10))


def test_texts_that_many_share_have_postings_before_the_first_question() -> None:
    ranges = Ranges(RangeShape())
    shared, own = column(ValueType.TEXT, ranges), column(ValueType.KEY, ranges)
    shared.set(EVERYBODY, TextColumn(EVERYBODY % 3, Strings.of(["a", "b", "c"])))
    own.set(EVERYBODY, TextColumn(EVERYBODY, Strings.of([str(held) for held in EVERYBODY])))
    assert ready(shared, ranges)
    assert not ready(own, ranges)
    assert shared.matches(OneOf(("b",)), None) == Bitmap(np.flatnonzero(EVERYBODY % 3 == 1))


def test_latest_times_are_there_before_the_first_question() -> None:
    log = EventLog(DEED)
    times = (EVERYBODY.astype(np.int64) * 7) % 1_000
    block = EventBlock("deed", EVERYBODY, Strings.of([]), times, None, ())
    log.append(EVERYBODY, times, block)
    for _ in log.upkeep():
        pass
    assert log.answers.latest.nbytes
    query = EventQuery("deed", (), 900, 2**62, interval=Interval(Decimal(1)))
    assert log.having(query, None) == Bitmap(np.flatnonzero(times >= 900))
