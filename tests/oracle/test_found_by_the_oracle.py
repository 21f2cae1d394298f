"""Disagreements that the oracle found, each as small as it goes."""

from __future__ import annotations

from segsvc.v1 import condition_pb2, evaluation_service_pb2, ingest_pb2, value_pb2, window_pb2
from segsvc.v1 import ingest_service_pb2 as pb
from tests.oracle.calendar import Calendar
from tests.oracle.checks import check_contact
from tests.oracle.draws.moments import FIRST, LAST
from tests.oracle.history import begun
from tests.serving import START, Served

NOW = int(START.timestamp())


def test_an_event_refused_for_its_unknown_contact_makes_no_duplicate(served: Served) -> None:
    twin = begun(served, Calendar("UTC"), NOW)
    row = ingest_pb2.EventRow(contact_id="a", behavior="visited", event_id="1")
    row.time.seconds = NOW
    request = pb.RecordEventsRequest(
        on_invalid=ingest_pb2.ON_INVALID_SKIP,
        on_unknown_contact=ingest_pb2.ON_UNKNOWN_CONTACT_REFUSE,
        rows=ingest_pb2.EventRows(rows=[row, row]),
    )
    twin.record(request)  # compares what is refused and what is a duplicate


def test_net_spend_of_the_least_number_is_exact(served: Served) -> None:
    twin = begun(served, Calendar("UTC"), NOW)
    row = ingest_pb2.EventRow(contact_id="a", behavior="order_refunded")
    row.time.seconds = NOW
    row.properties["value"].number.decimal = "-922337203685477.5808"
    twin.record(pb.RecordEventsRequest(rows=ingest_pb2.EventRows(rows=[row])))
    positive = condition_pb2.NumberTest(operator=condition_pb2.NUMBER_OPERATOR_GREATER)
    positive.value.number = 0
    spent = condition_pb2.Condition(net_spend=condition_pb2.NetSpendCondition(test=positive))
    assert twin.members(condition_pb2.Target(condition=spent)) == {"a"}


def test_no_answer_is_said_to_turn_after_the_year_9999(served: Served) -> None:
    twin = begun(served, Calendar("Pacific/Kiritimati"), NOW)
    row = ingest_pb2.ContactRow(contact_id="a")
    row.set["last_seen"].instant.seconds = LAST
    row.set["birthday"].date.CopyFrom(value_pb2.Date(month=2, day=29))
    twin.upsert([row])
    condition = condition_pb2.Condition()
    long_ago, month = condition.any_of.children.add(), condition.any_of.children.add()
    long_ago.instant.attribute, month.anniversary.attribute = "last_seen", "birthday"
    long_ago.instant.test.window.more_than_ago.CopyFrom(
        window_pb2.Span(amount=1, unit=window_pb2.TIME_UNIT_DAY)
    )
    month.anniversary.test.this_month = True
    check_contact(twin, condition, "a")
    request = evaluation_service_pb2.CountRequest(
        store_id=twin.id, target=condition_pb2.Target(condition=condition)
    )
    request.as_of.seconds = LAST
    assert twin.served.evaluation.Count(request).contact_count == 0


def test_windows_beyond_the_calendar_hold_no_date(served: Served) -> None:
    twin = begun(served, Calendar("America/Sao_Paulo"), NOW)
    first, last = ingest_pb2.ContactRow(contact_id="a"), ingest_pb2.ContactRow(contact_id="b")
    first.set["birthday"].date.CopyFrom(value_pb2.Date(year=1, month=1, day=1))
    last.set["birthday"].date.CopyFrom(value_pb2.Date(year=9999, month=12, day=31))
    twin.upsert([first, last])
    before, after = condition_pb2.Condition(), condition_pb2.Condition()
    before.date.attribute = after.date.attribute = "birthday"
    before.date.test.window.before.seconds = FIRST
    after.date.test.window.after_date.CopyFrom(last.set["birthday"].date)
    for condition in (before, after):
        assert twin.members(condition_pb2.Target(condition=condition)) == set()


def test_events_move_to_a_contact_who_came_after_all_that_had_any(served: Served) -> None:
    twin = begun(served, Calendar("UTC"), NOW)
    row = ingest_pb2.EventRow(contact_id="early", behavior="order_placed")
    row.time.seconds = NOW
    row.properties["value"].number.number = 5
    twin.record(pb.RecordEventsRequest(rows=ingest_pb2.EventRows(rows=[row])))
    month = window_pb2.Window(in_the_last=window_pb2.Span(amount=30, unit="TIME_UNIT_DAY"))
    some, most, first, spent = (condition_pb2.Condition() for _ in range(4))
    for condition in (some, most, first, spent):
        condition.behavior.behavior = "order_placed"
        condition.behavior.window.CopyFrom(month)
    most.behavior.measure.count.operator = condition_pb2.NUMBER_OPERATOR_LESS
    most.behavior.measure.count.value.number = 10
    first.behavior.measure.first_time.CopyFrom(month)
    spent.behavior.measure.sum.property = "value"
    spent.behavior.measure.sum.test.operator = condition_pb2.NUMBER_OPERATOR_GREATER
    spent.behavior.measure.sum.test.value.number = 1
    targets = [condition_pb2.Target(condition=held) for held in (some, most, first, spent)]
    for target in targets:
        assert twin.members(target) == {"early"}
    twin.upsert([ingest_pb2.ContactRow(contact_id="late")])
    twin.merge([("early", "late")])
    for target in targets:
        assert twin.members(target) == {"late"}
