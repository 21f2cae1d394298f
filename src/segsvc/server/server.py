"""The composition root: storage, clock, engine and services become one server."""

from __future__ import annotations

import sys
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from segsvc.domain.errors import NotServing
from segsvc.engine.clock import Clock, ReplayClock, SystemClock
from segsvc.engine.engine import CheckpointPolicy, Engine
from segsvc.engine.evaluation import Evaluation
from segsvc.rpc.codec import WireCodec
from segsvc.rpc.interceptor import Calls
from segsvc.rpc.services import SERVICE_NAMES, register
from segsvc.server.config import ConfigInvalid, ServerConfig
from segsvc.server.metrics import Metrics
from segsvc.storage import Storage

log = structlog.get_logger()

_SWITCH_SECONDS = 0.0005
"""How long a thread keeps the interpreter while the event loop waits for it."""

_ADMIN = "/segsvc.v1.AdminService/"


class Server:
    """One server over one database. `start`, then `wait` or work, then `stop`."""

    def __init__(self, config: ServerConfig, evaluation: Evaluation | None = None) -> None:
        self._config = config
        self._storage = Storage.open(config.database)
        self.engine = Engine(
            self._storage,
            WireCodec(),
            _clock(config),
            CheckpointPolicy(config.snapshot_journal_bytes, config.keep_changes_hours * 3_600),
            evaluation or Evaluation(config.leaf_cache_bytes),
            empties_unapplied=config.empty_unapplied,
        )
        self._metrics = Metrics(lambda: self.engine.commits.waiting_bytes)
        self._health = health.aio.HealthServicer()
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
        register(
            server,
            self.engine,
            self._storage.secret("page-tokens"),
            self._storage.rotating_secrets("watch-tokens"),
            self._config.watch_bookmark_seconds,
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (*SERVICE_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        return server

    def _gate(self, method: str) -> None:
        suspicion = self.engine.clock.suspicion
        if suspicion and not method.startswith(_ADMIN):
            raise NotServing("CLOCK_SUSPECT", f"{suspicion}; AdminService.ConfirmClock trusts it")

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
        for name in ("", *SERVICE_NAMES):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        log.info(
            "serving",
            listen=self._config.listen.rpartition(":")[0] + f":{self.port}",
            tls=self._config.uses_tls,
            clock=self._config.clock,
            stores=len(self.engine.stores()),
        )
        if self.engine.clock.suspicion:
            log.warning("clock not trusted", why=self.engine.clock.suspicion)

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
