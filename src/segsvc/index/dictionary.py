"""Distinct texts of one column, as codes 1, 2, 3 ...; 0 stands for a missing text."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Strings, TextColumn, UInt32
from segsvc.domain.predicate import Contains, OneOf, Place
from segsvc.domain.section import Sections
from segsvc.domain.text import fold
from segsvc.index.array import ChunkedArray
from segsvc.index.hash_table import HashTable
from segsvc.index.hashing import (
    Spans,
    UInt64,
    distinct,
    equal_spans,
    hash_strings,
    same_strings,
)
from segsvc.index.strings import StringArena

_KEPT_TEXTS = 1_024
"""Up to so many texts the codes of the last batch are kept: the next often brings the same."""


class Dictionary:
    """Originals by code. The table is keyed by the folded text, so that both an original and all
    originals that fold alike are found in it; keys (*folds* false) are their own folded text.
    """

    def __init__(self, name: str, *, folds: bool) -> None:
        self.folds = folds
        self._originals = StringArena(name)
        self._table = HashTable()
        self._folded = FoldedTexts(self._originals, folds=folds)
        self._kept: tuple[Strings, UInt32] | None = None

    def __len__(self) -> int:
        """Number of codes, the 0 of the missing text included."""
        return len(self._originals) + 1

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._originals.nbytes + self._table.nbytes + self._folded.nbytes

    def intern(self, texts: TextColumn) -> UInt32:
        """Return the code of every text of a column (uint32, k), adding those that are new."""
        return self.codes_of(texts.dictionary)[texts.codes]

    def codes_of(self, texts: Strings) -> UInt32:
        """Return the code of each text, adding those that are new."""
        if len(texts) > _KEPT_TEXTS:
            return self._codes_of(texts)
        if self._kept is None or not same_strings(self._kept[0], texts):
            self._kept = (texts, self._codes_of(texts))
        return self._kept[1]

    def _codes_of(self, texts: Strings) -> UInt32:
        spans = Spans.of(texts)
        hashes = self._hashes(texts)
        found = self._table.find(
            hashes,
            lambda rows, entries: equal_spans(spans.take(rows), self._originals.spans(entries)),
        )
        missing = np.flatnonzero(found < 0)
        if len(missing):
            new = texts.take(missing)
            firsts, groups = distinct(new, hash_strings(new))
            found[missing] = groups + len(self._originals)
            self._originals.append(new.take(firsts))
            self._table.add(hashes[missing[firsts]])
        return (found + 1).astype(np.uint32)

    def _hashes(self, texts: Strings) -> UInt64:
        return hash_strings(_folded(texts) if self.folds else texts)

    def text(self, code: int) -> str:
        """Return the original of a code."""
        return self._originals.item(code - 1)

    def texts(self, codes: UInt32) -> Strings:
        """Return the originals of some codes, none of them 0."""
        return self._originals.take(codes.astype(np.int64) - 1)

    def codes_equal(self, values: Iterable[str]) -> UInt32:
        """Return the codes of all originals that are the same text as one of *values*."""
        wanted = {fold(value) if self.folds else value for value in values}
        hashes = hash_strings(Strings.of(sorted(wanted))).tolist() if wanted else []
        codes = [
            entry + 1
            for value, hashed in zip(sorted(wanted), hashes, strict=True)
            for entry in self._table.alike(hashed)
            if self._comparable(entry) == value
        ]
        return np.array(sorted(codes), np.uint32)

    def _comparable(self, entry: int) -> str:
        original = self._originals.item(entry)
        return fold(original) if self.folds else original

    def codes_containing(self, predicate: Contains) -> UInt32:
        """Return the codes of all originals that have the needle at its place."""
        needle = fold(predicate.needle) if self.folds else predicate.needle
        return self._folded.containing(needle.encode(), predicate.place) + np.uint32(1)

    def codes_matching(self, predicate: OneOf | Contains) -> UInt32:
        """Return the codes that satisfy *predicate*, ascending."""
        if isinstance(predicate, OneOf):
            return self.codes_equal(predicate.values)
        return self.codes_containing(predicate)

    def lookup(self, predicate: OneOf | Contains) -> Bool:
        """Return whether each code satisfies *predicate* (bool, len(self)); code 0 never does."""
        table = np.zeros(len(self), np.bool_)
        table[self.codes_matching(predicate)] = True
        return table

    def count_distinct(self, codes: npt.NDArray[np.integer]) -> int:
        """Return how many different texts *codes* are, after folding."""
        return len(np.unique(self._table.hashes_of(codes - 1)))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""
        return self._originals.arrays()

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        self._originals.load(sections)
        self._kept = None
        count = len(self._originals)
        self._table = HashTable(count)
        for start in range(0, count, 65_536):
            places = np.arange(start, min(start + 65_536, count))
            self._table.add(self._hashes(self._originals.take(places)))
        self._folded = FoldedTexts(self._originals, folds=self.folds)


class FoldedTexts:
    """The folded texts of an arena, one behind the other, made as far as a scan needs them."""

    def __init__(self, originals: StringArena, *, folds: bool) -> None:
        self._originals = originals
        self._folds = folds
        self._own = StringArena("folded")

    @property
    def nbytes(self) -> int:
        """Bytes held besides the originals."""
        return self._own.nbytes

    def containing(self, needle: bytes, place: Place) -> UInt32:
        """Return which texts have *needle* at *place* (uint32, ascending)."""
        arena = self._arena()
        utf8, ends = arena.utf8, arena.ends
        starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
        if place is Place.ANYWHERE:
            return _anywhere(utf8, ends, needle)
        long_enough = np.flatnonzero(ends - starts >= len(needle))
        firsts = starts[long_enough] if place is Place.START else ends[long_enough] - len(needle)
        for offset, byte in enumerate(needle):
            alike = utf8[firsts + offset] == byte
            long_enough, firsts = long_enough[alike], firsts[alike]
        return long_enough.astype(np.uint32)

    def _arena(self) -> StringArena:
        if not self._folds:
            return self._originals
        known, count = len(self._own), len(self._originals)
        for start in range(known, count, 65_536):
            places = np.arange(start, min(start + 65_536, count))
            self._own.append(_folded(self._originals.take(places)))
        return self._own


def _folded(texts: Strings) -> Strings:
    """Fold all texts; only those beyond ASCII one by one."""
    upper = (texts.utf8 >= 65) & (texts.utf8 <= 90)
    plain = Strings(np.where(upper, texts.utf8 + np.uint8(32), texts.utf8), texts.offsets)
    beyond = np.flatnonzero(texts.utf8 > 127)
    if not len(beyond):
        return plain
    found = np.zeros(len(texts), np.bool_)
    found[np.searchsorted(texts.offsets, beyond, side="right") - 1] = True
    rows, places = np.flatnonzero(found), np.arange(len(texts))
    places[rows] = len(texts) + np.arange(len(rows))
    return plain.followed_by(Strings.of([fold(text) for text in texts.take(rows)])).take(places)


def _anywhere(utf8: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64], needle: bytes) -> UInt32:
    """Find *needle* by its rarest byte first; a hit must not cross into the next text."""
    sample = np.bincount(utf8[:65_536], minlength=256)
    order = sorted(range(len(needle)), key=lambda offset: int(sample[needle[offset]]))
    rarest = order[0]
    last = len(utf8) - len(needle) + 1
    if last <= 0:
        return np.zeros(0, np.uint32)
    hits = np.flatnonzero(utf8[rarest : rarest + last] == needle[rarest])
    for offset in order[1:]:
        hits = hits[utf8[hits + offset] == needle[offset]]
    owners = np.searchsorted(ends, hits, side="right")
    inside = hits + len(needle) <= ends[owners]
    return np.unique(owners[inside]).astype(np.uint32)
