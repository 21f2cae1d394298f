"""``trigger``: what fires when contacts enter a segment, and who did."""

from __future__ import annotations

import json as json_module
import sys
from dataclasses import asdict
from typing import Annotated

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
    opened,
    print_json,
    print_lines,
)
from segsvc.cli.console import answers
from segsvc.client import Entries, Entry
from segsvc.client.values import when
from segsvc.v1 import automation_pb2 as pb

trigger = typer.Typer(no_args_is_help=True, help="What fires when a contact enters a segment.")

TriggerId = Annotated[str, typer.Argument(help="The trigger's id.")]
AlsoStop = Annotated[
    bool, typer.Option("--also-stop-in-flow", help="Contacts who entered already stop too.")
]


@trigger.command("list")
def list_triggers(
    segment_id: Annotated[str, typer.Option("--segment", help="Only of this segment.")] = "",
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """List triggers, the last updated first."""
    with opened(server, store, tls_ca) as shop:
        found = list(shop.list_triggers(segment_id=segment_id))
    if json:
        for held in found:
            print_json(held)
        return
    table = Table("id", "name", "segment", "state", "entries", "lag", "updated")
    for held in found:
        table.add_row(
            held.trigger_id,
            Text(held.name),
            held.segment_id,
            state_of(held.state),
            f"{held.entry_count:,}",
            f"{held.position.unacknowledged_count:,}",
            f"{when(held.update_time):%Y-%m-%d %H:%M:%S}Z",
        )
    answers.print(table)


@trigger.command("show")
def show_trigger(
    trigger_id: TriggerId,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Show one trigger."""
    with opened(server, store, tls_ca) as shop:
        answer(shop.trigger(trigger_id).trigger, json, _show)


@trigger.command("create")
def create_trigger(
    name: Annotated[str, typer.Argument(help="Its name.")],
    segment_id: Annotated[str, typer.Argument(help="The segment it listens to.")],
    trigger_id: Annotated[str, typer.Option("--id", help="Its id; else the server's choice.")] = "",
    every_entry: Annotated[
        bool, typer.Option("--every-entry", help="A contact enters as often as it may.")
    ] = False,
    days: Annotated[int, typer.Option(help="A contact enters at most once in so many days.")] = 0,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Make a trigger, paused; a contact enters once unless an option says other."""
    if every_entry and days:
        raise typer.BadParameter("give --every-entry or --days, not both")
    with opened(server, store, tls_ca) as shop:
        made = shop.create_trigger(
            name,
            segment_id,
            reentry="every_entry" if every_entry else "cooldown" if days else "once",
            cooldown_days=days,
            trigger_id=trigger_id,
        )
        answer(made.trigger, json, _show)


@trigger.command("activate")
def activate_trigger(
    trigger_id: TriggerId,
    current_members: Annotated[
        bool, typer.Option("--current-members", help="Who is in the segment now enters too.")
    ] = False,
    pause: Annotated[
        list[str] | None, typer.Option(help="Pause this trigger for it; may be repeated.")
    ] = None,
    also_stop: AlsoStop = False,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Start a trigger."""
    with opened(server, store, tls_ca) as shop:
        started = shop.activate_trigger(
            trigger_id,
            enter_current_members=current_members,
            pause=pause or (),
            method="also_stop_in_flow" if also_stop else "stop_new_entries",
        )
    answer(started, json, lambda held: _show(held.trigger))


@trigger.command("pause")
def pause_trigger(
    trigger_id: TriggerId,
    also_stop: AlsoStop = False,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Stop a trigger until it is activated again."""
    with opened(server, store, tls_ca) as shop:
        paused = shop.pause_trigger(
            trigger_id, method="also_stop_in_flow" if also_stop else "stop_new_entries"
        )
        answer(paused.trigger, json, _show)


@trigger.command("delete")
def delete_trigger(
    trigger_id: TriggerId,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Delete a trigger with its history and its stream."""
    with opened(server, store, tls_ca) as shop:
        gone = shop.delete_trigger(trigger_id)
    answer(gone, json, lambda _: answers.print(f"deleted {trigger_id}", markup=False))


@trigger.command("entries")
def stream_entries(
    trigger_id: TriggerId,
    ack: Annotated[bool, typer.Option("--ack", help="Acknowledge what was printed.")] = False,
    after: Annotated[
        int | None, typer.Option(help="Only behind this sequence.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="End after so many entries; 0: never.")] = 0,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Print who enters, until Ctrl-C, from where it is not acknowledged yet."""
    seen = 0
    with opened(server, store, tls_ca) as shop:
        try:
            for batch in shop.entries(trigger_id, after=after):
                lines = list(_lines(batch, json))
                shown = lines[: limit - seen] if limit else lines
                print_lines(line for _, line in shown)
                sys.stdout.flush()
                seen += len(shown)
                if ack:
                    whole = len(shown) == len(lines)
                    shop.ack_entries(trigger_id, batch.through_sequence if whole else shown[-1][0])
                if seen == limit > 0:
                    return
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


def _lines(batch: Entries, as_json: bool) -> list[tuple[int, str]]:
    """Return (sequence, line) of everything in a batch."""
    if batch.stop_before is not None:
        stop = batch.stop_before
        return [(stop, json_module.dumps({"stop_before": stop}) if as_json else f"{stop} STOP")]
    return [(held.sequence, _as_json(held) if as_json else _line(held)) for held in batch.entries]


def _line(held: Entry) -> str:
    at = f"{held.at:%Y-%m-%d %H:%M:%S}Z"
    return f"{held.sequence} r{held.revision} {at} {held.contact_id} {held.cause.lower()}"


def _as_json(held: Entry) -> str:
    return json_module.dumps({**asdict(held), "at": held.at.isoformat()})


def state_of(number: pb.TriggerState) -> str:
    """Return a state as a word."""
    return pb.TriggerState.Name(number).removeprefix("TRIGGER_STATE_").lower()


def _show(held: pb.Trigger) -> None:
    policy = pb.ReentryPolicy.Name(held.reentry_policy).removeprefix("REENTRY_POLICY_")
    said = {
        "ONCE": "once",
        "EVERY_ENTRY": "every entry",
        "COOLDOWN": f"once in {held.cooldown_days} days",
    }
    table = Table(show_header=False)
    for name, value in (
        ("id", held.trigger_id),
        ("name", held.name),
        ("segment", held.segment_id),
        ("state", state_of(held.state)),
        ("a contact enters", said[policy]),
        ("entries", f"{held.entry_count:,}"),
        ("not acknowledged", _lag(held.position)),
    ):
        table.add_row(name, Text(value))
    answers.print(table)


def _lag(held: pb.StreamPosition) -> str:
    if not held.unacknowledged_count:
        return "none"
    age = held.oldest_unacknowledged_age.seconds
    return f"{held.unacknowledged_count:,}, the oldest {age:,} s ago"
