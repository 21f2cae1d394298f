"""Edges of live membership, each told as the oracle has it: who, when, why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from segsvc.segment.delta import Cause
from segsvc.v1 import condition_pb2, ingest_pb2, ingest_service_pb2, value_pb2, window_pb2
from tests.hosted import Hosted
from tests.oracle.calendar import DAY, Calendar
from tests.oracle.history import begun
from tests.oracle.ledger import Ledger, ids_of

HOUR, DAYS = window_pb2.TIME_UNIT_HOUR, window_pb2.TIME_UNIT_DAY
NOON = 1_700_049_600

Told = tuple[int, str, str, list[str], list[str]]


class Shop:
    """A hosted store whose deltas are held against the oracle after every step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, at: int = NOON, zone: str = "UTC") -> Shop:
        self.host = Hosted(self.folder, at)
        self.twin = begun(self.host, Calendar(zone), at)
        self.ledger = Ledger(self.twin)
        return self

    def save(self, segment_id: str, condition: condition_pb2.Condition) -> list[Told]:
        self.twin.save(segment_id, condition)
        return self.told()

    def contact(self, contact_id: str, **values: value_pb2.Value) -> list[Told]:
        self.twin.upsert([ingest_pb2.ContactRow(contact_id=contact_id, set=values)])
        return self.told()

    def order(self, *contact_ids: str, ago: int = 0, event_id: str = "") -> list[Told]:
        rows = [
            ingest_pb2.EventRow(contact_id=held, behavior="order_placed", event_id=event_id)
            for held in contact_ids
        ]
        for row in rows:
            row.time.seconds = self.twin.world.at - ago
        request = ingest_service_pb2.RecordEventsRequest(rows=ingest_pb2.EventRows(rows=rows))
        self.twin.record(request)
        return self.told()

    def advance(self, to: int) -> list[Told]:
        self.twin.advance(to)
        return self.told()

    def let_the_clock_run(self, to: int) -> None:
        """Move the clock without a tick: the next write meets what became due."""
        self.twin.world.at = to
        self.host.clock.advance_to(to)

    def told(self) -> list[Told]:
        """Return (at, segment, cause, entered, left) of what is new, once it is checked."""
        changes = self.host.changes(self.twin.id, self.ledger.revision)
        self.ledger.follow(changes, steps_known=True)
        return [
            (
                held.at,
                delta.segment_id,
                Cause(delta.cause).name,
                sorted(ids_of(self.twin.state, delta.entered)),
                sorted(ids_of(self.twin.state, delta.left)),
            )
            for held in changes
            for delta in held.deltas
        ]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.host.close()


def ordered(has_not: bool = False, **window: Any) -> condition_pb2.Condition:
    """Return a condition about orders in a window."""
    found = condition_pb2.Condition()
    found.behavior.behavior, found.behavior.has_not = "order_placed", has_not
    if window:
        found.behavior.window.CopyFrom(window_pb2.Window(**window))
    return found


def last(amount: int, unit: int = DAYS) -> dict[str, window_pb2.Span]:
    """Return the window *in the last*."""
    return {"in_the_last": window_pb2.Span(amount=amount, unit=unit)}


def in_segment(segment_id: str, *, not_in: bool = False) -> condition_pb2.Condition:
    """Return a segment leaf."""
    leaf = condition_pb2.SegmentCondition(segment_id=segment_id, not_in=not_in)
    return condition_pb2.Condition(segment=leaf)


