"""``count``, ``explain``, ``members``, ``stats``: what is there, and why."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from segsvc.cli.conditions import Condition, Segment, source_of
from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    answer,
    opened,
    print_json,
)
from segsvc.cli.console import answers
from segsvc.client.values import from_proto, when
from segsvc.v1 import evaluation_service_pb2 as pb

AsOf = Annotated[
    datetime | None, typer.Option("--as-of", help="An instant to come (UTC).", show_default=False)
]


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def count(
    condition: Condition = None,
    segment: Segment = None,
    as_of: AsOf = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Count the contacts that match a condition, or are in a segment."""
    with opened(server, store, tls_ca) as shop:
        source = source_of(shop, condition, segment)
        counted = shop.count(source, as_of=_utc(as_of), with_reachable=True)
    answer(counted, json, _show_count)


def _show_count(counted: pb.CountResponse) -> None:
    share = counted.contact_count / counted.universe_count if counted.universe_count else 0.0
    answers.print(
        f"[bold]{counted.contact_count:,}[/] of {counted.universe_count:,} contacts ({share:.1%}); "
        f"by e-mail {counted.size.email_reachable_count:,}, "
        f"by SMS {counted.size.sms_reachable_count:,}"
    )
    answers.print(f"revision {counted.revision}, as of {_time(counted.as_of)}", style="dim")


def explain(
    condition: Condition = None,
    segment: Segment = None,
    contact: Annotated[str | None, typer.Option(help="Why this contact is in or out.")] = None,
    as_of: AsOf = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Explain a condition node by node, or why one contact is in or out."""
    with opened(server, store, tls_ca) as shop:
        source = source_of(shop, condition, segment)
        if contact is None:
            answer(shop.explain(source, as_of=_utc(as_of)), json, show_condition)
        else:
            explained = shop.explain_contact(contact, source, as_of=_utc(as_of))
            answer(explained, json, show_contact)


def show_condition(explained: pb.ExplainConditionResponse) -> None:
    """Print the count of every node and what was executed."""
    nodes = Table("contacts", "condition", title="Every node alone", title_justify="left")
    nodes.columns[0].justify = "right"
    for node in explained.nodes:
        depth = node.path.count("children[") + node.path.count("not.child")
        nodes.add_row(f"{node.contact_count:,}", Text("  " * depth + node.text))
    answers.print(nodes)
    steps = Table("step", "on", "result", "form", "µs", title="As executed", title_justify="left")
    for column in (2, 4):
        steps.columns[column].justify = "right"
    for step in explained.plan:
        steps.add_row(
            step.operation,
            Text(step.text),
            f"{step.contact_count:,}",
            step.representation,
            f"{step.microseconds:,.0f}",
        )
    answers.print(steps)


def show_contact(explained: pb.ExplainContactResponse) -> None:
    """Print true or false for every node, the values that decide, and the next change."""
    table = Table("", "condition", "actual", "changes by itself", title_justify="left")
    table.title = f"{explained.contact_id} is {'in' if explained.matches else 'not in'}"
    for node in explained.nodes:
        actual = ", ".join(f"{held.name} {_shown(held)}" for held in node.actual_values)
        changes = _time(node.next_change_time) if node.HasField("next_change_time") else "never"
        mark = Text("yes", "green") if node.matches else Text("no", "red")
        table.add_row(mark, Text("  " * node.depth + node.text), Text(actual), changes)
    answers.print(table)


def _shown(held: Any) -> str:
    match from_proto(held.value):
        case None:
            return "missing"
        case Decimal() as number:
            return f"{number.normalize():f}"
        case datetime():
            return _time(held.value.instant)
        case value:
            return str(value)


def members(
    condition: Condition = None,
    segment: Segment = None,
    attribute: Annotated[
        list[str] | None, typer.Option("--attribute", "-a", help="Also this attribute.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0: all.")] = 0,
    as_of: AsOf = None,
    revision: Annotated[
        int | None, typer.Option(min=1, help="Who was in the segment at this revision.")
    ] = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """List members as CSV, or as JSON lines."""
    names = attribute or []
    if revision is not None:
        if segment is None or names or as_of is not None:
            raise typer.BadParameter("--revision goes with --segment alone")
        with opened(server, store, tls_ca) as shop:
            listed = shop.past_members(segment, revision, page_size=min(limit, 10_000))
            _print_members((pb.Member(contact_id=one) for one in listed), names, limit, json)
        return
    with opened(server, store, tls_ca) as shop:
        source = source_of(shop, condition, segment)
        size = min(limit, 10_000) if limit else 10_000
        found = shop.members(source, attributes=names, as_of=_utc(as_of), page_size=size)
        _print_members(found, names, limit, json)


def _print_members(
    found: Iterable[pb.Member], names: Sequence[str], limit: int, json: bool
) -> None:
    found = iter(found)
    first = list(islice(found, 1))  # an error comes before anything is printed
    wanted = islice(chain(first, found), limit or None)
    if json:
        for member in wanted:
            print_json(member)
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["contact_id", *names])
    for member in wanted:
        writer.writerow([member.contact_id, *(_cell(member, name) for name in names)])


def _cell(member: pb.Member, name: str) -> str:
    value = from_proto(member.attributes[name]) if name in member.attributes else None
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else str(value)


def stats(
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Show what a store holds, and what it costs."""
    with opened(server, store, tls_ca) as shop:
        answer(shop.stats(), json, _show_stats)


def _show_stats(held: Any) -> None:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("contacts", f"{held.contact_count:,}")
    table.add_row("events", f"{sum(each.event_count for each in held.events):,}")
    table.add_row("segments", f"{held.segment_count:,}")
    table.add_row("revision", f"{held.revision:,}")
    table.add_row("memory", _megabytes(sum(part.bytes for part in held.memory)))
    for part in held.memory:
        if part.bytes >= 1e5:
            table.add_row(f"  {part.part}", _megabytes(part.bytes))
    process = held.process
    table.add_row("server's memory", _megabytes(process.resident_bytes))
    table.add_row("  before any store", _megabytes(process.baseline_bytes))
    table.add_row("  all stores", _megabytes(process.stores_bytes))
    table.add_row("  waiting writes", _megabytes(process.waiting_bytes))
    table.add_row("  freed, not given back", _megabytes(process.unused_bytes))
    table.add_row(
        "journal", f"{held.journal_records:,} records, {held.journal_bytes / 1e6:,.1f} MB"
    )
    table.add_row(
        "snapshot", f"revision {held.snapshot_revision:,}, {held.snapshot_bytes / 1e6:,.1f} MB"
    )
    answers.print(table)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _time(stamp: Any) -> str:
    return when(stamp).strftime("%Y-%m-%d %H:%M:%S")
