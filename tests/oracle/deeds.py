"""What a contact did, event by event: behavior leaves and net spend (SEMANTICS 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import schema_pb2, window_pb2
from tests.oracle.calendar import Calendar
from tests.oracle.single import attribute_passes, number_passes
from tests.oracle.values import Kept
from tests.oracle.windows import inside
from tests.oracle.world import Event

SIGNS = {"order_placed": 1, "order_cancelled": -1, "order_refunded": -1}


class Deeds:
    """The events of one contact as seen at the instant *t*."""

    def __init__(
        self,
        events: Sequence[Event],
        behaviors: Mapping[str, Mapping[str, schema_pb2.Property]],
        t: int,
        calendar: Calendar,
    ) -> None:
        self.events = events
        self.behaviors = behaviors
        self.t = t
        self.calendar = calendar

    def did(self, leaf: pb.BehaviorCondition) -> bool:
        """Whether a behavior leaf is true."""
        selected = self._selected(leaf)
        if not leaf.HasField("measure"):
            return (len(selected) >= 1) != leaf.has_not
        return self._measures(leaf.measure, selected) != leaf.has_not

    def _selected(self, leaf: pb.BehaviorCondition) -> list[Event]:
        return [
            event
            for event in self.events
            if event.behavior == leaf.behavior
            and (not leaf.HasField("window") or self._inside(leaf.window, event.time))
            and all(self._holds(clause, event) for clause in leaf.where)
        ]

    def _inside(self, window: window_pb2.Window, instant: int) -> bool:
        return inside(window, instant, self.t, self.calendar)

    def _holds(self, clause: pb.Where, event: Event) -> bool:
        kind = clause.WhichOneof("test")
        definition = self.behaviors[event.behavior][clause.property]
        value = event.properties.get(clause.property)
        test = getattr(clause, kind)
        return attribute_passes(kind, test, value, definition, self.t, self.calendar)

    def _measures(self, measure: pb.Measure, selected: list[Event]) -> bool:
        kind = measure.WhichOneof("kind")
        times = [event.time for event in selected]
        match kind:
            case "count":
                return number_passes(measure.count, Fraction(len(selected)))
            case "first_time":
                return bool(times) and self._inside(measure.first_time, min(times))
            case "last_time":
                return bool(times) and self._inside(measure.last_time, max(times))
            case "sum" | "average" | "minimum" | "maximum":
                held: pb.PropertyMeasure = getattr(measure, kind)
                return number_passes(held.test, _reduced(kind, held.property, selected))
            case _:
                raise NotImplementedError(f"a measure of the kind {kind}")

    def facts(self, leaf: pb.BehaviorCondition) -> dict[str, Kept | Fraction | None]:
        """Return what is counted and measured."""
        selected = self._selected(leaf)
        times = [event.time for event in selected]
        found: dict[str, Kept | Fraction | None] = {
            "count": Decimal(len(times)),
            "first time": min(times, default=None),
            "last time": max(times, default=None),
        }
        kind = leaf.measure.WhichOneof("kind")
        if kind in {"sum", "average", "minimum", "maximum"}:
            name = getattr(leaf.measure, kind).property
            found[f"{kind} of {name}"] = _reduced(kind, name, selected)
        return found

    def spent(self, leaf: pb.NetSpendCondition) -> bool:
        """Whether a net spend leaf is true."""
        return number_passes(leaf.test, self.net_spend(leaf))

    def net_spend(self, leaf: pb.NetSpendCondition) -> Fraction:
        """Return placed less cancelled and refunded, each event by its own time."""
        total = Fraction(0)
        for event in self.events:
            value = event.properties.get("value")
            counts = not leaf.HasField("window") or self._inside(leaf.window, event.time)
            if event.behavior in SIGNS and isinstance(value, Decimal) and counts:
                total += SIGNS[event.behavior] * Fraction(value)
        return total


def _reduced(kind: str, name: str, selected: list[Event]) -> Fraction | None:
    found = [event.properties.get(name) for event in selected]
    numbers = [Fraction(value) for value in found if isinstance(value, Decimal)]
    if kind == "sum":
        return sum(numbers, Fraction(0))
    if not numbers:
        return None
    if kind == "average":
        return sum(numbers, Fraction(0)) / len(numbers)
    return min(numbers) if kind == "minimum" else max(numbers)
