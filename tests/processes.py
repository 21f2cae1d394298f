"""A server as a process of its own, which can be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server(
    database: Path, listen: str = "127.0.0.1:0"
) -> Iterator[tuple[subprocess.Popen[str], str, list[dict[str, object]]]]:
    """Run a server over a SQLite file; yield the process, its address and what it logged at start.

    It is killed (-9) at the end, if it was not before.
    """
    command = [sys.executable, "-m", "segsvc", "serve", "--listen", listen]
    command += ["--log-format", "json", "--database", f"sqlite:///{database}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        said: list[dict[str, object]] = []
        for line in child.stderr:
            said.append(json.loads(line))
            if said[-1]["event"] == "serving":
                break
        try:
            yield child, str(said[-1]["listen"]), said
        finally:
            child.kill()
