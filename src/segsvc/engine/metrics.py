"""What a group of contacts was sent, did and bought over a period, per local day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, ordinals_of
from segsvc.domain.columns import Bool, Int64
from segsvc.engine.reach import Channel
from segsvc.index import StoreIndex

BEHAVIORS = {
    Channel.EMAIL: ("email_sent", "email_opened", "email_clicked"),
    Channel.SMS: ("sms_sent", None, "sms_clicked"),
}
ORDER, VALUE = "order_placed", "value"


@dataclass(frozen=True, slots=True)
class ChannelNumbers:
    """Contacts sent to, opening and clicking, each counted once; and messages sent.

    *open_rate* and *click_rate* are of the contacts sent to.
    """

    sent: int
    opened: int
    clicked: int
    messages: int
    open_rate: float
    click_rate: float


@dataclass(frozen=True, slots=True)
class OrderNumbers:
    """Orders, who placed them, and their values (int at scale 4; average None without values)."""

    orders: int
    buyers: int
    revenue: int
    average: int | None


@dataclass(frozen=True, slots=True)
class SpanNumbers:
    """The numbers of [start, end) in UTC seconds."""

    start: int
    end: int
    email: ChannelNumbers
    sms: ChannelNumbers
    orders: OrderNumbers


def group_metrics(
    index: StoreIndex, members: Bitmap, edges: Sequence[int]
) -> tuple[SpanNumbers, list[SpanNumbers]]:
    """Return the numbers of the whole period and of each span between two *edges*.

    Args:
        members: the group. edges: ascending instants, at least two.
    """
    bounds = np.array(edges, np.int64)
    within = members if len(members) < len(index.contacts.universe) else None
    rank = _Ranks(members)
    channels = {
        channel: _Channel(index, names, bounds, within, rank)
        for channel, names in BEHAVIORS.items()
    }
    orders = _Orders(index, bounds, within, rank)

    def span(first: int, last: int) -> SpanNumbers:
        return SpanNumbers(
            edges[first],
            edges[last],
            channels[Channel.EMAIL].numbers(first, last),
            channels[Channel.SMS].numbers(first, last),
            orders.numbers(first, last),
        )

    days = [span(place, place + 1) for place in range(len(edges) - 1)]
    return span(0, len(edges) - 1), days


class _Ranks:
    """Places of contacts in the group, so that masks are as long as the group."""

    def __init__(self, members: Bitmap) -> None:
        self._members = ordinals_of(members)
        self.size = len(self._members)

    def of(self, ordinals: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
        return np.searchsorted(self._members, ordinals)


class _Events:
    """Events of one behavior in the period, in the order of time."""

    def __init__(
        self, index: StoreIndex, behavior: str, bounds: Int64, within: Bitmap | None, rank: _Ranks
    ) -> None:
        log = index.log(behavior)
        rows = log.rows(int(bounds[0]), int(bounds[-1]) - 1, within)
        times = log.times(rows)
        order = np.argsort(times, kind="stable")
        self.rows = rows[order]
        self.owners = rank.of(log.owners(self.rows))
        self.edges = np.searchsorted(times[order], bounds)
        self._size = rank.size

    def part(self, first: int, last: int) -> slice:
        return slice(int(self.edges[first]), int(self.edges[last]))

    def who(self, part: slice) -> Bool:
        seen = np.zeros(self._size, np.bool_)
        seen[self.owners[part]] = True
        return seen


class _Channel:
    def __init__(
        self,
        index: StoreIndex,
        behaviors: tuple[str | None, ...],
        bounds: Int64,
        within: Bitmap | None,
        rank: _Ranks,
    ) -> None:
        self._events = [
            None if name is None else _Events(index, name, bounds, within, rank)
            for name in behaviors
        ]
        self._nobody = np.zeros(rank.size, np.bool_)

    def numbers(self, first: int, last: int) -> ChannelNumbers:
        sent, opened, clicked = (
            self._nobody if held is None else held.who(held.part(first, last))
            for held in self._events
        )
        log = self._events[0]
        messages = 0 if log is None else len(log.rows[log.part(first, last)])
        return ChannelNumbers(
            int(sent.sum()),
            int(opened.sum()),
            int(clicked.sum()),
            messages,
            _rate(opened & sent, sent),
            _rate(clicked & sent, sent),
        )


def _rate(some: Bool, of: Bool) -> float:
    whole = int(of.sum())
    return int(some.sum()) / whole if whole else 0.0


class _Orders:
    def __init__(
        self, index: StoreIndex, bounds: Int64, within: Bitmap | None, rank: _Ranks
    ) -> None:
        self._events = _Events(index, ORDER, bounds, within, rank)
        self._values, self._present = index.log(ORDER).numbers(VALUE, self._events.rows)

    def numbers(self, first: int, last: int) -> OrderNumbers:
        part = self._events.part(first, last)
        present = self._present[part]
        values = self._values[part][present]
        revenue = sum(values.tolist()) if _may_overflow(values) else int(values.sum())
        valued = int(np.count_nonzero(present))
        average = round(Fraction(revenue, valued)) if valued else None
        buyers = int(self._events.who(part).sum())
        return OrderNumbers(part.stop - part.start, buyers, revenue, average)


def _may_overflow(values: Int64) -> bool:
    largest = max(abs(int(values.max(initial=0))), abs(int(values.min(initial=0))))
    return largest * len(values) >= 2**62
