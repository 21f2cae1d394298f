"""SQLite's write-ahead log, folded into the database file beside the commits, not inside one.

Left to itself SQLite does that within the commit that fills the log, and whoever waits for that
commit waits for two fsyncs more: 3 ms where a commit takes 1, and a hundred on a slow disk.
"""

from __future__ import annotations

import threading

import structlog
from sqlalchemy import Engine

log = structlog.get_logger()

COMMITS = 32
"""After so many commits the log is folded: it holds a page or two of each at least."""


class LogFolding:
    """A thread that folds, on a connection of its own, without holding up writes.

    It never ends when writes come faster than it folds, so the writer keeps a limit of its own
    (``wal_autocheckpoint``), and folds itself what is left then.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._commits = 0
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="segsvc-log-folding", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Note one more commit."""
        self._commits += 1
        if self._commits % COMMITS == 0:
            self._wanted.set()

    def close(self) -> None:
        """Fold a last time, and no more."""
        self._closing = True
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        closing = False
        while not closing:
            self._wanted.wait()
            self._wanted.clear()
            closing = self._closing
            try:
                self._fold()
            except Exception as failed:  # nothing is lost: the log is as good as the file
                log.warning("log not folded", reason=str(failed))

    def _fold(self) -> None:
        connection = self._engine.raw_connection()  # which begins no transaction by itself
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            connection.close()
