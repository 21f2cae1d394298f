"""The net spend leaf: orders placed less cancelled and refunded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.flips import Moving, next_window_flip, window_flips
from segsvc.condition.hashed import hashed_once
from segsvc.condition.instant import next_of
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.view import Actual, Problem, Reads, View, complement
from segsvc.condition.windows import check_window, describe_window
from segsvc.domain.calendar import DISTANT_FUTURE, DISTANT_PAST
from segsvc.domain.crossing import moves
from segsvc.domain.schema import Schema
from segsvc.domain.window import InTheNext, Window, bounds, stay

PLACED = "order_placed"
TAKEN_BACK = ("order_cancelled", "order_refunded")


@hashed_once
@dataclass(frozen=True, slots=True)
class NetSpendLeaf:
    """Contacts whose net spend passes *test*; each event counts by its own time in *window*."""

    test: NumberTest
    window: Window | None = None
    _hash: int = field(init=False, repr=False, compare=False)

    def matches(self, view: View, at: int, within: Bitmap | None) -> Bitmap:
        """See `Leaf.matches`. Net spend of nothing is 0."""
        first, last = self._bounds(view, at)
        interval = self.test.interval()
        if interval.holds(0):
            matched = Bitmap()
            for outside in interval.outside():
                matched |= view.net_spend(first, last, outside, within)
            negated = not self.test.negated
        else:
            matched = view.net_spend(first, last, interval, within)
            negated = self.test.negated
        return complement(view, matched, within) if negated else matched

    def _bounds(self, view: View, at: int) -> tuple[int, int]:
        if self.window is None:
            return DISTANT_PAST, DISTANT_FUTURE
        return bounds(self.window, at, view.calendar)

    def holders(self, view: View, at: int) -> Faces:
        """See `Leaf.holders`."""
        return Faces(self.matches(view, at, None), view.limit)

    def reads(self) -> Reads:
        """See `Leaf.reads`."""
        return Reads(behaviors=frozenset({PLACED, *TAKEN_BACK}))

    def cost(self, view: View, at: int) -> float:
        """See `Leaf.cost`."""
        return view.net_spend_cost(*self._bounds(view, at))

    def prepare(self, view: View, at: int) -> Iterator[None]:
        """See `Leaf.prepare`: there is no part that would be kept."""
        return iter(())

    def next_edge(self, view: View, ordinal: int, after: int) -> int | None:
        """See `Leaf.next_edge`."""
        if self.window is None:
            return None
        edges = (
            next_of(stay(self.window, event.time, view.calendar), after)
            for behavior in (PLACED, *TAKEN_BACK)
            for event in view.events(behavior, ordinal)
        )
        return min((edge for edge in edges if edge is not None), default=None)

    def flips(self, view: View, since: int, until: int) -> Bitmap:
        """See `Leaf.flips`."""
        return window_flips(self._moving(view), since, until, view.calendar)

    def next_flip(self, view: View, at: int) -> int | None:
        """See `Leaf.next_flip`."""
        return next_window_flip(self._moving(view), at, view.calendar)

    def prepare_flips(self, view: View) -> Iterator[None]:
        """See `Leaf.prepare_flips`."""
        if self.window is not None and moves(self.window):
            for name in (PLACED, *TAKEN_BACK):
                yield from view.prepare_event_times(name)

    def _moving(self, view: View) -> list[Moving]:
        if self.window is None or not moves(self.window):
            return []
        return [(self.window, view.event_times(name)) for name in (PLACED, *TAKEN_BACK)]

    def actuals(self, view: View, ordinal: int, at: int) -> tuple[Actual, ...]:
        """See `Leaf.actuals`."""
        first, last = self._bounds(view, at)
        net = Decimal(0)
        for behavior in (PLACED, *TAKEN_BACK):
            for event in view.events(behavior, ordinal):
                value = event.properties.get("value")
                if first <= event.time <= last and isinstance(value, Decimal):
                    net += value if behavior == PLACED else -value
        return (Actual("net spend", net),)

    def describe(self) -> str:
        """See `Leaf.describe`."""
        window = "" if self.window is None else f" {describe_window(self.window)}"
        return self.test.describe(f"net spend{window}")

    def check(self, schema: Schema) -> Iterator[Problem]:
        """See `Leaf.check`."""
        if self.test.operator in {NumberOperator.SET, NumberOperator.NOT_SET}:
            yield Problem("test.operator", "net spend is compared with a number", "OPERATOR_WRONG")
        for problem in self.test.check():
            yield problem.under("test")
        if isinstance(self.window, InTheNext):
            yield Problem("window.in_the_next", "events never lie in the future", "WINDOW_WRONG")
        elif self.window is not None:
            yield from check_window(self.window)
