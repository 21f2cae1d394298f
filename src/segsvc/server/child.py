"""A server as a child process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True, slots=True)
class Child:
    """A server that is ready: where it listens (host:port), and its process id."""

    target: str
    pid: int


@contextmanager
def served(*flags: str) -> Iterator[str]:
    """Run ``segsvc serve`` as `child_server` does, and yield only where it listens."""
    with child_server(*flags) as child:
        yield child.target


@contextmanager
def child_server(*flags: str) -> Iterator[Child]:
    """Run ``segsvc serve`` on a free loopback port until it is left.

    Raises:
        RuntimeError: the server ended before it was ready; with what it said.
    """
    command = [sys.executable, "-m", "segsvc", "serve", "--listen", "127.0.0.1:0"]
    child = subprocess.Popen(
        [*command, "--log-format", "json", *flags], stderr=subprocess.PIPE, text=True
    )
    log = child.stderr
    assert log is not None
    drain = threading.Thread(target=lambda: [None for _ in log], daemon=True)
    try:
        address = _ready(log)
        drain.start()
        yield Child(address, child.pid)
    finally:
        child.terminate()
        child.wait()
        if drain.ident is not None:
            drain.join()
        log.close()


def _ready(log: IO[str]) -> str:
    said = []
    for line in log:
        said.append(line)
        if line.startswith("{"):
            facts = json.loads(line)
            if facts.get("event") == "serving":
                return str(facts["listen"])
    raise RuntimeError("the server did not start:\n" + "".join(said))
