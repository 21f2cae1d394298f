"""``segsvc serve``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from segsvc.cli.console import errors
from segsvc.domain.errors import SegsvcError


def serve(
    listen: Annotated[
        str | None, typer.Option(help="host:port; port 0 takes a free one. [127.0.0.1:50051]")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="SQLAlchemy URL. [sqlite:///segsvc.db]")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with these settings; flags and environment win.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(help="system, or replay: moves only with AdvanceTime.")
    ] = None,
    replay_start: Annotated[
        datetime | None, typer.Option(help="Where a replay clock starts (UTC).")
    ] = None,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM private key.")] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option(help="PEM authorities of client certificates; then required.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Allow a bind beyond loopback without TLS.")
    ] = False,
    metrics_port: Annotated[
        int | None, typer.Option(help="Port of Prometheus metrics on loopback.")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, json or console.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Run a server until SIGTERM or Ctrl-C.

    Every setting can also be given as SEGSVC_<NAME> in the environment, or in the TOML file.
    """
    # Only this command needs the engine; the others start in half the time without it.
    from segsvc.server import ConfigInvalid, load_config
    from segsvc.server import serve as run

    try:
        settings = load_config(
            config,
            listen=listen,
            database=database,
            clock=clock,
            replay_start=replay_start,
            tls_certificate=tls_certificate,
            tls_key=tls_key,
            tls_client_ca=tls_client_ca,
            insecure=insecure or None,
            metrics_port=metrics_port,
            log_format=log_format,
            log_level=log_level,
        )
        run(settings)
    except (ConfigInvalid, SegsvcError) as wrong:
        errors.print(f"[bold red]cannot serve:[/] {wrong}", highlight=False)
        raise typer.Exit(2) from None
