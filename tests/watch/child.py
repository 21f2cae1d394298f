"""A server as a child process on one port for all its lives, killed without a goodbye."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

START = "2024-06-01T12:00:00"


class Child:
    """Start it, kill it, start it again: clients know it by one address."""

    def __init__(self, database: Path) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.target = f"127.0.0.1:{held.getsockname()[1]}"
        self._database = database
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Run it; it serves when this returns."""
        command = [sys.executable, "-m", "segsvc", "serve", "--listen", self.target]
        command += ["--log-format", "json", "--database", f"sqlite:///{self._database}"]
        command += ["--clock", "replay", "--replay-start", START]
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if json.loads(line)["event"] == "serving":
                return
        raise AssertionError("the server did not start")

    def end(self, number: int = signal.SIGKILL) -> None:
        """Kill it, or signal it otherwise, and wait until it is gone."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.communicate()
        self._process = None

    def __enter__(self) -> Child:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.end()
