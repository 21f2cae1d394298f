"""Which texts of a growing arena hold a needle, remembered for needles asked about lately."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segsvc.domain.columns import Bool, Strings
from segsvc.domain.predicate import Place
from segsvc.index.array import CHUNK_ROWS, ChunkedArray
from segsvc.index.scan import holding
from segsvc.index.strings import StringArena

_KEPT = 32


class _Scan:
    """Packed bits (one per text) of the full chunks that were read already."""

    def __init__(self) -> None:
        self.bits = ChunkedArray("bits", np.uint8)

    def follow(self, arena: StringArena, needle: bytes, place: Place) -> Iterator[None]:
        """Read the full chunks not read yet, one at a time."""
        while (done := len(self.bits) * 8 // CHUNK_ROWS) < len(arena) // CHUNK_ROWS:
            self.bits.append(holding(arena.chunk(done), needle, place))
            yield

    def all(self, arena: StringArena, needle: bytes, place: Place) -> Bool:
        """Return the answer for every text; the last chunk is read anew."""
        for _ in self.follow(arena, needle, place):
            pass
        last = np.zeros(0, np.uint8)
        if len(arena) % CHUNK_ROWS:
            last = holding(arena.chunk(len(arena) // CHUNK_ROWS), needle, place)
        packed = np.concatenate([self.bits.live, last])
        return np.unpackbits(packed, count=len(arena), bitorder="little").view(np.bool_)


class TextSearch:
    """Searches the folded forms of an arena's texts.

    Texts that are their own folded form are read where they are; the forms of the others lie in an
    arena of their own, and their originals do not count.
    """

    def __init__(self, originals: StringArena) -> None:
        self._originals = originals
        self._forms = StringArena("folded")
        self._differing = ChunkedArray("differing", np.uint32)
        """The texts that are not their own folded form, ascending."""
        self._scans: dict[tuple[bytes, Place], tuple[_Scan, _Scan]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes held besides the originals."""
        scans = sum(one.bits.nbytes + two.bits.nbytes for one, two in self._scans.values())
        return self._forms.nbytes + self._differing.nbytes + scans

    def add(self, first: int, differing: Bool, forms: Strings) -> None:
        """Take in texts *first*, *first* + 1, ... and the folded forms of those that differ."""
        places = np.flatnonzero(differing)
        self._differing.append(places + first)
        self._forms.append(forms.take(places))

    def find(self, needle: bytes, place: Place) -> Bool:
        """Return which texts have the folded *needle* at *place* (bool, one per text)."""
        plain, folded = self._scan(needle, place)
        found = plain.all(self._originals, needle, place)
        found[self._differing.live] = folded.all(self._forms, needle, place)
        return found

    def prepare(self, needle: bytes, place: Place) -> Iterator[None]:
        """Do, a millisecond or two at a time, most of what `find` would do."""
        plain, folded = self._scan(needle, place)
        yield from plain.follow(self._originals, needle, place)
        yield from folded.follow(self._forms, needle, place)

    def _scan(self, needle: bytes, place: Place) -> tuple[_Scan, _Scan]:
        scans = self._scans.pop((needle, place), None) or (_Scan(), _Scan())
        if len(self._scans) >= _KEPT:
            del self._scans[next(iter(self._scans))]
        self._scans[needle, place] = scans
        return scans

    def is_read(self, needle: bytes, place: Place) -> bool:
        """Whether `find` would read the last chunks only."""
        scans = self._scans.get((needle, place))
        known = len(scans[0].bits) * 8 if scans else 0
        return len(self._originals) - known < 2 * CHUNK_ROWS
