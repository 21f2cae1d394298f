"""Moments at which time alone may turn an answer about one contact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from google.protobuf.message import Message

from segsvc.v1 import condition_pb2, window_pb2
from tests.oracle.calendar import DAY
from tests.oracle.windows import MONTHS, SECONDS
from tests.oracle.world import World

_DAYS_AHEAD = 35
_MONTHS_AHEAD = 26
_YEARS_AHEAD = 5


def turns_of(world: World, condition: condition_pb2.Condition, contact_id: str) -> set[int]:
    """Return moments after now on both sides of every edge that is easily found."""
    spans = list(_spans(world, condition))
    found = set(_midnights(world))
    for instant in {*_instants(world, contact_id)}:
        for span in spans:
            if span.unit in SECONDS:
                length = span.amount * SECONDS[span.unit]
                found |= {instant + length, instant - length}
            else:
                days = span.amount * MONTHS[span.unit] * 30.436875
                around = world.calendar.day(instant) + int(days)
                found |= {world.calendar.start(around + step) for step in range(-3, 6)}
        found.add(instant)
    found |= set(_anniversaries(world, condition, contact_id))
    beside = {moment + step for moment in found for step in (-1, 0, 1)}
    return {held for held in beside if world.at < held < world.at + 40 * 366 * DAY}


def _spans(world: World, condition: Message) -> Iterator[window_pb2.Span]:
    for _, value in condition.ListFields():
        for held in value if hasattr(value, "__iter__") else (value,):
            if isinstance(held, window_pb2.Span):
                yield held
            elif isinstance(held, condition_pb2.SegmentCondition):
                yield from _spans(world, world.segments[held.segment_id])
            elif isinstance(held, Message):
                yield from _spans(world, held)


def _instants(world: World, contact_id: str) -> Iterator[int]:
    contact = world.contacts[contact_id]
    held: list[Any] = [*contact.attributes.values(), *(event.time for event in contact.events)]
    held += [value for event in contact.events for value in event.properties.values()]
    for value in held:
        if type(value) is int:
            yield value
        elif isinstance(value, tuple) and type(value[0]) is int and value[0]:
            yield world.calendar.start(date(*value).toordinal())


def _midnights(world: World) -> Iterator[int]:
    today = world.calendar.today(world.at)
    for step in range(1, _DAYS_AHEAD):
        yield world.calendar.start(today.toordinal() + step)
    for step in range(1, _MONTHS_AHEAD):
        months = today.year * 12 + today.month - 1 + step
        yield world.calendar.start(date(months // 12, months % 12 + 1, 1).toordinal())


def _anniversaries(world: World, condition: Message, contact_id: str) -> Iterator[int]:
    today = world.calendar.today(world.at)
    steps = {0, 1, *_day_counts(world, condition)}
    for value in world.contacts[contact_id].attributes.values():
        if isinstance(value, tuple) and type(value[0]) is int:
            for year in range(today.year - 1, today.year + _YEARS_AHEAD):
                held = date(year, int(value[1]), 1) + timedelta(days=int(value[2]) - 1)
                for step in steps:
                    for day in (-step - 1, -step, step, step + 1):
                        yield world.calendar.start(held.toordinal() + day)


def _day_counts(world: World, condition: Message) -> Iterator[int]:
    for _, value in condition.ListFields():
        for held in value if hasattr(value, "__iter__") else (value,):
            if isinstance(held, condition_pb2.AnniversaryTest):
                yield held.in_the_next_days or held.in_the_last_days
            elif isinstance(held, condition_pb2.SegmentCondition):
                yield from _day_counts(world, world.segments[held.segment_id])
            elif isinstance(held, Message):
                yield from _day_counts(world, held)
