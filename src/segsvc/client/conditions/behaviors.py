"""What contacts did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from segsvc.client.conditions.attributes import Test
from segsvc.client.conditions.comparisons import Comparable
from segsvc.client.conditions.expression import Expression, Tree
from segsvc.client.conditions.windows import Windowed
from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import window_pb2


@dataclass(frozen=True, slots=True)
class Deed(Expression, Windowed["Deed"]):
    """Has done (or has not done) a behavior: narrowed by `where` and a window, then measured."""

    behavior: str
    has_not: bool = False
    clauses: tuple[Test, ...] = ()
    window: window_pb2.Window | None = None
    measure: pb.Measure | None = None

    def where(self, *clauses: Test) -> Deed:
        """Only events on which every clause holds: tests such as ``number("value") > 50``."""
        return replace(self, clauses=self.clauses + clauses)

    def in_window(self, window: window_pb2.Window) -> Deed:
        """Only events in a window given as its message."""
        return replace(self, window=window)

    @property
    def count(self) -> Measured:
        """How many of the events."""
        return Measured(lambda test: self._measured(pb.Measure(count=test)))

    def sum(self, number_property: str) -> Measured:
        """The sum of a number property over the events; of no events 0."""
        return Measured(
            lambda test: self._measured(pb.Measure(sum=_measure(number_property, test)))
        )

    def average(self, number_property: str) -> Measured:
        """The average of a number property over the events; of no events missing."""
        return Measured(
            lambda test: self._measured(pb.Measure(average=_measure(number_property, test)))
        )

    def minimum(self, number_property: str) -> Measured:
        """The smallest value of a number property; of no events missing."""
        return Measured(
            lambda test: self._measured(pb.Measure(minimum=_measure(number_property, test)))
        )

    def maximum(self, number_property: str) -> Measured:
        """The largest value of a number property; of no events missing."""
        return Measured(
            lambda test: self._measured(pb.Measure(maximum=_measure(number_property, test)))
        )

    @property
    def first_time(self) -> MeasuredTime:
        """When the first of the events was."""
        return MeasuredTime(lambda window: self._measured(pb.Measure(first_time=window)))

    @property
    def last_time(self) -> MeasuredTime:
        """When the last of the events was."""
        return MeasuredTime(lambda window: self._measured(pb.Measure(last_time=window)))

    def _measured(self, measure: pb.Measure) -> Deed:
        return replace(self, measure=measure)

    def to_proto(self) -> pb.Condition:
        """Return the condition as its message."""
        return pb.Condition(
            behavior=pb.BehaviorCondition(
                behavior=self.behavior,
                has_not=self.has_not,
                where=[clause.to_where() for clause in self.clauses],
                window=self.window,
                measure=self.measure,
            )
        )


def _measure(number_property: str, test: pb.NumberTest) -> pb.PropertyMeasure:
    return pb.PropertyMeasure(property=number_property, test=test)


@dataclass(frozen=True, slots=True)
class Measured(Comparable[Deed]):
    """A measure waiting for its comparison."""

    finish: Callable[[pb.NumberTest], Deed]

    def compared(self, test: pb.NumberTest) -> Deed:
        """Compare by a test given as its message."""
        return self.finish(test)


@dataclass(frozen=True, slots=True)
class MeasuredTime(Windowed[Deed]):
    """A time waiting for its window."""

    finish: Callable[[window_pb2.Window], Deed]

    def in_window(self, window: window_pb2.Window) -> Deed:
        """In a window given as its message."""
        return self.finish(window)


@dataclass(frozen=True, slots=True)
class NetSpend(Windowed["NetSpend"]):
    """Orders placed less orders cancelled and refunded."""

    window: window_pb2.Window | None = None

    def in_window(self, window: window_pb2.Window) -> NetSpend:
        """Only events in a window given as its message."""
        return replace(self, window=window)

    @property
    def total(self) -> MeasuredMoney:
        """The sum; of no events 0."""
        return MeasuredMoney(self.window)


@dataclass(frozen=True, slots=True)
class MeasuredMoney(Comparable[Expression]):
    """Net spend waiting for its comparison."""

    window: window_pb2.Window | None

    def compared(self, test: pb.NumberTest) -> Expression:
        """Compare by a test given as its message."""
        leaf = pb.NetSpendCondition(window=self.window, test=test)
        return Tree(pb.Condition(net_spend=leaf))


def has_done(behavior: str) -> Deed:
    """At least one event of *behavior*, unless a measure says otherwise."""
    return Deed(behavior)


def has_not_done(behavior: str) -> Deed:
    """The contacts that `has_done` with the same words does not match."""
    return Deed(behavior, has_not=True)


def net_spend() -> NetSpend:
    """Net spend, ever unless a window says otherwise."""
    return NetSpend()
