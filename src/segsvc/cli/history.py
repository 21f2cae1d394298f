"""``segment history``: how many were in, entered and left, drawn step by step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from rich.text import Text

from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    opened,
    print_json,
)
from segsvc.cli.console import answers
from segsvc.client.values import when
from segsvc.v1 import segment_pb2

_BAR_CELLS = 30
BY_HOUR, _BY_DAY = "%Y-%m-%d %H:%M %Z", "%Y-%m-%d %a"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def history(
    segment_id: Annotated[str, typer.Argument(help="The segment's id.")],
    hourly: Annotated[
        bool, typer.Option("--hourly/--daily", help="By the hour, or by the store's local day.")
    ] = False,
    start: Annotated[
        datetime | None, typer.Option(help="From here (UTC); else 30 steps.", show_default=False)
    ] = None,
    end: Annotated[
        datetime | None, typer.Option(help="Up to here (UTC); else now.", show_default=False)
    ] = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Draw how many were in a segment over time, how many entered and how many left."""
    interval = "HISTORY_INTERVAL_HOUR" if hourly else "HISTORY_INTERVAL_DAY"
    with opened(server, store, tls_ca) as shop:
        points = list(shop.history(segment_id, interval=interval, start=_utc(start), end=_utc(end)))
        zone = shop.get().store.time_zone
    if json:
        for point in points:
            print_json(point)
        return
    answers.print(drawn(points, ZoneInfo(zone), BY_HOUR if hourly else _BY_DAY))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def drawn(points: Sequence[segment_pb2.HistoryPoint], zone: ZoneInfo, clock: str) -> Table:
    """Return a row for each step: when it began in *zone*, a bar of the size, the numbers."""
    table = Table(f"from ({zone.key})", "", "contacts", "entered", "left", box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    largest = max((point.contact_count for point in points), default=0)
    for point in points:
        table.add_row(
            when(point.start_time).astimezone(zone).strftime(clock),
            Text(bar(point.contact_count, largest), "cyan"),
            f"{point.contact_count:,}",
            _moved("+", point.entered_count, "green"),
            _moved("-", point.left_count, "red"),
        )
    return table


def bar(size: int, largest: int, cells: int = _BAR_CELLS) -> str:
    """Draw *size* to the eighth of a cell; whoever is not zero is seen.

    >>> bar(3, 12, 4), bar(12, 12, 4), bar(1, 1000, 4), bar(0, 12, 4)
    ('█', '████', '▏', '')
    """
    eighths = max(round(size * cells * 8 / largest), 1) if size else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _moved(sign: str, count: int, color: str) -> Text:
    return Text(f"{sign}{count:,}", color) if count else Text("")
