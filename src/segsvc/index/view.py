"""The index as conditions see it."""

from __future__ import annotations

from collections.abc import Iterator

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.net_spend import PLACED, TAKEN_BACK
from segsvc.condition.view import Event, Reads, Times, Value
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.decimals import Interval
from segsvc.domain.predicate import EventQuery, Predicate
from segsvc.domain.schema import Schema
from segsvc.index.attributes import TextAttribute
from segsvc.index.attributes.fixed import NumberAttribute
from segsvc.index.events.net_spend import net_spend
from segsvc.index.events.timelines import EVENT_TIME
from segsvc.index.store import SegmentEdge, SegmentMembers, StoreIndex


class IndexView:
    """`condition.view.View` over a `StoreIndex`; members of segments are asked of the caller."""

    def __init__(self, index: StoreIndex, members: SegmentMembers, edge: SegmentEdge) -> None:
        self._index = index
        self._members = members
        self._edge = edge

    @property
    def schema(self) -> Schema:
        """See `View.schema`."""
        return self._index.schema

    @property
    def calendar(self) -> LocalCalendar:
        """See `View.calendar`."""
        return self._index.calendar

    @property
    def limit(self) -> int:
        """See `View.limit`."""
        return self._index.contacts.ordinal_limit

    def universe(self) -> Bitmap:
        """See `View.universe`."""
        return self._index.contacts.universe

    def attribute(self, name: str, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """See `View.attribute`."""
        return self._index.column(name).matches(predicate, within)

    def attribute_holders(self, name: str, predicate: Predicate) -> Faces:
        """See `View.attribute_holders`."""
        return self._index.column(name).holders(predicate).reaching(self.limit)

    def behavior_holders(self, query: EventQuery) -> Faces:
        """See `View.behavior_holders`."""
        return self._index.log(query.behavior).holders(query).reaching(self.limit)

    def sampled(self, salt: str, below: int) -> Faces:
        """See `View.sampled`."""
        return self._index.contacts.sampled(salt, below).reaching(self.limit)

    def behavior(self, query: EventQuery, within: Bitmap | None) -> Bitmap:
        """See `View.behavior`."""
        return self._index.log(query.behavior).having(query, within)

    def net_spend(self, first: int, last: int, interval: Interval, within: Bitmap | None) -> Bitmap:
        """See `View.net_spend`."""
        taken_back = [self._index.log(behavior) for behavior in TAKEN_BACK]
        return net_spend(self._index.log(PLACED), taken_back, first, last, interval, within)

    def sample(self, salt: str, below: int, within: Bitmap | None) -> Bitmap:
        """See `View.sample`."""
        return self._index.contacts.sample(salt, below, within)

    def segment(self, segment_id: str, at: int, within: Bitmap | None) -> Bitmap:
        """See `View.segment`."""
        return self._members(segment_id, at, within)

    def segment_next_edge(self, segment_id: str, ordinal: int, after: int) -> int | None:
        """See `View.segment_next_edge`."""
        return self._edge(segment_id, ordinal, after)

    def attribute_times(self, name: str) -> Times:
        """See `View.attribute_times`."""
        column = self._index.column(name)
        assert isinstance(column, NumberAttribute), "checked before"
        return column.times()

    def event_times(self, behavior: str, name: str = EVENT_TIME) -> Times:
        """See `View.event_times`."""
        return self._index.log(behavior).timelines.of(name)

    def times_at_hand(self, reads: Reads) -> bool:
        """See `View.times_at_hand`."""
        columns = [self._index.column(name) for name in reads.attributes]
        return all(
            isinstance(column, NumberAttribute) and column.has_times for column in columns
        ) and all(self._index.log(name).timelines.has(EVENT_TIME) for name in reads.behaviors)

    def value(self, name: str, ordinal: int) -> Value | None:
        """See `View.value`."""
        return self._index.column(name).value(ordinal)

    def events(self, behavior: str, ordinal: int) -> Iterator[Event]:
        """See `View.events`."""
        return self._index.log(behavior).events(ordinal)

    def prepare_event_times(self, behavior: str, name: str = EVENT_TIME) -> Iterator[None]:
        """See `View.prepare_event_times`."""
        return self._index.log(behavior).timelines.prepare(name)

    def prepare_attribute(self, name: str, predicate: Predicate) -> Iterator[None]:
        """See `View.prepare_attribute`."""
        column = self._index.column(name)
        return column.prepare(predicate) if isinstance(column, TextAttribute) else iter(())

    def prepare_behavior(self, query: EventQuery) -> Iterator[None]:
        """See `View.prepare_behavior`."""
        return self._index.log(query.behavior).prepare(query)

    def attribute_cost(self, name: str, predicate: Predicate) -> float:
        """See `View.attribute_cost`."""
        return self._index.column(name).cost(predicate)

    def behavior_cost(self, query: EventQuery) -> float:
        """See `View.behavior_cost`."""
        return self._index.log(query.behavior).cost(query)

    def net_spend_cost(self, first: int, last: int) -> float:
        """See `View.net_spend_cost`."""
        behaviors = (PLACED, *TAKEN_BACK)
        queries = (EventQuery(behavior, (), first, last) for behavior in behaviors)
        return sum(self.behavior_cost(query) + 0.2 for query in queries)
