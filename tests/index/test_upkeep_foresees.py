"""Upkeep makes what questions are quicker with before the first one is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from segsvc.bitmap import Bitmap
from segsvc.domain.columns import FieldColumn, NumberColumn, Strings, TextColumn
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import EventQuery, In, OneOf, Reduction
from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.domain.write import EventBlock
from segsvc.index.attributes import AttributeColumn, make_column
from segsvc.index.events import EventLog
from segsvc.index.events.totals import Summed
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


def deeds(times: np.ndarray[Any, Any]) -> EventBlock:
    return EventBlock("deed", np.arange(len(times)), Strings.of([]), times, None, ())


def test_who_ever_did_it_is_known_before_the_first_question() -> None:
    log, ever = EventLog(DEED), EventQuery("deed", (), 0, 2**62, interval=Interval(Decimal(1)))
    log.append(EVERYBODY[::2], EVERYBODY[::2].astype(np.int64), deeds(EVERYBODY[::2]))
    assert not log.answers.doers.is_near
    for _ in log.upkeep():
        pass
    assert log.answers.doers.is_near
    log.append(EVERYBODY[:9], np.zeros(9, np.int64), deeds(EVERYBODY[:9]))
    log.remove(2)
    expected = Bitmap(EVERYBODY[::2].tolist()) | Bitmap(range(9))
    expected.discard(2)
    assert log.holders(ever).bitmap == expected
    assert log.having(ever, Bitmap([1, 2, 4, 11])) == Bitmap([1, 4])


def test_a_removal_between_two_pieces_is_not_forgotten() -> None:
    log, ever = EventLog(DEED), EventQuery("deed", (), 0, 2**62, interval=Interval(Decimal(1)))
    log.append(EVERYBODY, EVERYBODY.astype(np.int64), deeds(EVERYBODY))
    pieces = log.answers.doers.upkeep()
    next(pieces)
    log.remove(5)
    for _ in pieces:
        pass
    assert log.holders(ever).bitmap == Bitmap(range(CONTACTS)) - Bitmap([5])


def test_windows_and_sums_that_were_asked_for_get_bins() -> None:
    ranges = Ranges(RangeShape())
    log = EventLog(DEED, ranges=ranges)
    times = (EVERYBODY.astype(np.int64) * 7) % 1_000
    numbers = NumberColumn(times * 3 - 1_000)
    worth = FieldColumn("value", EVERYBODY, numbers, np.zeros(0, np.uint32))
    log.append(
        EVERYBODY, times, EventBlock("deed", EVERYBODY, Strings.of([]), times, None, (worth,))
    )
    since = EventQuery("deed", (), 900, 2**62, interval=Interval(Decimal(1)))
    above = EventQuery("deed", (), 0, 2**62, Reduction.SUM, "value", Interval(Decimal(5)))
    late, rich = np.flatnonzero(times >= 900), np.flatnonzero(times * 3 - 1_000 >= 500)
    for _ in range(2):
        assert log.having(since, None) == Bitmap(late)
        assert log.having(above, None) == Bitmap(rich)
        for _ in log.upkeep():
            pass
        while ranges.upkeep():
            pass
    assert log.answers.latest.bins_cost(1) is not None
    assert log.answers.totals.bins_cost(Summed("value", counts=False), 0) is not None


def test_a_window_asked_for_before_there_were_columns_has_bins_after_one_upkeep() -> None:
    """Nor are bins lost when somebody asks for more of the latest times."""
    ranges = Ranges(RangeShape())
    log = EventLog(DEED, ranges=ranges)
    times = (EVERYBODY.astype(np.int64) * 7) % 1_000
    for _ in range(3):
        log.append(EVERYBODY, times, deeds(times))

    def kept_up() -> None:
        for _ in log.upkeep():
            pass
        while ranges.upkeep():
            pass

    for least in (1, 3):
        often = EventQuery("deed", (), 900, 2**62, interval=Interval(Decimal(least)))
        assert log.having(often, None) == Bitmap(np.flatnonzero(times >= 900))
        kept_up()
        assert log.answers.latest.bins_cost(least) is not None
        assert log.having(often, None) == Bitmap(np.flatnonzero(times >= 900))
    assert log.answers.latest.bins_cost(1) is not None
    assert log.answers.latest.bins_cost(2) is None, "nobody asked"
