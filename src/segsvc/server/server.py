"""The composition root: storage, clock, engine and services become one server."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from segsvc.engine.checkpoints import CheckpointPolicy
from segsvc.engine.clock import Clock, ReplayClock, SystemClock, trusted_now
from segsvc.engine.engine import Engine
from segsvc.engine.evaluation import Evaluation
from segsvc.rpc.codec import WireCodec
from segsvc.rpc.interceptor import Calls
from segsvc.rpc.resume_tokens import WATCH_KEYS
from segsvc.rpc.services import SERVICE_NAMES, register, servicers
from segsvc.server.config import ConfigInvalid, ServerConfig
from segsvc.server.metrics import Metrics
from segsvc.storage import Storage

log = structlog.get_logger()

_SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while the event loop waits for it."""

_CLOCK_SECONDS = 1.0
"""How often the clock is looked at when nobody calls."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_ADMIN = "/segsvc.v1.AdminService/"


class Server:
    """One server over one database. `start`, then `wait` or work, then `stop`."""

    def __init__(
        self,
        config: ServerConfig,
        clock: Clock | None = None,
        evaluation: Evaluation | None = None,
    ) -> None:
        """Open the database; *clock* and *evaluation* go before what *config* names."""
        self._config = config
        self._storage = Storage.open(config.database)
        self.engine = Engine(
            self._storage,
            WireCodec(),
            clock or _clock(config),
            CheckpointPolicy(config.snapshot_journal_bytes, config.keep_changes_hours * 3_600),
            evaluation or Evaluation(config.leaf_cache_bytes),
            empties_unapplied=config.empty_unapplied,
        )
        self._metrics = Metrics(lambda: self.engine.commits.waiting_bytes)
        self._health = health.aio.HealthServicer()
        self._minding: asyncio.Task[None] | None = None
        self._server = self._make()
        self.port = 0
        """The port that is listened on, once started."""

    def _make(self) -> grpc.aio.Server:
        limit = self._config.max_message_bytes
        server = grpc.aio.server(
            interceptors=[Calls(self._gate, self._metrics.called)],
            options=[
                ("grpc.max_receive_message_length", limit),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
                ("grpc.max_metadata_size", 16 * 1024),
            ],
        )
        services = servicers(
            self.engine,
            self._storage.secret("page-tokens"),
            self._storage.rotating_secrets(WATCH_KEYS),
            self._config.watch_bookmark_seconds,
        )
        register(server, services)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (*SERVICE_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        return server

    def _gate(self, method: str) -> None:
        if not method.startswith(_ADMIN):
            trusted_now(self.engine.clock)

    async def start(self) -> None:
        """Recover the stores, then listen.

        Raises:
            ConfigInvalid: when the address cannot be bound or a PEM file not be read.
            SegsvcError: when a store cannot be recovered.
        """
        sys.setswitchinterval(_SWITCH_SECONDS)
        await self.engine.open()
        self.port = self._bind()
        if self._config.metrics_port:
            self._metrics.serve(self._config.metrics_port)
        await self._server.start()
        await self._tell_health(self.engine.clock.suspicion)
        self._minding = asyncio.create_task(self._mind_clock())
        log.info(
            "serving",
            listen=self._config.listen.rpartition(":")[0] + f":{self.port}",
            tls=self._config.uses_tls,
            clock=self._config.clock,
            stores=len(self.engine.stores()),
        )

    async def _mind_clock(self) -> None:
        """Let health follow whether the clock is trusted."""
        known = self.engine.clock.suspicion
        while True:
            await asyncio.sleep(_CLOCK_SECONDS)
            suspicion = self.engine.clock.suspicion
            if bool(suspicion) != bool(known):
                await self._tell_health(suspicion)
            known = suspicion

    async def _tell_health(self, suspicion: str) -> None:
        """Say whether calls are served."""
        if suspicion:
            log.warning("clock not trusted", why=suspicion)
        for name in ("", *SERVICE_NAMES):
            await self._health.set(name, _NOT_SERVING if suspicion else _SERVING)

    def _bind(self) -> int:
        listen = self._config.listen
        try:
            credentials = _credentials(self._config)
            if credentials is None:
                return self._server.add_insecure_port(listen)
            return self._server.add_secure_port(listen, credentials)
        except (RuntimeError, OSError, ValueError) as wrong:
            raise ConfigInvalid(f"cannot listen on {listen}: {wrong}") from None

    async def stop(self) -> None:
        """Refuse new calls, let running ones end, make everything durable, close."""
        log.info("stopping")
        if self._minding is not None:
            self._minding.cancel()
        await self._health.enter_graceful_shutdown()
        self.engine.end_watches()
        await self._server.stop(self._config.stop_grace)
        await self.engine.close()
        self._metrics.close()
        self._storage.close()
        log.info("stopped")


def _clock(config: ServerConfig) -> Clock:
    if config.clock == "system":
        return SystemClock()
    assert config.replay_start is not None, "checked by the config"
    return ReplayClock(int(config.replay_start.timestamp()))


def _credentials(config: ServerConfig) -> grpc.ServerCredentials | None:
    if config.tls_certificate is None or config.tls_key is None:
        return None
    chain = [(_read(config.tls_key), _read(config.tls_certificate))]
    if config.tls_client_ca is None:
        return grpc.ssl_server_credentials(chain)
    authorities = _read(config.tls_client_ca)
    return grpc.ssl_server_credentials(chain, authorities, require_client_auth=True)


def _read(path: Path) -> bytes:
    return path.read_bytes()