def test_a_contact_leaves_the_second_its_window_ends(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.order("ann")
    assert shop.advance(NOON + DAY - 1) == []
    assert shop.advance(NOON + DAY) == [(NOON + DAY, "s1", "TIME", [], ["ann"])]


def test_a_contact_enters_the_second_more_than_ago_begins(shop: Shop) -> None:
    ago = {"more_than_ago": window_pb2.Span(amount=30, unit=DAYS)}
    shop.open().save("s1", ordered(**ago))
    shop.order("ann")
    assert shop.advance(NOON + 30 * DAY - 1) == []
    assert shop.advance(NOON + 30 * DAY) == [(NOON + 30 * DAY, "s1", "TIME", ["ann"], [])]


def test_a_window_that_ends_under_a_write_is_told_by_its_cause(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.order("ann", "bob")
    end = NOON + DAY
    shop.let_the_clock_run(end)
    assert shop.contact("cat", country=value_pb2.Value(text="DE")) == [
        (end, "s1", "TIME", [], ["ann", "bob"])
    ]
    shop.order("ann", "bob")
    shop.let_the_clock_run(end + DAY)
    country = value_pb2.Value(text="DE")
    assert shop.contact("ann", country=country) == [
        (end + DAY, "s1", "DATA", [], ["ann"]),
        (end + DAY, "s1", "TIME", [], ["bob"]),
    ]


def test_an_order_in_the_second_the_last_one_expires_keeps_the_member(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.order("ann")
    shop.let_the_clock_run(NOON + DAY)
    assert shop.order("ann") == []
    assert shop.advance(NOON + 2 * DAY) == [(NOON + 2 * DAY, "s1", "TIME", [], ["ann"])]


def test_a_write_after_an_idle_day_first_lets_the_hours_pass(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(90, HOUR)))
    shop.order("ann", ago=90 * 3_600 - 60)
    shop.let_the_clock_run(NOON + DAY)
    assert shop.order("ann") == [
        (NOON + 3_600, "s1", "TIME", [], ["ann"]),
        (NOON + DAY, "s1", "DATA", ["ann"], []),
    ]


def test_a_late_event_outside_the_window_changes_nothing(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    assert shop.order("ann", ago=DAY) == []
    assert shop.order("ann", ago=DAY - 1) == [(NOON, "s1", "DATA", ["ann"], [])]
    assert shop.advance(NOON + 1) == [(NOON + 1, "s1", "TIME", [], ["ann"])]


def test_a_late_event_turns_a_first_time(shop: Shop) -> None:
    condition = ordered()
    condition.behavior.measure.first_time.in_the_last.CopyFrom(last(7)["in_the_last"])
    shop.open().save("new", condition)
    assert shop.order("ann") == [(NOON, "new", "DATA", ["ann"], [])]
    assert shop.order("ann", ago=7 * DAY) == [(NOON, "new", "DATA", [], ["ann"])]


def test_a_repeated_event_is_no_reason(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.order("ann", event_id="1")
    shop.let_the_clock_run(NOON + DAY)
    assert shop.order("ann", event_id="1") == [(NOON + DAY, "s1", "TIME", [], ["ann"])]


def test_deleted_and_made_again(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.save("rest", in_segment("s1", not_in=True))
    shop.order("ann")
    shop.twin.delete(["ann"])
    assert shop.told() == [(NOON, "s1", "CONTACT_DELETED", [], ["ann"])]
    assert shop.contact("ann") == [(NOON, "rest", "DATA", ["ann"], [])]
    assert shop.advance(NOON + DAY) == []


def test_a_merge_of_members_is_one_exit_and_one_that_adds_up_an_entrance(shop: Shop) -> None:
    twice = ordered()
    twice.behavior.measure.count.operator = condition_pb2.NUMBER_OPERATOR_GREATER_OR_EQUAL
    twice.behavior.measure.count.value.number = 2
    shop.open().save("once", ordered())
    shop.save("twice", twice)
    shop.order("ann")
    shop.order("bob")
    shop.order("cat")
    shop.twin.merge([("ann", "bob")])
    assert shop.told() == [
        (NOON, "once", "MERGED", [], ["ann"]),
        (NOON, "twice", "MERGED", ["bob"], []),
    ]
    shop.twin.merge([("cat", "ann")])
    assert shop.told() == [(NOON, "once", "MERGED", [], ["cat"])]


def test_a_new_contact_enters_what_asks_for_nothing(shop: Shop) -> None:
    never = condition_pb2.Condition()
    getattr(never, "not").child.CopyFrom(ordered())
    unset = condition_pb2.Condition()
    unset.text.attribute = "country"
    unset.text.test.operator = condition_pb2.TEXT_OPERATOR_NOT_SET
    zero = ordered(has_not=True)
    zero.behavior.measure.sum.property = "value"
    zero.behavior.measure.sum.test.operator = condition_pb2.NUMBER_OPERATOR_GREATER
    zero.behavior.measure.sum.test.value.number = 0
    shop.open()
    for name, condition in (("never", never), ("unset", unset), ("zero", zero)):
        shop.save(name, condition)
    assert shop.contact("ann", name=value_pb2.Value(text="Ann")) == [
        (NOON, "never", "DATA", ["ann"], []),
        (NOON, "unset", "DATA", ["ann"], []),
        (NOON, "zero", "DATA", ["ann"], []),
    ]


def test_a_segment_and_those_that_read_it_turn_together(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.save("s2", in_segment("s1"))
    shop.save("s3", in_segment("s2", not_in=True))
    shop.order("ann")
    end = NOON + DAY
    assert shop.advance(end) == [
        (end, "s1", "TIME", [], ["ann"]),
        (end, "s2", "TIME", [], ["ann"]),
        (end, "s3", "TIME", ["ann"], []),
    ]
    assert shop.save("s1", ordered()) == [
        (end, "s1", "DEFINITION", ["ann"], []),
        (end, "s2", "DEFINITION", ["ann"], []),
        (end, "s3", "DEFINITION", [], ["ann"]),
    ]


def test_a_definition_under_which_time_turned_too_is_a_definition(shop: Shop) -> None:
    shop.open().save("s1", ordered(**last(1)))
    shop.order("ann")
    shop.let_the_clock_run(NOON + DAY)
    assert shop.save("s1", ordered(**last(1))) == [(NOON + DAY, "s1", "DEFINITION", [], ["ann"])]


def test_a_sample_takes_new_contacts_in_at_once(shop: Shop) -> None:
    half = condition_pb2.Condition()
    half.sample.percent.number = 50
    shop.open().save("half", half)
    entered = [entry for held in "abcdefgh" for entry in shop.contact(held)]
    assert 0 < len(entered) < 8
    assert {cause for _, _, cause, _, _ in entered} == {"DATA"}


@pytest.mark.parametrize("year", [2023, 2024])
def test_a_birthday_on_29_february_is_held_on_the_28th_in_common_years(
    shop: Shop, year: int
) -> None:
    calendar = Calendar("America/New_York")
    held = date(year, 2, 29 if year == 2024 else 28).toordinal()
    start, end = calendar.start(held), calendar.start(held + 1)
    today = condition_pb2.Condition()
    today.anniversary.attribute = "birthday"
    today.anniversary.test.today = True
    shop.open(start - 2 * DAY, calendar.zone).save("today", today)
    shop.contact("leap", birthday=value_pb2.Value(date=value_pb2.Date(month=2, day=29)))
    assert shop.advance(start - 1) == []
    assert shop.advance(start) == [(start, "today", "TIME", ["leap"], [])]
    assert shop.advance(end) == [(end, "today", "TIME", [], ["leap"])]


CLOCK_CHANGES = [
    ("America/Sao_Paulo", date(2018, 11, 4)),  # its midnight does not exist
    ("Asia/Beirut", date(2022, 3, 27)),
    ("America/St_Johns", date(2010, 11, 7)),  # its midnight comes twice
    ("Europe/Berlin", date(2024, 3, 31)),  # 23 hours
    ("Pacific/Apia", date(2011, 12, 31)),  # the day before was skipped
]


@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_today_turns_where_the_clock_changes(shop: Shop, zone: str, day: date) -> None:
    calendar = Calendar(zone)
    start, end = calendar.start(day.toordinal()), calendar.start(day.toordinal() + 1)
    shop.open(start - 7_200, zone)
    shop.save("today", ordered(calendar=window_pb2.CALENDAR_PERIOD_TODAY))
    assert shop.order("eve") == [(start - 7_200, "today", "DATA", ["eve"], [])]
    assert shop.advance(start - 1) == []
    assert shop.advance(start) == [(start, "today", "TIME", [], ["eve"])]
    assert shop.order("ann") == [(start, "today", "DATA", ["ann"], [])]
    assert shop.advance(end - 1) == []
    assert shop.advance(end) == [(end, "today", "TIME", [], ["ann"])]


@pytest.mark.parametrize(("zone", "day"), CLOCK_CHANGES)
def test_hours_over_a_date_do_not_end_at_midnight(shop: Shop, zone: str, day: date) -> None:
    """A day is 86,400 s, counted from the day's first instant."""
    calendar = Calendar(zone)
    start = calendar.start(day.toordinal())
    recent = condition_pb2.Condition()
    recent.date.attribute = "wedding"
    recent.date.test.window.CopyFrom(window_pb2.Window(**last(1)))
    shop.open(start - 1, zone).save("recent", recent)
    on = value_pb2.Date(year=day.year, month=day.month, day=day.day)
    shop.contact("ann", wedding=value_pb2.Value(date=on))
    assert shop.advance(start) == [(start, "recent", "TIME", ["ann"], [])]
    assert shop.advance(start + DAY - 1) == []
    assert shop.advance(start + DAY) == [(start + DAY, "recent", "TIME", [], ["ann"])]


def test_another_time_zone_moves_days_by_definition(shop: Shop) -> None:
    calendar = Calendar("UTC")
    midnight = calendar.start(calendar.day(NOON) + 1)
    shop.open(midnight)
    shop.save("today", ordered(calendar=window_pb2.CALENDAR_PERIOD_TODAY))
    shop.save("rest", in_segment("today", not_in=True))
    assert shop.order("ann", ago=1) == [(midnight, "rest", "DATA", ["ann"], [])]
    shop.twin.move(Calendar("America/New_York"))
    assert shop.told() == [
        (midnight, "today", "DEFINITION", ["ann"], []),
        (midnight, "rest", "DEFINITION", [], ["ann"]),
    ]
