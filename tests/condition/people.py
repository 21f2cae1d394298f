"""Contacts made up near the constants of a condition, and the slow, plain truth about them.

Written from the meaning of conditions alone: it shares no code with the index or the warnings
beyond the bounds of windows and the folding of text.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.text_set import TextSetOperator, TextSetTest
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not, leaves
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.dates import day_number, pack
from segsvc.domain.decimals import scaled, unscaled
from segsvc.domain.schema import AttributeDefinition, PropertyDefinition, Schema, ValueType
from segsvc.domain.text import fold
from segsvc.domain.window import Window, bounds

Value = str | bool | int | Decimal | tuple[str, ...]


@dataclass(frozen=True)
class Deed:
    """One event."""

    time: int
    properties: dict[str, Value]


@dataclass
class Person:
    """One contact and everything known about it."""

    attributes: dict[str, Value] = field(default_factory=dict)
    deeds: dict[str, list[Deed]] = field(default_factory=dict)
    segments: set[str] = field(default_factory=set)
    hashes: dict[str, int] = field(default_factory=dict)


class World:
    """A store's schema and calendar at one instant, in which conditions are true or false."""

    def __init__(self, schema: Schema, calendar: LocalCalendar, at: int) -> None:
        self.schema = schema
        self.calendar = calendar
        self.at = at

    def matches(self, condition: Condition, person: Person) -> bool:
        """Whether *condition* is true of *person*."""
        match condition:
            case AllOf(children):
                return all(self.matches(child, person) for child in children)
            case AnyOf(children):
                return any(self.matches(child, person) for child in children)
            case Not(child):
                return not self.matches(child, person)
            case AttributeLeaf(name, test):
                folds = self.schema.attributes[name].type.folds
                return self._passes(test, person.attributes.get(name), folds)
            case SegmentLeaf(segment_id, not_in):
                return (segment_id in person.segments) != not_in
            case SampleLeaf(salt, percent):
                drawn = person.hashes.get(salt, 0)
                return drawn < int(Fraction(percent) / 100 * 2**64)
            case NetSpendLeaf(test, window):
                return _compares(test, self._net_spend(person, window))
            case BehaviorLeaf():
                return self._did(condition, person) != condition.has_not

    def _inside(self, window: Window | None, instant: int) -> bool:
        if window is None:
            return True
        first, last = bounds(window, self.at, self.calendar)
        return first <= instant <= last

    def _did(self, leaf: BehaviorLeaf, person: Person) -> bool:
        definition = self.schema.behaviors[leaf.behavior]
        selected = []
        for deed in person.deeds.get(leaf.behavior, []):
            passes = True
            for clause in leaf.where:
                held = definition.property(clause.property)
                assert held is not None
                value = deed.properties.get(clause.property)
                passes = passes and self._passes(clause.test, value, held.type.folds)
            if passes and self._inside(leaf.window, deed.time):
                selected.append(deed)
        if leaf.measure is None:
            return bool(selected)
        return self._measures(leaf.measure, selected)

    def _measures(self, measure: Measure, selected: list[Deed]) -> bool:
        if measure.window is not None:
            times = [deed.time for deed in selected]
            earliest = measure.kind is MeasureKind.FIRST_TIME
            found = (min if earliest else max)(times, default=None)
            return found is not None and self._inside(measure.window, found)
        assert measure.test is not None
        if measure.kind is MeasureKind.COUNT:
            return _compares(measure.test, Fraction(len(selected)))
        numbers = [
            Fraction(value)
            for deed in selected
            if isinstance(value := deed.properties.get(measure.of), Decimal)
        ]
        reduce: dict[MeasureKind, Callable[[list[Fraction]], Fraction]] = {
            MeasureKind.AVERAGE: lambda held: sum(held, Fraction()) / len(held),
            MeasureKind.MINIMUM: min,
            MeasureKind.MAXIMUM: max,
        }
        if measure.kind is MeasureKind.SUM:
            return _compares(measure.test, sum(numbers, Fraction()))
        return _compares(measure.test, reduce[measure.kind](numbers) if numbers else None)

    def _net_spend(self, person: Person, window: Window | None) -> Fraction:
        signs = {"order_placed": 1, "order_cancelled": -1, "order_refunded": -1}
        total = Fraction()
        for name, sign in signs.items():
            for deed in person.deeds.get(name, []):
                value = deed.properties.get("value")
                if isinstance(value, Decimal) and self._inside(window, deed.time):
                    total += sign * Fraction(value)
        return total

    def _passes(self, test: object, value: Value | None, folds: bool) -> bool:
        match test:
            case NumberTest():
                number = Fraction(value) if isinstance(value, Decimal) else None
                return _compares(test, number)
            case BooleanTest(operator):
                return {
                    BooleanOperator.TRUE: value is True,
                    BooleanOperator.FALSE: value is False,
                    BooleanOperator.SET: value is not None,
                    BooleanOperator.NOT_SET: value is None,
                }[operator]
            case InstantTest(asked) | DateTest(asked) if isinstance(asked, Presence):
                return (value is not None) == (asked is Presence.SET)
            case InstantTest(asked) if not isinstance(asked, Presence):
                return isinstance(value, int) and self._inside(asked, value)
            case DateTest(asked) if not isinstance(asked, Presence):
                if not isinstance(value, int) or value < 10_000:
                    return False
                return self._inside(asked, self.calendar.day_start(day_number(value)))
            case AnniversaryTest():
                return isinstance(value, int) and self._is_anniversary(test, value)
            case TextSetTest(operator, values):
                return _holds(operator, set(map(fold, _elements(value))), set(map(fold, values)))
            case TextTest():
                folded: Callable[[str], str] = fold if folds else str
                return _reads(test, [folded(one) for one in _elements(value)], folded)
        raise AssertionError(test)

    def _is_anniversary(self, test: AnniversaryTest, value: int) -> bool:
        today = date.fromordinal(self.calendar.local_day(self.at))
        month, day = value // 100 % 100, value % 100
        ahead = {
            AnniversaryKind.TODAY: range(1),
            AnniversaryKind.IN_THE_NEXT_DAYS: range(test.amount),
            AnniversaryKind.IN_THE_LAST_DAYS: range(1 - test.amount, 1),
        }.get(test.kind)
        if ahead is None:
            return month == (test.amount or today.month)
        return any(_celebrates(today + timedelta(days=step), month, day) for step in ahead)


