"""A database whose machine loses power on demand, at any of its transactions."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from segsvc.storage.database import Database


class PowerLost(BaseException):
    """What every thread meets that touches the disk once power is lost: nobody catches it."""


@dataclass(frozen=True)
class Cut:
    """Power is lost at the transaction after *survives* others, just before or after it is kept."""

    survives: int
    kept: bool


class PowerfulDatabase(Database):
    """A SQLite database until power is lost; what was on disk then is found by `image`."""

    def __init__(self, path: Path, lost: Callable[[], None]) -> None:
        self.path = path
        self.cut: Cut | None = None
        self.off = False
        self._lost = lost
        super().__init__(f"sqlite:///{path}")

    @contextmanager
    def write(self, doing: str) -> Iterator[Connection]:
        """See `Database.write`."""
        cut, last = self.cut, False
        if cut is not None:
            last = cut.survives == 0
            self.cut = Cut(cut.survives - 1, cut.kept)
        if self.off or (last and cut is not None and not cut.kept):
            self._lose()
        with super().write(doing) as connection:
            yield connection
        if last:
            self._lose()

    @contextmanager
    def read(self, doing: str) -> Iterator[Connection]:
        """See `Database.read`."""
        if self.off:
            self._lose()
        with super().read(doing) as connection:
            yield connection

    def _lose(self) -> None:
        self.off = True
        self._lost()
        raise PowerLost

    def image(self, path: Path) -> None:
        """Copy to *path* what is on disk, while the database is open and nobody uses it."""
        for suffix in ("", "-wal"):
            here = self.path.with_name(self.path.name + suffix)
            if here.exists():
                shutil.copyfile(here, path.with_name(path.name + suffix))
