"""``watch``: who enters and leaves segments, as it happens."""

from __future__ import annotations

import json as json_module
import sys
from base64 import b64decode, b64encode
from typing import Annotated

import typer

from segsvc.cli.connection import (
    DEFAULT_SERVER,
    DEFAULT_STORE,
    Authority,
    Json,
    Server,
    StoreId,
    opened,
    print_lines,
)
from segsvc.client import Change

_SHOWN = 5


def watch(
    segments: Annotated[
        list[str] | None, typer.Argument(help="Segments by id; none: all.", show_default=False)
    ] = None,
    members: Annotated[bool, typer.Option("--members", help="Begin with who is in now.")] = False,
    since: Annotated[str, typer.Option(help="A resume_token that --json printed.")] = "",
    why: Annotated[bool, typer.Option("--why", help="Name the leaves that changed.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="End after so many changes; 0: never.")] = 0,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Print who enters and leaves segments, until Ctrl-C; goes on when the server restarts."""
    if since and members:
        raise typer.BadParameter("goes without --since, which begins behind what was told")
    with opened(server, store, tls_ca) as shop:
        changes = shop.watch(
            *(segments or ()), since=_token(since), members=members, changed_leaves=why
        )
        try:
            for number, change in enumerate(changes, 1):
                print_lines([_as_json(change) if json else _line(change)])
                sys.stdout.flush()
                if number == limit:
                    return
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


def _token(said: str) -> bytes:
    try:
        return b64decode(said, validate=True)
    except ValueError:
        raise typer.BadParameter("--since takes a resume_token as --json printed it") from None


def _line(change: Change) -> str:
    parts = [f"r{change.revision}", f"{change.at:%Y-%m-%d %H:%M:%S}Z", change.segment_id]
    parts += [f"+{len(change.entered)}", f"-{len(change.left)}", change.cause.lower()]
    for sign, ids in (("+", change.entered), ("-", change.left)):
        parts += [f"{sign}{held}" for held in ids[:_SHOWN]]
        if len(ids) > _SHOWN:
            parts.append("...")
    parts += [f"[{path or 'the only leaf'}]" for path in change.changed_leaves]
    return " ".join(parts)


def _as_json(change: Change) -> str:
    return json_module.dumps(
        {
            "segment_id": change.segment_id,
            "cause": change.cause,
            "entered": change.entered,
            "left": change.left,
            "revision": change.revision,
            "at": change.at.isoformat(),
            "first_revision": change.first_revision,
            "changed_leaf_paths": change.changed_leaves,
            "resume_token": b64encode(change.resume_token).decode(),
        }
    )
