"""All commands in one place."""

from __future__ import annotations

import typer

from segsvc.cli.serve import serve

app = typer.Typer(
    name="segsvc",
    help="Exact customer segments over gRPC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(serve)


@app.callback()
def _root() -> None:
    """Exact customer segments over gRPC."""
