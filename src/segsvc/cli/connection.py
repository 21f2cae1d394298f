"""What every command that asks a server shares: where it is, how errors are told, JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToJson

from segsvc.cli.console import answers, errors
from segsvc.client import CallFailed, Client, Store, Tls, Unavailable

Server = Annotated[
    str, typer.Option("--server", envvar="SEGSVC_SERVER", help="host:port of the server.")
]
StoreId = Annotated[str, typer.Option("--store", envvar="SEGSVC_STORE", help="The store.")]
Authority = Annotated[
    Path | None,
    typer.Option("--tls-ca", envvar="SEGSVC_TLS_CA", help="PEM authority of a TLS server."),
]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_STORE = "demo"


@contextmanager
def connected(server: str, authority: Path | None = None) -> Iterator[Client]:
    """Yield a client; errors of its calls end the command with status 1 and a clear line."""
    with Client(server, tls=None if authority is None else Tls(authority)) as client:
        try:
            yield client
        except CallFailed as failed:
            _tell(failed, server)
            raise typer.Exit(1) from None


@contextmanager
def opened(server: str, store_id: str, authority: Path | None = None) -> Iterator[Store]:
    """Yield one store of a server, as `connected` does."""
    with connected(server, authority) as client:
        yield client.store(store_id)


def _tell(failed: CallFailed, server: str) -> None:
    if isinstance(failed, Unavailable) and not failed.reason:
        say_wrong(f"no server answers at {server}; start one with: segsvc serve")
        return
    reason = f" ({failed.reason})" if failed.reason else ""
    say_wrong(f"{failed.message}{reason}")
    for violation in failed.violations:
        errors.print(f"  {violation.field}: {violation.description}", markup=False)
    for held in failed.preconditions:
        errors.print(f"  {held.subject}: {held.description}", markup=False)


def say_wrong(what: str) -> None:
    """Print what went wrong to stderr."""
    errors.print("[bold red]error:[/] ", end="")
    errors.print(what, markup=False, highlight=False)


def print_json(message: Any) -> None:
    """Print a message as one line of JSON, in proto names, zeros included."""
    print(
        MessageToJson(
            message,
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
            indent=None,
        )
    )


def answer(message: Any, as_json: bool, show: Callable[[Any], None]) -> None:
    """Print a message as JSON or for people."""
    if as_json:
        print_json(message)
    else:
        show(message)


def print_lines(lines: Iterable[str]) -> None:
    """Print plain lines, for pipes too."""
    for line in lines:
        answers.print(line, markup=False, highlight=False, soft_wrap=True)