def _elements(value: Value | None) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, str) else ()


def _celebrates(on: date, month: int, day: int) -> bool:
    leap = on.year % 4 == 0 and (on.year % 100 != 0 or on.year % 400 == 0)
    held = 28 if (month, day) == (2, 29) and not leap else day
    return (on.month, on.day) == (month, held)


def _compares(test: NumberTest, value: Fraction | None) -> bool:
    if test.operator is NumberOperator.SET:
        return value is not None
    if test.operator is NumberOperator.NOT_SET:
        return value is None
    assert test.value is not None
    wanted = Fraction(test.value)
    if test.operator is NumberOperator.NOT_EQUAL:
        return value != wanted
    if value is None:
        return False
    return {
        NumberOperator.EQUAL: value == wanted,
        NumberOperator.LESS: value < wanted,
        NumberOperator.LESS_OR_EQUAL: value <= wanted,
        NumberOperator.GREATER: value > wanted,
        NumberOperator.GREATER_OR_EQUAL: value >= wanted,
        NumberOperator.BETWEEN: wanted <= value <= Fraction(test.upper or 0),
    }[test.operator]


def _holds(operator: TextSetOperator, held: set[str], wanted: set[str]) -> bool:
    return {
        TextSetOperator.ANY_OF: bool(held & wanted),
        TextSetOperator.ALL_OF: wanted <= held,
        TextSetOperator.NONE_OF: not held & wanted,
        TextSetOperator.SET: bool(held),
        TextSetOperator.NOT_SET: not held,
    }[operator]


def _reads(test: TextTest, held: list[str], folded: Callable[[str], str]) -> bool:
    wanted = [folded(value) for value in test.values]
    words = str(test.operator)
    if test.operator in {TextOperator.SET, TextOperator.NOT_SET}:
        return bool(held) == (test.operator is TextOperator.SET)
    negative = "not" in words or words == "none of"
    if "contains" in words:
        found = any(wanted[0] in text for text in held)
    elif "starts" in words:
        found = any(text.startswith(wanted[0]) for text in held)
    elif "ends" in words:
        found = any(text.endswith(wanted[0]) for text in held)
    else:
        found = any(text in wanted for text in held)
    return found != negative


