"""``contact`` and ``event``: one contact at a time, by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import pyarrow as pa
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
    answer,
    connected,
    opened,
    say_wrong,
)
from segsvc.cli.console import answers
from segsvc.client import Summary
from segsvc.client.values import from_proto, when
from segsvc.v1 import evaluation_service_pb2 as pb

contact = typer.Typer(no_args_is_help=True, help="One contact: show, set, delete, merge.")

ContactId = Annotated[str, typer.Argument(help="Its id.")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(help="name=value; lists are cut at ';'.", show_default=False),
]
SHOWN_EVENTS = 10


@contact.command("show")
def show_contact(
    contact_id: ContactId,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Show a contact whole: attributes, segments, latest events."""
    with opened(server, store, tls_ca) as shop:
        answer(shop.contact(contact_id, event_limit=SHOWN_EVENTS), json, _show)


def _show(held: pb.GetContactResponse) -> None:
    table = Table(show_header=False, title=held.contact.contact_id, title_justify="left")
    for name, value in sorted(held.contact.attributes.items()):
        table.add_row(name, Text(_said(value)))
    table.add_row("in segments", Text(", ".join(held.contact.segment_ids) or "none"))
    for event in held.contact.latest_events:
        facts = (f"{name} {_said(value)}" for name, value in sorted(event.properties.items()))
        table.add_row(
            f"{when(event.time):%Y-%m-%d %H:%M:%S}", Text(" ".join((event.behavior, *facts)))
        )
    answers.print(table)


def _said(value: Any) -> str:
    read = from_proto(value)
    return ";".join(read) if isinstance(read, list) else str(read)


@contact.command("set")
def set_contact(
    contact_id: ContactId,
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            help="name=value sets, name= unsets, tags+=a;b adds, tags-=a removes.",
            show_default=False,
        ),
    ] = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Create a contact, or change some of its attributes."""
    row = {"contact_id": contact_id, **dict(map(_edit, fields or []))}
    with opened(server, store, tls_ca) as shop:
        _report(shop.import_contacts(_batch(row), unset_nulls=True), json)


@contact.command("delete")
def delete_contact(
    contact_id: ContactId,
    yes: Annotated[bool, typer.Option("--yes", prompt="Erase the contact, for good?")],
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Erase a contact, its events and its memberships."""
    if not yes:
        raise typer.Abort
    with opened(server, store, tls_ca) as shop:
        gone = shop.delete_contacts([contact_id])
    answer(
        gone, json, lambda held: _revision("erased" if held.deleted_contacts else "unknown", held)
    )


@contact.command("merge")
def merge_contact(
    gone: Annotated[str, typer.Argument(help="The contact that becomes an alias.")],
    kept: Annotated[str, typer.Argument(help="The contact it becomes part of.")],
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Unite two contacts; later writes to the first reach the second."""
    with opened(server, store, tls_ca) as shop:
        done = shop.merge_contacts([(gone, kept)])
    answer(done, json, lambda held: _revision("merged", held))


def event(
    behavior: Annotated[str, typer.Argument(help="What was done.")],
    contact_id: Annotated[str, typer.Argument(help="Who did it.")],
    fields: Fields = None,
    time: Annotated[
        datetime | None, typer.Option(help="When (UTC). Default: the server's now.")
    ] = None,
    event_id: Annotated[str, typer.Option(help="Makes a repeat within 7 days a duplicate.")] = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Record one event of a contact."""
    row = {"contact_id": contact_id, **dict(map(_property, fields or []))}
    if event_id:
        row["event_id"] = event_id
    with connected(server, tls_ca) as client:
        at = when(client.server_info().now) if time is None else time.replace(tzinfo=UTC)
        row["time"] = at.isoformat()
        _report(client.store(store).import_events(behavior, _batch(row)), json)


def _batch(row: dict[str, str]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({name: [value or None] for name, value in row.items()})


def _property(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{given!r} is not name=value")
    return name, value


def _edit(given: str) -> tuple[str, str]:
    name, value = _property(given)
    return (name[-1] + name[:-1], value) if name[-1] in "+-" else (name, value)


def _report(done: Summary, as_json: bool) -> None:
    """Print the revision of one written row, or why it was refused and end with status 1."""
    for refused in done.rejected_rows:
        say_wrong(f"{refused.field}: {refused.description} ({refused.reason})")
        raise typer.Exit(1)
    if as_json:
        answers.print_json(data={"revision": done.revision, "duplicates": done.duplicates})
    else:
        _revision("a duplicate, not applied" if done.duplicates else "written", done)


def _revision(what: str, done: Any) -> None:
    answers.print(f"{what}; revision {done.revision}")
