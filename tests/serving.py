"""A real server on a loopback port, in a thread of the test process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc

from segsvc.engine.clock import Clock
from segsvc.engine.engine import Engine
from segsvc.engine.evaluation import Evaluation
from segsvc.server import Server, ServerConfig
from segsvc.v1 import (
    admin_service_pb2_grpc,
    automation_service_pb2_grpc,
    evaluation_service_pb2_grpc,
    ingest_service_pb2_grpc,
    schema_service_pb2_grpc,
    segment_service_pb2_grpc,
    store_service_pb2_grpc,
    watch_service_pb2_grpc,
)

START = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)


class Served:
    """A running server, a channel to it, and a stub of every service."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self.loop = loop
        self.target = f"127.0.0.1:{server.port}"
        self.channel = grpc.insecure_channel(
            self.target, options=[("grpc.max_receive_message_length", -1)]
        )
        self.stores = store_service_pb2_grpc.StoreServiceStub(self.channel)
        self.schema = schema_service_pb2_grpc.SchemaServiceStub(self.channel)
        self.ingest = ingest_service_pb2_grpc.IngestServiceStub(self.channel)
        self.segments = segment_service_pb2_grpc.SegmentServiceStub(self.channel)
        self.evaluation = evaluation_service_pb2_grpc.EvaluationServiceStub(self.channel)
        self.watch = watch_service_pb2_grpc.WatchServiceStub(self.channel)
        self.automation = automation_service_pb2_grpc.AutomationServiceStub(self.channel)
        self.admin = admin_service_pb2_grpc.AdminServiceStub(self.channel)

    @property
    def engine(self) -> Engine:
        return self.server.engine


@contextmanager
def serving(
    database: Path,
    timepiece: Clock | None = None,
    evaluation: Evaluation | None = None,
    **settings: Any,
) -> Iterator[Served]:
    """Run a server over the SQLite file *database*, on a replay clock unless *settings* say.

    *timepiece* and *evaluation* take the place of those that the settings name.
    """
    settings.setdefault("clock", "replay")
    if settings["clock"] == "replay":
        settings.setdefault("replay_start", START)
    settings.setdefault("listen", "127.0.0.1:0")
    config = ServerConfig(database=f"sqlite:///{database}", **settings)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="server")
    thread.start()

    async def start() -> Server:
        server = Server(config, timepiece, evaluation)
        await server.start()
        return server

    try:
        server = asyncio.run_coroutine_threadsafe(start(), loop).result()
        served = Served(server, loop)
        try:
            yield served
        finally:
            served.channel.close()
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
