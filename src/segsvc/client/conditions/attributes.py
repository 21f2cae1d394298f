"""Tests of attributes, which are tests of properties inside ``where``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segsvc.client.conditions.comparisons import Comparable
from segsvc.client.conditions.expression import Expression
from segsvc.client.conditions.windows import Windowed
from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import window_pb2

_OF_PROPERTIES = ("text", "number", "instant", "boolean")


@dataclass(frozen=True, slots=True)
class Test(Expression):
    """One test of one attribute; in ``where`` of a property."""

    kind: str
    name: str
    test: Any

    def to_proto(self) -> pb.Condition:
        """Return the condition as its message."""
        made = pb.Condition()
        leaf = getattr(made, self.kind)
        leaf.attribute = self.name
        leaf.test.CopyFrom(self.test)
        return made

    def to_where(self) -> pb.Where:
        """Return the clause as its message.

        Raises:
            TypeError: properties have no such type.
        """
        if self.kind not in _OF_PROPERTIES:
            raise TypeError(f"a property is tested as {', '.join(_OF_PROPERTIES)}, not {self.kind}")
        made = pb.Where(property=self.name)
        getattr(made, self.kind).CopyFrom(self.test)
        return made


@dataclass(frozen=True, slots=True)
class text:
    """A text or key attribute or property. Negative tests also match where it is missing."""

    name: str

    def is_(self, value: str) -> Test:
        """Equal to *value*."""
        return self._test("IS", value)

    def is_not(self, value: str) -> Test:
        """Not equal to *value*."""
        return self._test("IS_NOT", value)

    def any_of(self, *values: str) -> Test:
        """Equal to one of *values*."""
        return self._test("ANY_OF", *values)

    def none_of(self, *values: str) -> Test:
        """Equal to none of *values*."""
        return self._test("NONE_OF", *values)

    def contains(self, value: str) -> Test:
        """With *value* in it."""
        return self._test("CONTAINS", value)

    def does_not_contain(self, value: str) -> Test:
        """Without *value* in it."""
        return self._test("NOT_CONTAINS", value)

    def starts_with(self, value: str) -> Test:
        """With *value* at its start."""
        return self._test("STARTS_WITH", value)

    def does_not_start_with(self, value: str) -> Test:
        """Without *value* at its start."""
        return self._test("NOT_STARTS_WITH", value)

    def ends_with(self, value: str) -> Test:
        """With *value* at its end."""
        return self._test("ENDS_WITH", value)

    def does_not_end_with(self, value: str) -> Test:
        """Without *value* at its end."""
        return self._test("NOT_ENDS_WITH", value)

    def is_set(self) -> Test:
        """There is one."""
        return self._test("SET")

    def is_not_set(self) -> Test:
        """There is none."""
        return self._test("NOT_SET")

    def _test(self, operator: str, *values: str) -> Test:
        name = f"TEXT_OPERATOR_{operator}"
        return Test("text", self.name, pb.TextTest(operator=name, values=values))


@dataclass(frozen=True, slots=True)
class number(Comparable[Test]):
    """A number attribute or property."""

    name: str

    def compared(self, test: pb.NumberTest) -> Test:
        """Compare by a test given as its message."""
        return Test("number", self.name, test)

    def is_set(self) -> Test:
        """There is one."""
        return self.compared(pb.NumberTest(operator=pb.NUMBER_OPERATOR_SET))

    def is_not_set(self) -> Test:
        """There is none."""
        return self.compared(pb.NumberTest(operator=pb.NUMBER_OPERATOR_NOT_SET))


@dataclass(frozen=True, slots=True)
class instant(Windowed[Test]):
    """An instant attribute or property."""

    name: str

    def in_window(self, window: window_pb2.Window) -> Test:
        """In a window given as its message."""
        return Test("instant", self.name, pb.InstantTest(window=window))

    def is_set(self) -> Test:
        """There is one."""
        return Test("instant", self.name, pb.InstantTest(presence=pb.PRESENCE_SET))

    def is_not_set(self) -> Test:
        """There is none."""
        return Test("instant", self.name, pb.InstantTest(presence=pb.PRESENCE_NOT_SET))


@dataclass(frozen=True, slots=True)
class date(Windowed[Test]):
    """A date attribute: in a window, or its yearly return."""

    name: str

    def in_window(self, window: window_pb2.Window) -> Test:
        """In a window given as its message."""
        return Test("date", self.name, pb.DateTest(window=window))

    def is_set(self) -> Test:
        """There is one, with a year or without."""
        return Test("date", self.name, pb.DateTest(presence=pb.PRESENCE_SET))

    def is_not_set(self) -> Test:
        """There is none."""
        return Test("date", self.name, pb.DateTest(presence=pb.PRESENCE_NOT_SET))

    def anniversary_today(self) -> Test:
        """Its month and day are today."""
        return self._anniversary(today=True)

    def anniversary_in_the_next(self, days: int) -> Test:
        """Its month and day are among the *days* local days starting today."""
        return self._anniversary(in_the_next_days=days)

    def anniversary_in_the_last(self, days: int) -> Test:
        """Its month and day are among the *days* local days ending today."""
        return self._anniversary(in_the_last_days=days)

    def anniversary_in_month(self, month: int) -> Test:
        """Its month is *month*, 1..12."""
        return self._anniversary(month=month)

    def anniversary_this_month(self) -> Test:
        """Its month is the local month of today."""
        return self._anniversary(this_month=True)

    def _anniversary(self, **kind: Any) -> Test:
        return Test("anniversary", self.name, pb.AnniversaryTest(**kind))


@dataclass(frozen=True, slots=True)
class boolean:
    """A boolean attribute or property."""

    name: str

    def is_true(self) -> Test:
        """It is true."""
        return self._test("TRUE")

    def is_false(self) -> Test:
        """It is false, not missing."""
        return self._test("FALSE")

    def is_set(self) -> Test:
        """There is one."""
        return self._test("SET")

    def is_not_set(self) -> Test:
        """There is none."""
        return self._test("NOT_SET")

    def _test(self, operator: str) -> Test:
        name = f"BOOLEAN_OPERATOR_{operator}"
        return Test("boolean", self.name, pb.BooleanTest(operator=name))


@dataclass(frozen=True, slots=True)
class text_set:
    """A text set attribute, such as tags."""

    name: str

    def any_of(self, *values: str) -> Test:
        """Holding at least one of *values*."""
        return self._test("ANY_OF", *values)

    def all_of(self, *values: str) -> Test:
        """Holding every one of *values*."""
        return self._test("ALL_OF", *values)

    def none_of(self, *values: str) -> Test:
        """Holding none of *values*; also the empty set."""
        return self._test("NONE_OF", *values)

    def is_set(self) -> Test:
        """Holding something."""
        return self._test("SET")

    def is_not_set(self) -> Test:
        """Holding nothing."""
        return self._test("NOT_SET")

    def _test(self, operator: str, *values: str) -> Test:
        name = f"TEXT_SET_OPERATOR_{operator}"
        return Test("text_set", self.name, pb.TextSetTest(operator=name, values=values))
