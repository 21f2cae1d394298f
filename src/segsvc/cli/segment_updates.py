"""``segment preview`` and ``segment update``: another condition, looked at before it is taken."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from segsvc.cli.conditions import parsed
from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    answer,
    opened,
)
from segsvc.cli.console import answers
from segsvc.cli.segments import SegmentId, show_segment
from segsvc.cli.triggers import state_of
from segsvc.v1 import segment_service_pb2 as pb

NewCondition = Annotated[str, typer.Argument(help="Text, JSON, or @file with either.")]


class Feeds(StrEnum):
    """Which contacts feed triggers."""

    NONE = "none"
    ENTERING = "entering"
    ALL_MEMBERS = "all_members"


def preview(
    segment_id: SegmentId,
    condition: NewCondition,
    sample: Annotated[int, typer.Option(help="Name so many who enter and leave.")] = 0,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Say what another condition would change: members, dependants, triggers, messages."""
    with opened(server, store, tls_ca) as shop:
        found = shop.preview_update(segment_id, parsed(shop, condition), sample_size=sample)
    answer(found, json, _show)


def update(
    segment_id: SegmentId,
    condition: Annotated[str | None, typer.Argument(help="Its new condition.")] = None,
    name: Annotated[str | None, typer.Option(help="Its new name.")] = None,
    description: Annotated[str | None, typer.Option(help="What it is for now.")] = None,
    feeds: Annotated[
        Feeds, typer.Option("--trigger-on-update", help="Which contacts feed triggers.")
    ] = Feeds.NONE,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Change a segment; ``segment preview`` says what that does."""
    if condition is None and feeds is not Feeds.NONE:
        raise typer.BadParameter("--trigger-on-update goes with a new condition")
    if condition is None and name is None and description is None:
        raise typer.BadParameter("give a condition, --name or --description")
    with opened(server, store, tls_ca) as shop:
        changed = shop.update_segment(
            segment_id,
            name=name,
            description=description,
            condition=None if condition is None else parsed(shop, condition),
            trigger_on_update=feeds.value,
        )
        answer(changed.segment, json, show_segment)


def _show(held: pb.PreviewSegmentUpdateResponse) -> None:
    before, after = held.current_size.contact_count, held.new_size.contact_count
    answers.print(
        f"{before:,} -> {after:,} contacts: {held.entering_count:,} enter, "
        f"{held.leaving_count:,} leave"
    )
    for sign, ids in (("+", held.entering_contact_ids), ("-", held.leaving_contact_ids)):
        for contact_id in ids:
            answers.print(f"  {sign} {contact_id}", markup=False, highlight=False)
    for changed in held.dependants:
        answers.print(
            f"  {changed.segment_id}: {changed.entering_count:,} enter, "
            f"{changed.leaving_count:,} leave",
            markup=False,
        )
    if held.triggers:
        answers.print(_triggers(held))
    for channel in held.channels:
        if channel.warning:
            answers.print("[bold yellow]warning:[/] ", end="")
            answers.print(channel.warning, markup=False)


def _triggers(held: pb.PreviewSegmentUpdateResponse) -> Table:
    table = Table("trigger", "name", "segment", "state", "entries: entering", "all members")
    for found in held.triggers:
        table.add_row(
            found.trigger_id,
            Text(found.name),
            found.segment_id,
            state_of(found.state),
            f"{found.entering.entry_count:,}",
            f"{found.all_members.entry_count:,}",
        )
    return table