class People:
    """Makes up contacts whose values lie on and around what a condition asks for."""

    def __init__(self, world: World, condition: Condition, seed: int) -> None:
        self._world = world
        self._random = random.Random(seed)
        self._texts = ["a", "b", "zz"]
        self._numbers = [Decimal(0), Decimal(1)]
        self._instants = [world.at, 0, 4_291_747_199]
        self._leaves = list(leaves(condition))
        for leaf in self._leaves:
            self._learn(leaf)

    def _learn(self, leaf: object) -> None:
        match leaf:
            case AttributeLeaf(_, test):
                self._learn(test)
            case BehaviorLeaf(_, where, window, measure):
                for clause in where:
                    self._learn(clause.test)
                self._learn_window(window)
                if measure is not None:
                    self._learn(measure.test)
                    self._learn_window(measure.window)
            case NetSpendLeaf(test, window):
                self._learn(test)
                self._learn_window(window)
            case TextTest(_, values) | TextSetTest(_, values):
                self._texts += [*values, "".join(values), "".join(reversed(values))]
            case NumberTest(_, value, upper):
                self._numbers += [held for held in (value, upper) if held is not None]
            case InstantTest(asked) | DateTest(asked) if not isinstance(asked, Presence):
                self._learn_window(asked)

    def _learn_window(self, window: Window | None) -> None:
        if window is not None:
            for bound in bounds(window, self._world.at, self._world.calendar):
                if -(10**10) < bound < 10**11:
                    self._instants += [bound - 1, bound, bound + 1]

    def some(self, count: int) -> Iterator[Person]:
        """Make up *count* contacts."""
        for _ in range(count):
            yield self._person()

    def _person(self) -> Person:
        person, roll = Person(), self._random
        for leaf in self._leaves:
            match leaf:
                case AttributeLeaf(name, _):
                    value = self._value(self._world.schema.attributes[name])
                    if value is not None:
                        person.attributes[name] = value
                case BehaviorLeaf(name):
                    person.deeds.setdefault(name, self._deeds(name))
                case NetSpendLeaf():
                    for name in ("order_placed", "order_cancelled", "order_refunded"):
                        person.deeds.setdefault(name, self._deeds(name))
                case SegmentLeaf(segment_id, _) if roll.random() < 0.5:
                    person.segments.add(segment_id)
                case SampleLeaf(salt, _):
                    person.hashes[salt] = roll.choice([0, 2**64 - 1, leaf.below, leaf.below - 1])
                    person.hashes[salt] = min(max(person.hashes[salt], 0), 2**64 - 1)
        return person

    def _deeds(self, name: str) -> list[Deed]:
        properties = self._world.schema.behaviors[name].properties
        found = []
        for _ in range(self._random.choice([0, 0, 1, 1, 2, 3])):
            values = {held.name: self._value(held) for held in properties}
            time = min(max(self._random.choice(self._instants), 0), 4_291_747_199)
            held = {key: value for key, value in values.items() if value is not None}
            found.append(Deed(time, held))
        return found

    def _value(self, definition: AttributeDefinition | PropertyDefinition) -> Value | None:
        roll = self._random
        if roll.random() < 0.2:
            return None
        match definition.type:
            case ValueType.NUMBER:
                return self._number(definition.scale)
            case ValueType.BOOLEAN:
                return roll.random() < 0.5
            case ValueType.INSTANT:
                return roll.choice(self._instants)
            case ValueType.DATE:
                return self._date()
            case ValueType.TEXT | ValueType.KEY:
                allowed = definition.values if isinstance(definition, AttributeDefinition) else ()
                return roll.choice(allowed or self._texts) or None
            case _:
                return tuple(roll.sample(self._texts, roll.randint(1, 3)))

    def _number(self, scale: int) -> Decimal | None:
        step = self._random.choice([-1, 0, 0, 1])
        try:
            whole = unscaled(self._random.choice(self._numbers), scale) + step
        except ValueError:
            return None
        return scaled(whole, scale)

    def _date(self) -> int:
        calendar = self._world.calendar
        day = calendar.local_day(self._random.choice(self._instants)) + self._random.choice([0, 1])
        found = date.fromordinal(min(max(day, 1), date.max.toordinal()))
        year = self._random.choice([found.year, found.year, 0])
        return pack(year, found.month, found.day)
