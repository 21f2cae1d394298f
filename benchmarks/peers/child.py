"""A peer in a process of its own: its memory is its own, its threads are, and it times itself."""

from __future__ import annotations

import importlib
import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.harness.machine import resident_mb
from benchmarks.peers.peer import Answer, Unsupported
from benchmarks.questions.question import Ask


@dataclass(frozen=True, slots=True)
class Loading:
    """What it took a peer to be ready."""

    seconds: float
    megabytes: float
    """Of its process, beyond what it held before."""


class RemotePeer:
    """A peer that was loaded in a child process."""

    def __init__(self, pipe: Connection, loading: Loading) -> None:
        self._pipe = pipe
        self.loading = loading

    def answer(self, ask: Ask) -> Answer:
        """Prepare *ask* and answer it once.

        Raises:
            Unsupported: the peer cannot.
        """
        held: Answer = self._call("answer", ask.text, ask.wants_ids)
        return held

    def milliseconds(self, ask: Ask) -> float:
        """Answer *ask*, prepared before; return what it took there."""
        took: float = self._call("time", ask.text, ask.wants_ids)
        return took

    def call(self, method: str, *arguments: Any) -> tuple[float, Any]:
        """Call a method of the peer; return the milliseconds it took there, and its result."""
        timed: tuple[float, Any] = self._call("call", method, arguments)
        return timed

    def _call(self, *message: Any) -> Any:
        self._pipe.send(message)
        kind, value = self._pipe.recv()
        if kind == "unsupported":
            raise Unsupported(value)
        if kind == "failed":
            raise RuntimeError(value)
        return value


@contextmanager
def in_child(load: str, *arguments: Any) -> Iterator[RemotePeer]:
    """Load a peer (``module:callable``) in a child process; it ends with the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_serve, args=(theirs, load, arguments), daemon=True)
    child.start()
    theirs.close()
    try:
        kind, value = ours.recv()
        if kind == "failed":
            raise RuntimeError(value)
        yield RemotePeer(ours, value)
    finally:
        ours.close()
        child.join(30)
        if child.is_alive():
            child.kill()
            child.join()


def _serve(pipe: Connection, load: str, arguments: tuple[Any, ...]) -> None:
    try:
        module, _, name = load.partition(":")
        empty = resident_mb()
        begun = time.perf_counter()
        peer = getattr(importlib.import_module(module), name)(*arguments)
        loading = Loading(time.perf_counter() - begun, resident_mb() - empty)
        pipe.send(("ok", loading))
    except Exception:
        pipe.send(("failed", traceback.format_exc()))
        return
    prepared: dict[tuple[str, Any], Callable[[], Answer]] = {}
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            break
        pipe.send(_answer(peer, prepared, *message))
    peer.close()


def _answer(
    peer: Any,
    prepared: dict[tuple[str, Any], Callable[[], Answer]],
    what: str,
    text: str,
    more: Any,
) -> tuple[str, Any]:
    try:
        if what == "call":
            begun = time.perf_counter_ns()
            result = getattr(peer, text)(*more)
            return "ok", ((time.perf_counter_ns() - begun) / 1e6, result)
        key = (text, more)
        if key not in prepared:
            prepared[key] = peer.prepare(Ask("", text, wants_ids=more))
        if what == "answer":
            return "ok", prepared[key]()
        begun = time.perf_counter_ns()
        prepared[key]()
        return "ok", (time.perf_counter_ns() - begun) / 1e6
    except Unsupported as why:
        return "unsupported", str(why)
    except Exception:
        return "failed", f"{text}\n{traceback.format_exc()}"
