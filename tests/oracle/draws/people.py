"""Contacts made for one leaf: their values lie on, and one step beside, whatever it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from segsvc.v1 import condition_pb2, ingest_pb2, schema_pb2, value_pb2, window_pb2
from tests.oracle.calendar import DAY, Calendar
from tests.oracle.draws.moments import FIRST, LAST
from tests.oracle.values import Definition, exact
from tests.oracle.windows import MONTHS, SECONDS, period
from tests.oracle.world import World

ORDERS = ("order_placed", "order_cancelled", "order_refunded")


def near(messages: Sequence[Message], calendar: Calendar, now: int) -> list[int]:
    """Return the instants at which some window in *messages* begins or ends for *now*."""
    found = {now}
    for held in messages:
        if isinstance(held, window_pb2.Span) and held.unit in SECONDS:
            length = held.amount * SECONDS[held.unit]
            found |= {now - length, now + length}
        elif isinstance(held, window_pb2.Span):
            found |= {calendar.start(day) for day in _months_ago(held, calendar.today(now))}
        elif isinstance(held, window_pb2.Window) and held.WhichOneof("kind") == "calendar":
            days = period(held.calendar, calendar.day(now), calendar)
            found |= {calendar.start(day) for day in days}
        elif isinstance(held, Timestamp):
            found.add(held.seconds)
        elif isinstance(held, value_pb2.Date) and held.year:
            day = date(held.year, held.month, held.day).toordinal()
            found |= {calendar.start(day), calendar.start(day + 1)}
    beside = {moment + step for moment in found for step in (-1, 0, 1)}
    return sorted(moment for moment in beside if FIRST <= moment <= LAST)


def _months_ago(span: window_pb2.Span, today: date) -> Iterator[int]:
    """Yield days around the date that many months or years ago, clipped or not."""
    months = today.year * 12 + today.month - 1 - span.amount * MONTHS[span.unit]
    if months > 24:
        around = date(months // 12, months % 12 + 1, 1).toordinal() + today.day - 1
        yield from range(around - 4, around + 3)


def inside(message: Message) -> Iterator[Message]:
    """Yield *message* and all messages in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for held in (value,) if isinstance(value, Message) else value:
                yield from inside(held)


def _instant(moment: int) -> value_pb2.Value:
    return value_pb2.Value(instant=Timestamp(seconds=moment))


def _texts(messages: Sequence[Message]) -> list[str]:
    wanted = [
        text
        for held in messages
        if isinstance(held, condition_pb2.TextTest | condition_pb2.TextSetTest)
        for text in held.values
    ]
    found = ["a", *wanted, "".join(wanted)]
    for text in wanted:
        found += [text + "z", "z" + text, "z" + text + "z", text.upper(), text.lower(), text[1:]]
    return [text for text in dict.fromkeys(found) if text]


def _numbers(messages: Sequence[Message], scale: int) -> list[Decimal]:
    unit = Decimal(1).scaleb(-scale)
    found = [Decimal(0), Decimal(1)]
    for held in messages:
        if isinstance(held, value_pb2.Number):
            number = exact(held)
            found += [number, number - unit, number + unit, number - unit / 2, -number, number / 2]
    return [number for number in found if abs(number) < Decimal(9).scaleb(18 - scale)]


def _dates(messages: Sequence[Message], calendar: Calendar, now: int) -> Iterator[value_pb2.Date]:
    today = calendar.today(now)
    days = {
        calendar.day(moment) + step for moment in near(messages, calendar, now) for step in (0, 1)
    }
    for held in messages:
        if isinstance(held, condition_pb2.AnniversaryTest):
            length = held.in_the_next_days or held.in_the_last_days
            ends = {0, length, length - 1, -length, 1 - length}
            days |= {today.toordinal() + end + step for end in ends for step in (-1, 0, 1)}
            if held.month:
                first = today.replace(month=held.month, day=1)
                days |= {first.toordinal() + step for step in (-1, 0, 27, 28, 29, 30, 31)}
    days |= {(today.replace(day=1) + timedelta(days=step)).toordinal() for step in (-1, 0, 27, 31)}
    for day in sorted(days):
        if 1 <= day <= date.max.toordinal():
            held_on = date.fromordinal(day)
            yield value_pb2.Date(year=held_on.year, month=held_on.month, day=held_on.day)
    for year in (0, 2000):
        yield value_pb2.Date(year=year, month=2, day=29)
    yield value_pb2.Date(month=today.month, day=today.day)


