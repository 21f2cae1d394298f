"""``clock``: what time it is for the service, and moving a replay clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    answer,
    connected,
    print_lines,
)
from segsvc.cli.console import answers
from segsvc.client.values import when
from segsvc.v1 import admin_service_pb2 as pb

clock = typer.Typer(no_args_is_help=True, help="The service's clock.")

_SPAN = re.compile(r"(\d+)\s*(seconds?|minutes?|hours?|days?|weeks?|[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@clock.command("show")
def show_clock(
    server: Server = DEFAULT_SERVER, tls_ca: Authority = None, json: Json = False
) -> None:
    """Show the service's now, who moves it, and why it is not trusted if it is not."""
    with connected(server, tls_ca) as client:
        answer(client.server_info(), json, _show)


def _show(held: pb.GetServerInfoResponse) -> None:
    kind = pb.ClockKind.Name(held.clock).removeprefix("CLOCK_KIND_").lower()
    trust = f"; not trusted: {held.clock_suspicion}" if held.clock_suspicion else ""
    print_lines([f"{_time(held.now)} UTC, a {kind} clock{trust}"])


@clock.command("advance")
def advance_clock(
    by: Annotated[str, typer.Option(help="How far: 90 seconds, 3 hours, 31 days, 2w.")] = "",
    to: Annotated[datetime | None, typer.Option(help="Where to (UTC).", show_default=False)] = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Move a replay clock forward; memberships turn on the way, each in its second."""
    if (to is None) == (not by):
        raise typer.BadParameter("give --by or --to")
    with connected(server, tls_ca) as client:
        target = (
            when(client.server_info().now) + _span(by) if to is None else to.replace(tzinfo=UTC)
        )
        moved = client.store(store).advance_time(target)
    answer(
        moved, json, lambda held: answers.print(f"{_time(held.at)} UTC; revision {held.revision}")
    )


@clock.command("confirm")
def confirm_clock(
    server: Server = DEFAULT_SERVER, tls_ca: Authority = None, json: Json = False
) -> None:
    """Trust a system clock that jumped, as the operator who looked at it."""
    with connected(server, tls_ca) as client:
        done = client.confirm_clock()
    answer(done, json, lambda held: answers.print(f"trusted; {_time(held.now)} UTC"))


def _span(said: str) -> timedelta:
    found = _SPAN.fullmatch(said.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{said!r} is not a span like 90 seconds, 3 hours, 31 days or 2w")
    return timedelta(**{_UNITS[found[2][0]]: int(found[1])})


def _time(stamp: Any) -> str:
    return when(stamp).strftime("%Y-%m-%d %H:%M:%S")
