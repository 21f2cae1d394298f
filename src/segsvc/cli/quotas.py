"""``quota``: how many messages the store may send over each channel."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

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
from segsvc.v1 import automation_pb2 as pb
from segsvc.v1 import automation_service_pb2 as service
from segsvc.v1 import evaluation_pb2

quota = typer.Typer(no_args_is_help=True, help="How many messages the store may send.")


class Channel(StrEnum):
    """A channel that has a quota."""

    EMAIL = "email"
    SMS = "sms"


class Period(StrEnum):
    """When a quota renews."""

    MONTH = "month"
    DAY = "day"
    NONE = "none"


@quota.command("list")
def list_quotas(
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """List what may be sent and what is left."""
    with opened(server, store, tls_ca) as shop:
        answer(shop.quotas(), json, _show_quotas)


@quota.command("set")
def set_quota(
    channel: Annotated[Channel, typer.Argument(help="email or sms.")],
    limit: Annotated[int | None, typer.Option(help="Messages in one period.")] = None,
    used: Annotated[int | None, typer.Option(help="Sent in the running period.")] = None,
    period: Annotated[
        Period | None, typer.Option(help="When it renews.", show_default=False)
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="No quota from now on.")] = False,
    store: StoreId = DEFAULT_STORE,
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    json: Json = False,
) -> None:
    """Say how many messages the store may send, how many it has sent, or both."""
    with opened(server, store, tls_ca) as shop:
        shop.set_quota(
            channel.value,
            limit=limit,
            used=used,
            period=None if period is None else period.value,
            remove=remove,
        )
        answer(shop.quotas(), json, _show_quotas)


def _show_quotas(held: service.ListQuotasResponse) -> None:
    table = Table("channel", "limit", "used", "left", "period")
    for found in held.quotas:
        channel = evaluation_pb2.Channel.Name(found.channel).removeprefix("CHANNEL_").lower()
        period = pb.QuotaPeriod.Name(found.period).removeprefix("QUOTA_PERIOD_").lower()
        numbers = (f"{number:,}" for number in (found.limit, found.used, found.remaining))
        table.add_row(channel, *numbers, period)
    answers.print(table)
