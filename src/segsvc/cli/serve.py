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
    max_message_bytes: Annotated[
        int | None, typer.Option(help="Of a received message. [4194304]")
    ] = None,
    snapshot_journal_bytes: Annotated[
        int | None, typer.Option(help="Journal bytes after which a snapshot is taken. [268435456]")
    ] = None,
    leaf_cache_bytes: Annotated[
        int | None, typer.Option(help="Memory for answers of leaves; 0: none. [268435456]")
    ] = None,
    keep_changes_hours: Annotated[
        int | None, typer.Option(help="How long watchers can resume. [168]")
    ] = None,
    watch_bookmark_seconds: Annotated[
        float | None,
        typer.Option(help="At most so often are watchers told of revisions without news. [5]"),
    ] = None,
    empty_unapplied: Annotated[
        bool,
        typer.Option("--empty-unapplied", help="Empty a last, unapplied revision."),
    ] = False,
    stop_grace: Annotated[
        float | None, typer.Option(help="Seconds that running calls get at the stop. [10]")
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
            max_message_bytes=max_message_bytes,
            snapshot_journal_bytes=snapshot_journal_bytes,
            leaf_cache_bytes=leaf_cache_bytes,
            keep_changes_hours=keep_changes_hours,
            watch_bookmark_seconds=watch_bookmark_seconds,
            empty_unapplied=empty_unapplied or None,
            stop_grace=stop_grace,
            log_format=log_format,
            log_level=log_level,
        )
        run(settings)
    except (ConfigInvalid, SegsvcError) as wrong:
        errors.print(f"[bold red]cannot serve:[/] {wrong}", highlight=False)
        raise typer.Exit(2) from None
