"""Prometheus metrics of the server."""

from __future__ import annotations

from collections.abc import Callable
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server


class Metrics:
    """What is counted. Its own registry, so that two servers in one process do not mix."""

    def __init__(self, waiting_bytes: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        self._calls = Counter(
            "segsvc_calls", "Finished calls", ("method", "code"), registry=self.registry
        )
        self._seconds = Histogram(
            "segsvc_call_seconds",
            "Time of finished calls",
            ("method",),
            buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30),
            registry=self.registry,
        )
        waiting = Gauge("segsvc_waiting_write_bytes", "Writes in the queue", registry=self.registry)
        waiting.set_function(waiting_bytes)
        self._server: WSGIServer | None = None

    def called(self, method: str, code: str, seconds: float) -> None:
        """Count one finished call."""
        self._calls.labels(method, code).inc()
        self._seconds.labels(method).observe(seconds)

    def serve(self, port: int) -> None:
        """Answer scrapes on a loopback port until `close`."""
        self._server, _ = start_http_server(port, addr="127.0.0.1", registry=self.registry)

    def close(self) -> None:
        """Stop answering."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
