"""Which contacts were written since an answer was found, field by field: what patching it takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from segsvc.bitmap import Bitmap
from segsvc.condition.view import Reads
from segsvc.index.touched import Touched

_RATIO = 2
"""A batch is merged into the one before it unless that is so many times larger."""

_FORGET_FROM = 4
"""Older writes are forgotten when those of a field touched over 1 / FORGET_FROM of the store."""

_LEAST = 4_096
"""So many written contacts are remembered in a store of any size."""

_EVERYBODY = ("universe", "")


class WriteLog:
    """Contacts touched by each revision, merged as they age.

    An answer found at `version` v is right at a later one for all but ``since(reads, v)``. That
    may name a few more: batches of about one size are kept as one, so that there are only so many
    of them however long the log is.
    """

    def __init__(self) -> None:
        self.version = 0
        """Grows with everything that is added."""
        self._valid_from = 0
        self._known_from: dict[tuple[str, str], int] = {}
        self._batches: dict[tuple[str, str], list[tuple[int, Bitmap]]] = defaultdict(list)

    def add(self, touched: Touched, contacts: int) -> None:
        """Take in what a revision touched, in a store of *contacts*."""
        self.version += 1
        for name, written in _fields(touched):
            if written:
                self._add(name, written, max(contacts, _LEAST))

    def _add(self, name: tuple[str, str], written: Bitmap, contacts: int) -> None:
        batches = self._batches[name]
        batches.append((self.version, written))
        while len(batches) > 1 and len(batches[-2][1]) < _RATIO * len(batches[-1][1]):
            _, late = batches.pop()
            _, early = batches.pop()
            batches.append((self.version, early | late))
        while batches and sum(len(held) for _, held in batches) * _FORGET_FROM > contacts:
            self._known_from[name], _ = batches.pop(0)

    def reset(self) -> None:
        """Let no earlier answer be right any more, as after a change of the time zone."""
        self.version += 1
        self._valid_from = self.version
        self._known_from.clear()
        self._batches.clear()

    def since(self, reads: Reads, version: int) -> Bitmap | None:
        """Return whose answers may have changed after *version*; None: everybody's."""
        names = tuple(_names(reads))
        if version < max(self._known_from.get(name, self._valid_from) for name in names):
            return None
        parts = [
            written
            for name in names
            for until, written in self._batches.get(name, ())
            if until > version
        ]
        return Bitmap.union(*parts) if parts else Bitmap()


def _names(reads: Reads) -> Iterator[tuple[str, str]]:
    yield _EVERYBODY
    for name in reads.attributes:
        yield "attribute", name
    for name in reads.behaviors:
        yield "behavior", name


def _fields(touched: Touched) -> Iterator[tuple[tuple[str, str], Bitmap]]:
    yield _EVERYBODY, touched.created | touched.retired()
    for name, written in touched.attributes.items():
        yield ("attribute", name), written
    for name, written in touched.behaviors.items():
        yield ("behavior", name), written


__all__ = ["WriteLog"]
