"""``resolve``: who receives a campaign."""

from __future__ import annotations

from pathlib import Path
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
    print_json,
)
from segsvc.cli.console import errors
from segsvc.client import Resolution


def resolve(
    include: Annotated[
        list[str] | None,
        typer.Option("--include", "-i", help="Members of this segment receive it."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", "-x", help="Members of this one do not.")
    ] = None,
    channel: Annotated[str, typer.Option(help="email, sms or any.")] = "email",
    cap: Annotated[int, typer.Option(min=0, help="At most so many; 0: no cap.")] = 0,
    split: Annotated[
        str | None, typer.Option(help="One arm of a stable split: salt:from:to in percent.")
    ] = None,
    resume: Annotated[
        str | None, typer.Option(help="Go on with a resolution: its id, or id:offset.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write contact ids there, not to stdout.")
    ] = None,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Resolve include and exclude sets into recipients: ids to stdout, what was counted to stderr.

    With --json the header is the first line of stdout, and each batch of ids follows as a list.
    """
    if (resume is None) == (not include):
        raise typer.BadParameter("give --include, or --resume")
    if channel not in ("email", "sms", "any"):
        raise typer.BadParameter("--channel is email, sms or any")
    with opened(server, store, tls_ca) as shop:
        if resume is not None:
            resolution_id, _, offset = resume.partition(":")
            found = shop.resume(resolution_id, int(offset or 0))
        else:
            found = shop.resolve(
                include or (),
                exclude or (),
                channel=channel,  # type: ignore[arg-type]  # checked above
                cap=cap,
                split=_split(split),
            )
        header = found.header
        if json:
            print_json(header)
        else:
            _say(found)
        if output is None:
            _print(found, json)
        else:
            with output.open("w") as file:
                file.writelines(f"{contact_id}\n" for contact_id in found.contact_ids())
    if found.erased_count:
        errors.print(f"{found.erased_count:,} were erased meanwhile and left out")


def _print(found: Resolution, as_json: bool) -> None:
    import json as encoder

    for ids in found:
        print(encoder.dumps(ids) if as_json else "\n".join(ids))


def _split(given: str | None) -> tuple[str, float, float] | None:
    if given is None:
        return None
    try:
        salt, low, high = given.rsplit(":", 2)
        return salt, float(low), float(high)
    except ValueError:
        raise typer.BadParameter("--split is salt:from:to, such as test-7:0:50") from None


def _say(found: Resolution) -> None:
    header, unreachable = found.header, found.header.unreachable
    errors.print(
        f"[bold]{header.recipient_count:,}[/] recipients at revision {header.revision}: "
        f"{header.included_count:,} included, {header.excluded_count:,} excluded, "
        f"{unreachable.no_address:,} without address, "
        f"{unreachable.invalid_address:,} with an invalid one, "
        f"{unreachable.not_subscribed:,} not subscribed, "
        f"{header.split_out_count:,} in other arms, {header.capped_count:,} beyond the cap"
    )
    errors.print(f"resume with: --resume {header.resolution_id}", style="dim")
