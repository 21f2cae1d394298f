"""A lock that the operating system drops when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from segsvc.domain.errors import StorageFailed


class LockFile:
    """Keeps a second server away from a SQLite file. The file itself stays after `release`."""

    def __init__(self, database: Path) -> None:
        """Take the lock ``<database>.lock``.

        Raises:
            StorageFailed: when somebody else holds it.
            OSError: when the file cannot be made.
        """
        self.path = database.with_name(database.name + ".lock")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip()
            os.close(self._file)
            raise StorageFailed(
                f"{database} is in use by another server (process {holder or 'unknown'}); "
                "stop it first"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let others take the lock; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
