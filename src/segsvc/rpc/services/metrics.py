"""EvaluationService: metrics of a group over a period."""

from __future__ import annotations

from typing import Any

from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.dates import YEARLESS_LIMIT, day_number
from segsvc.domain.decimals import scaled
from segsvc.domain.errors import InvalidArgument
from segsvc.engine.metrics import ChannelNumbers, OrderNumbers, SpanNumbers, group_metrics
from segsvc.engine.read import Reading
from segsvc.rpc.decode.target import target
from segsvc.rpc.decode.values import date
from segsvc.rpc.encode.values import number
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import timestamp
from segsvc.v1 import evaluation_pb2, value_pb2
from segsvc.v1 import evaluation_service_pb2 as pb

MAX_DAYS = 731
DEFAULT_DAYS = 30
VALUE_SCALE = 4


class Metrics(Servicer):
    """The part of EvaluationService that looks at a period."""

    async def GetSegmentMetrics(self, request: pb.GetSegmentMetricsRequest, context: Any) -> Any:
        """Answer what a group was sent, did and bought."""
        reading = await self.reading(request)
        state = reading.state
        group = target(request.target, "target", state.schema, state.segments)
        edges = _edges(request, reading, state.calendar)
        members = reading.members(group)
        total, days = group_metrics(state.index, members, edges)
        return pb.GetSegmentMetricsResponse(
            contact_count=len(members),
            total=_span(total),
            days=map(_span, days),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )


def _edges(
    request: pb.GetSegmentMetricsRequest, reading: Reading, calendar: LocalCalendar
) -> list[int]:
    """Return the starts of the local days of the period, and its end."""
    last = calendar.local_day(reading.as_of)
    if request.HasField("end_date"):
        last = _day(request.end_date, "end_date")
    first = last - DEFAULT_DAYS + 1
    if request.HasField("start_date"):
        first = _day(request.start_date, "start_date")
    if not 0 <= last - first < MAX_DAYS:
        raise InvalidArgument.of(
            "start_date", f"must be on or before end_date and at most {MAX_DAYS} days before"
        )
    return [calendar.day_start(day) for day in range(first, last + 2)]


def _day(wire: value_pb2.Date, path: str) -> int:
    try:
        packed = date(wire)
    except ValueError as wrong:
        raise InvalidArgument.of(path, str(wrong)) from None
    if packed < YEARLESS_LIMIT:
        raise InvalidArgument.of(path, "needs a year")
    return day_number(packed)


def _span(held: SpanNumbers) -> evaluation_pb2.MetricsPoint:
    return evaluation_pb2.MetricsPoint(
        start_time=timestamp(held.start),
        end_time=timestamp(held.end),
        email=_channel(held.email),
        sms=_channel(held.sms),
        orders=_orders(held.orders),
    )


def _channel(held: ChannelNumbers) -> evaluation_pb2.ChannelMetrics:
    return evaluation_pb2.ChannelMetrics(
        sent_contacts=held.sent,
        opened_contacts=held.opened,
        clicked_contacts=held.clicked,
        sent_messages=held.messages,
        open_rate=held.open_rate,
        click_rate=held.click_rate,
    )


def _orders(held: OrderNumbers) -> evaluation_pb2.OrderMetrics:
    average = None if held.average is None else number(scaled(held.average, VALUE_SCALE))
    return evaluation_pb2.OrderMetrics(
        order_count=held.orders,
        buyer_count=held.buyers,
        revenue=number(scaled(held.revenue, VALUE_SCALE)),
        average_order_value=average,
    )
