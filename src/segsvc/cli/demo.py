"""``segsvc demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    contacts: Annotated[int, typer.Option(min=1_000, help="Size of the store.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Another seed makes another store.")] = 7,
    folder: Annotated[Path, typer.Option(help="Where its database is kept.")] = Path(".demo"),
) -> None:
    """Fill a generated store through a real server, and show what it can answer."""
    from segsvc.cli.tour import tour

    tour(contacts, seed, folder)
