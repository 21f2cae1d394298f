"""``segment list|show|create|copy|delete|suggest`` and ``store list|create|delete``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from segsvc.cli.conditions import parsed
from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    answer,
    connected,
    opened,
    print_json,
)
from segsvc.cli.console import answers
from segsvc.v1 import segment_pb2

segment = typer.Typer(no_args_is_help=True, help="Saved segments.")
store = typer.Typer(no_args_is_help=True, help="Stores, the tenants of a server.")

SegmentId = Annotated[str, typer.Argument(help="The segment's id.")]


@segment.command("list")
def list_segments(
    name: Annotated[str, typer.Option(help="Only names with this in them.")] = "",
    order_by: Annotated[str, typer.Option(help='Such as "contact_count desc".')] = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """List segments with their sizes."""
    with opened(server, store, tls_ca) as shop:
        found = list(shop.list_segments(name_contains=name, order_by=order_by))
    if json:
        for held in found:
            print_json(held)
        return
    table = Table("id", "name", "contacts", "e-mail", "SMS")
    for column in table.columns[2:]:
        column.justify = "right"
    for held in found:
        size = held.size
        counts = (size.contact_count, size.email_reachable_count, size.sms_reachable_count)
        table.add_row(held.segment_id, held.name, *(f"{number:,}" for number in counts))
    answers.print(table)


@segment.command()
def show(
    segment_id: SegmentId,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Show one segment."""
    with opened(server, store, tls_ca) as shop:
        answer(shop.segment(segment_id).segment, json, show_segment)


@segment.command()
def create(
    name: Annotated[str, typer.Argument(help="Its name.")],
    condition: Annotated[str, typer.Argument(help="Text, JSON, or @file with either.")],
    segment_id: Annotated[str, typer.Option("--id", help="Its id; else the server's choice.")] = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Save a condition as a segment."""
    with opened(server, store, tls_ca) as shop:
        tree = parsed(shop, condition)
        made = shop.create_segment(name, tree, segment_id=segment_id, description=description)
        answer(made.segment, json, show_segment)


@segment.command()
def copy(
    segment_id: SegmentId,
    name: Annotated[str, typer.Option(help='Name of the copy; else "Copy of ...".')] = "",
    new_id: Annotated[str, typer.Option(help="Id of the copy; else the server's choice.")] = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Save the condition of a segment once more."""
    with opened(server, store, tls_ca) as shop:
        made = shop.copy_segment(segment_id, name=name, new_segment_id=new_id)
        answer(made.segment, json, show_segment)


@segment.command()
def delete(
    segment_id: SegmentId,
    force: Annotated[
        bool, typer.Option("--force", help="Though used: write it into the segments that use it.")
    ] = False,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Delete a segment for good."""
    with opened(server, store, tls_ca) as shop:
        gone = shop.delete_segment(segment_id, force=force)
    written = ", ".join(gone.inlined_segment_ids)
    tail = f"; written into {written}" if written else ""
    answer(gone, json, lambda _: answers.print(f"deleted {segment_id}{tail}", markup=False))


@segment.command()
def suggest(
    suggestion: Annotated[
        str | None, typer.Argument(help="Create this one; else list them.", show_default=False)
    ] = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """List ready segments for common purposes, or create one."""
    with opened(server, store, tls_ca) as shop:
        if suggestion is not None:
            answer(shop.create_from_suggestion(suggestion).segment, json, show_segment)
            return
        found = shop.suggestions()
    if json:
        print_json(found)
        return
    table = Table("id", "contacts", "condition")
    table.columns[1].justify = "right"
    for held in found.suggestions:
        table.add_row(held.suggestion_id, f"{held.size.contact_count:,}", held.condition_text)
    answers.print(table)


def show_segment(held: segment_pb2.Segment) -> None:
    """Print one segment for people."""
    table = Table(show_header=False)
    table.add_row("id", held.segment_id)
    table.add_row("name", held.name)
    if held.description:
        table.add_row("description", held.description)
    table.add_row("condition", held.condition_text)
    table.add_row("contacts", f"{held.size.contact_count:,}")
    table.add_row("by e-mail", f"{held.size.email_reachable_count:,}")
    table.add_row("by SMS", f"{held.size.sms_reachable_count:,}")
    if held.used_by_segment_ids:
        table.add_row("used by", ", ".join(held.used_by_segment_ids))
    answers.print(table)


@store.command("list")
def list_stores(
    server: Server = DEFAULT_SERVER, tls_ca: Authority = None, json: Json = False
) -> None:
    """List stores."""
    with connected(server, tls_ca) as client:
        for held in client.list_stores():
            if json:
                print_json(held)
            else:
                answers.print(f"{held.store_id}  {held.contact_count:,} contacts, {held.time_zone}")


@store.command("create")
def create_store(
    store_id: Annotated[str, typer.Argument(help="Its id.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone of its local days.")] = "UTC",
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Create an empty store."""
    with connected(server, tls_ca) as client:
        made = client.create_store(store_id, time_zone=time_zone).store
    answer(made, json, lambda held: answers.print(f"created {held.store_id}, {held.time_zone}"))


@store.command("delete")
def delete_store(
    store_id: Annotated[str, typer.Argument(help="Its id.")],
    yes: Annotated[
        bool, typer.Option("--yes", prompt="Erase the store and everything in it, for good?")
    ],
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Erase a store and everything in it."""
    if not yes:
        raise typer.Abort
    with connected(server, tls_ca) as client:
        gone = client.store(store_id).delete()
    answer(gone, json, lambda held: answers.print(f"erased {held.deleted_contacts:,} contacts"))
