"""All commands in one place."""

from __future__ import annotations

import typer

from segsvc.cli.clock import clock
from segsvc.cli.contacts import contact, event
from segsvc.cli.demo import demo
from segsvc.cli.health import health
from segsvc.cli.history import history
from segsvc.cli.imports import imports
from segsvc.cli.questions import count, explain, members, stats
from segsvc.cli.quotas import quota
from segsvc.cli.resolve import resolve
from segsvc.cli.segment_updates import preview, update
from segsvc.cli.segments import segment, store
from segsvc.cli.serve import serve
from segsvc.cli.triggers import trigger
from segsvc.cli.watch import watch

app = typer.Typer(
    name="segsvc",
    help="Exact customer segments over gRPC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (serve, demo, count, explain, members, resolve, watch, event, stats, health):
    app.command()(command)
segment.command()(preview)
segment.command()(update)
segment.command()(history)
app.add_typer(imports, name="import")
app.add_typer(segment, name="segment")
app.add_typer(contact, name="contact")
app.add_typer(clock, name="clock")
app.add_typer(trigger, name="trigger")
app.add_typer(quota, name="quota")
app.add_typer(store, name="store")


@app.callback()
def _root() -> None:
    """Exact customer segments over gRPC."""
