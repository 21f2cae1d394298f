"""Distinct texts of one column, as codes 1, 2, 3 ...; 0 stands for a missing text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, Strings, TextColumn, UInt32
from segsvc.domain.predicate import Contains, OneOf
from segsvc.domain.section import Sections
from segsvc.domain.text import fold
from segsvc.index.array import CHUNK_ROWS, ChunkedArray
from segsvc.index.folding import folded
from segsvc.index.hash_table import HashTable
from segsvc.index.hashing import (
    Spans,
    distinct,
    equal_spans,
    hash_one,
    hash_strings,
    same_strings,
)
from segsvc.index.scan import holding
from segsvc.index.strings import StringArena
from segsvc.index.text_search import TextSearch

_KEPT_TEXTS = 1_024
"""Up to so many texts the codes of the last batch are kept: the next often brings the same."""

_KEPT_ANSWERS = 64
_HASHED_ALONE = 16


class Dictionary:
    """Originals by code. The table is keyed by the folded text, so that both an original and all
    originals that fold alike are found in it; keys (*folds* false) are their own folded text.
    """

    def __init__(self, name: str, *, folds: bool) -> None:
        self.folds = folds
        self._originals = StringArena(name)
        self._table = HashTable()
        self._search = TextSearch(self._originals)
        self._kept: tuple[Strings, UInt32] | None = None
        self._equal: dict[tuple[str, ...], UInt32] = {}
        """Codes of values asked about since the last new text."""
        self._table_of: tuple[OneOf | Contains, Bool] | None = None

    def __len__(self) -> int:
        """Number of codes, the 0 of the missing text included."""
        return len(self._originals) + 1

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._originals.nbytes + self._table.nbytes + self._search.nbytes

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
        forms = folded(texts) if self.folds else texts
        hashes = hash_strings(forms)
        found = self._table.find(
            hashes,
            lambda rows, entries: equal_spans(spans.take(rows), self._originals.spans(entries)),
        )
        missing = np.flatnonzero(found < 0)
        if len(missing):
            new = texts.take(missing)
            firsts, groups = distinct(new, hash_strings(new))
            found[missing] = groups + len(self._originals)
            rows = missing[firsts]
            self._search_too(len(self._originals), new.take(firsts), forms.take(rows))
            self._originals.append(new.take(firsts))
            self._table.add(hashes[rows])
            self._equal.clear()
        return (found + 1).astype(np.uint32)

    def _search_too(self, first: int, originals: Strings, forms: Strings) -> None:
        if self.folds:
            differing = ~equal_spans(Spans.of(originals), Spans.of(forms))
            self._search.add(first, differing, forms)

    def text(self, code: int) -> str:
        """Return the original of a code."""
        return self._originals.item(code - 1)

    def texts(self, codes: UInt32) -> Strings:
        """Return the originals of some codes, none of them 0."""
        return self._originals.take(codes.astype(np.int64) - 1)

    def codes_equal(self, values: tuple[str, ...]) -> UInt32:
        """Return the codes of all originals that are the same text as one of *values*."""
        held = self._equal.get(values)
        if held is None:
            if len(self._equal) >= _KEPT_ANSWERS:
                self._equal.clear()
            held = self._equal[values] = self._codes_equal(values)
        return held

    def _codes_equal(self, values: tuple[str, ...]) -> UInt32:
        wanted = sorted({fold(value) if self.folds else value for value in values})
        if len(wanted) <= _HASHED_ALONE:
            hashes = [hash_one(value.encode()) for value in wanted]
        else:
            hashes = hash_strings(Strings.of(wanted)).tolist()
        codes = [
            entry + 1
            for value, hashed in zip(wanted, hashes, strict=True)
            for entry in self._table.alike(hashed)
            if self._comparable(entry) == value
        ]
        return np.array(sorted(codes), np.uint32)

    def _comparable(self, entry: int) -> str:
        original = self._originals.item(entry)
        return fold(original) if self.folds else original

    def codes_containing(self, predicate: Contains) -> UInt32:
        """Return the codes of all originals that have the needle at its place."""
        return np.flatnonzero(self.lookup(predicate)).astype(np.uint32)

    def lookup(self, predicate: OneOf | Contains) -> Bool:
        """Return whether each code satisfies *predicate* (bool, len(self)); code 0 never does.

        Not to be changed: it is kept for the next question.
        """
        held = self._table_of
        if held is None or held[0] != predicate or len(held[1]) != len(self):
            held = self._table_of = predicate, self._lookup(predicate)
        return held[1]

    def _lookup(self, predicate: OneOf | Contains) -> Bool:
        table = np.zeros(len(self), np.bool_)
        if isinstance(predicate, OneOf):
            table[self.codes_equal(predicate.values)] = True
        else:
            table[1:] = self._search.find(self._needle(predicate), predicate.place)
        return table

    def prepare(self, predicate: Contains) -> Iterator[None]:
        """Do, a millisecond or two at a time, most of what `lookup` would do."""
        return self._search.prepare(self._needle(predicate), predicate.place)

    def is_read(self, predicate: Contains) -> bool:
        """Whether `lookup` has been prepared, but for the newest texts."""
        return self._search.is_read(self._needle(predicate), predicate.place)

    def contain(self, predicate: Contains, codes: UInt32) -> Bool:
        """Return which of *codes* satisfy *predicate* (bool, k), reading no other texts."""
        found = np.zeros(len(codes), np.bool_)
        there = np.flatnonzero(codes)
        if len(there):
            texts = self.texts(codes[there])
            forms = folded(texts) if self.folds else texts
            bits = holding(forms, self._needle(predicate), predicate.place)
            found[there] = np.unpackbits(bits, count=len(there), bitorder="little")
        return found

    def _needle(self, predicate: Contains) -> bytes:
        needle = fold(predicate.needle) if self.folds else predicate.needle
        return needle.encode()

    def count_distinct(self, codes: npt.NDArray[np.integer]) -> int:
        """Return how many different texts *codes* are, after folding."""
        return len(np.unique(self._table.hashes_of(codes - 1)))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays that hold it."""
        return self._originals.arrays()

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""
        self._originals.load(sections)
        self._kept, self._table_of = None, None
        self._equal.clear()
        self._table = HashTable(len(self._originals))
        self._search = TextSearch(self._originals)
        for number in range(self._originals.chunk_count):
            originals = self._originals.chunk(number)
            forms = folded(originals) if self.folds else originals
            self._table.add(hash_strings(forms))
            self._search_too(number * CHUNK_ROWS, originals, forms)
