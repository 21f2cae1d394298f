"""Watchers in a process of their own, who note when the last message of a revision came."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import grpc

from segsvc.v1 import evaluation_pb2, watch_service_pb2, watch_service_pb2_grpc

_PATIENCE = 60.0


class Watching:
    """The other process, as seen from here."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def until(self, revision: int) -> dict[int, list[float]]:
        """Wait until every watcher has come to *revision*; return arrivals by revision.

        Arrivals are monotonic seconds, one per watcher, of revisions that changed something.
        """
        self._pipe.send(revision)
        arrivals: dict[int, list[float]] = self._pipe.recv()
        return arrivals


@contextmanager
def watching(target: str, store_id: str, watchers: int) -> Iterator[Watching]:
    """Start watchers of all segments; they are listening when this returns."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run, args=(theirs, target, store_id, watchers), daemon=True)
    child.start()
    try:
        assert ours.recv() == "listening"
        yield Watching(ours)
    finally:
        ours.close()
        child.join(10)
        if child.is_alive():
            child.kill()
            child.join()


class _Watcher:
    """One subscriber: a thread that reads its stream."""

    def __init__(self, target: str, store_id: str, number: int) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("segsvc.watcher", number)]
        self._channel = grpc.insecure_channel(target, options)
        request = watch_service_pb2.WatchRequest(
            store_id=store_id,
            initial_snapshot=watch_service_pb2.INITIAL_SNAPSHOT_NONE,
            format=evaluation_pb2.MEMBER_FORMAT_ROARING,
        )
        stub = watch_service_pb2_grpc.WatchServiceStub(self._channel)
        self._stream = stub.Watch(request)
        self.arrived: dict[int, float] = {}
        self.revision = 0
        self.listening = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for message in self._stream:
                moment = time.monotonic()
                self.listening.set()
                if not message.resume_token:
                    continue
                self.revision = message.revision
                if message.WhichOneof("event") == "deltas":
                    self.arrived[message.revision] = moment
        except grpc.RpcError:
            self.listening.set()

    def close(self) -> None:
        self._stream.cancel()
        self._channel.close()


def _run(pipe: Connection, target: str, store_id: str, watchers: int) -> None:
    held = [_Watcher(target, store_id, number) for number in range(watchers)]
    for watcher in held:
        watcher.listening.wait(_PATIENCE)
    pipe.send("listening")
    try:
        revision = pipe.recv()
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and any(one.revision < revision for one in held):
            time.sleep(0.01)
        pipe.send(_by_revision(held))
    except (EOFError, OSError):
        pass
    for watcher in held:
        watcher.close()


def _by_revision(held: list[_Watcher]) -> dict[int, Any]:
    arrivals: dict[int, list[float]] = {}
    for watcher in held:
        for revision, moment in watcher.arrived.items():
            arrivals.setdefault(revision, []).append(moment)
    return arrivals