def values_near(
    definition: Definition, messages: Sequence[Message], calendar: Calendar, now: int
) -> list[value_pb2.Value]:
    """Return values of the type of *definition* around what *messages* ask for."""
    name = type(definition).__name__.upper() + "_TYPE_"
    types = schema_pb2.AttributeType if name.startswith("A") else schema_pb2.PropertyType
    match types.Name(definition.type).removeprefix(name):
        case "TEXT" | "KEY":
            allowed = list(getattr(definition, "allowed_values", ()))
            return [value_pb2.Value(text=text) for text in allowed or _texts(messages)]
        case "NUMBER":
            scale = definition.scale if definition.HasField("scale") else 4
            return [
                value_pb2.Value(number=value_pb2.Number(decimal=f"{number:f}"))
                for number in _numbers(messages, scale)
            ]
        case "BOOLEAN":
            return [value_pb2.Value(boolean=held) for held in (True, False)]
        case "INSTANT":
            return [_instant(moment) for moment in near(messages, calendar, now)]
        case "DATE":
            return [value_pb2.Value(date=held) for held in _dates(messages, calendar, now)]
        case _:
            texts = _texts(messages)
            lists = [[text] for text in texts] + [texts, texts[:2], texts[1:]]
            return [
                value_pb2.Value(texts=value_pb2.TextList(values=held)) for held in lists if held
            ]


def contacts_near(world: World, leaf: condition_pb2.Condition) -> list[ingest_pb2.ContactRow]:
    """Return one contact for each value around what an attribute leaf asks for, and one without."""
    held: Any = getattr(leaf, str(leaf.WhichOneof("kind")))
    messages = list(inside(leaf))
    definition = world.attributes[held.attribute]
    rows = [ingest_pb2.ContactRow(contact_id="none")]
    found = values_near(definition, messages, world.calendar, world.at)
    for number, value in enumerate(found):
        row = ingest_pb2.ContactRow(contact_id=f"near-{number}")
        row.set[held.attribute].CopyFrom(value)
        rows.append(row)
    return rows


@st.composite
def events_near(
    draw: st.DrawFn,
    world: World,
    leaf: condition_pb2.Condition,
    sizes: tuple[int, int] = (12, 24),
) -> list[ingest_pb2.EventRow]:
    """Draw events around what a behavior leaf asks for: at each edge, by contacts of few events."""
    messages = list(inside(leaf))
    names = ORDERS if leaf.WhichOneof("kind") == "net_spend" else (leaf.behavior.behavior,)
    times = [
        time for time in near(messages, world.calendar, world.at) if 0 <= time <= world.at
    ] or [world.at]
    rows = []
    for number in range(draw(st.integers(*sizes))):
        name = draw(st.sampled_from(names))
        time = times[number % len(times)]
        row = ingest_pb2.EventRow(
            contact_id=f"near-{number // draw(st.integers(1, 2))}", behavior=name
        )
        row.time.seconds = time
        for definition in world.behaviors[name].values():
            wanted = definition.name in _properties_of(leaf)
            if wanted and draw(st.integers(0, 5)):
                found = values_near(definition, messages, world.calendar, world.at)
                row.properties[definition.name].CopyFrom(draw(st.sampled_from(found)))
        rows.append(row)
    return rows


def _properties_of(leaf: condition_pb2.Condition) -> set[str]:
    if leaf.WhichOneof("kind") == "net_spend":
        return {"value"}
    measure = leaf.behavior.measure
    kind = measure.WhichOneof("kind")
    found = {clause.property for clause in leaf.behavior.where}
    measured = getattr(measure, kind) if kind else None
    if isinstance(measured, condition_pb2.PropertyMeasure):
        found.add(measured.property)
    return found


def edge_of(world: World, leaf: condition_pb2.Condition) -> st.SearchStrategy[int]:
    """Draw a future moment at or beside which some contact may turn."""
    spans = [
        held.amount * SECONDS[held.unit]
        for held in inside(leaf)
        if isinstance(held, window_pb2.Span) and held.unit in SECONDS
    ]
    known = {
        instant + span + step
        for instant in world.instants()
        for span in spans
        for step in (-1, 0, 1)
    }
    midnights = {
        world.calendar.start(world.calendar.day(world.at) + step) for step in (1, 2, 8, 31)
    }
    later = sorted(held for held in known | midnights if world.at <= held < world.at + 3_000 * DAY)
    return st.sampled_from(later or [world.at])
