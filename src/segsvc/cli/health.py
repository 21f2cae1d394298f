"""``segsvc health``, for containers and supervisors."""

from __future__ import annotations

from typing import Annotated, Any

import grpc
import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc

from segsvc.cli.connection import DEFAULT_SERVER, Authority, Server, say_wrong
from segsvc.cli.console import answers
from segsvc.client import Tls
from segsvc.client.channel import open_channel


def health(
    server: Server = DEFAULT_SERVER,
    tls_ca: Authority = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait.")] = 2.0,
) -> None:
    """End with status 0 if the server answers and serves, else with 1."""
    with open_channel(server, None if tls_ca is None else Tls(tls_ca)) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            request = health_pb2.HealthCheckRequest()
            answer = stub.Check(request, timeout=timeout)
        except grpc.RpcError as failed:
            say_wrong(f"{server} does not answer: {failed.code().name}")
            raise typer.Exit(1) from None
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    answers.print(name)
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise typer.Exit(1)
