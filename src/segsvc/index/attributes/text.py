"""Text and key attributes: a code per contact into a dictionary of distinct texts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segsvc.bitmap import Faces
from segsvc.condition.view import Value
from segsvc.domain.columns import Bool, Int64, TextColumn, UInt32, Values
from segsvc.domain.predicate import Contains, OneOf, Place, Predicate, Present
from segsvc.domain.schema import AttributeDefinition
from segsvc.domain.section import Section, Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.attributes.answer import Answering
from segsvc.index.attributes.text_hits import TextHits
from segsvc.index.dictionary import Dictionary
from segsvc.index.ranges import Ranges
from segsvc.index.suggest import count_texts, top_texts

_MOST_PREPARED = 4
_SHARED = 4
"""So many contacts to a text, on average, make postings worth having before anybody asks."""


class TextAttribute(Answering):
    """Codes (uint32) by ordinal, 0 for missing. Bins of codes hold a posting per frequent text."""

    def __init__(self, definition: AttributeDefinition, ranges: Ranges) -> None:
        name = f"attribute/{definition.name}"
        self._dictionary = Dictionary(f"{name}/texts", folds=definition.type.folds)
        self._codes = ChunkedArray(f"{name}/codes", np.uint32)
        self._bins = ranges.over(self._size, self._keys)
        self._prepared: dict[Contains, TextHits] = {}

    def _size(self) -> int:
        return len(self._codes)

    def _keys(self, contacts: slice | UInt32) -> tuple[Int64, Bool]:
        codes = self._codes.live[contacts]
        return codes.astype(np.int64), codes != 0

    def grow(self, contacts: int) -> None:
        """See `AttributeColumn.grow`."""
        self._codes.grow(contacts, 0)

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`."""
        assert isinstance(values, TextColumn)
        self._put(ordinals, self._dictionary.intern(values))

    def unset(self, ordinals: UInt32) -> None:
        """See `AttributeColumn.unset`."""
        self._put(ordinals, np.zeros(len(ordinals), np.uint32))

    def _put(self, ordinals: UInt32, codes: UInt32) -> None:
        self._codes.put(ordinals, codes)
        self._bins.wrote(ordinals)
        for hits in self._prepared.values():
            hits.wrote(ordinals)

    def _binned(self, predicate: Predicate) -> Faces | None:
        match predicate:
            case Present():
                return self._bins.present()
            case OneOf(values):
                wanted = self._dictionary.codes_equal(values)
                return self._bins.one_of(np.sort(wanted).astype(np.int64))
            case _:
                return None

    def _passed(self, predicate: Predicate, contacts: slice | UInt32) -> Bool:
        codes: UInt32 = self._codes.live[contacts]
        if isinstance(predicate, Present):
            there: Bool = codes != 0
            return there
        assert isinstance(predicate, OneOf | Contains)
        if isinstance(predicate, OneOf):
            wanted = self._dictionary.codes_equal(predicate.values)
            if len(wanted) <= 1:
                return codes == wanted[0] if len(wanted) else np.zeros(len(codes), np.bool_)
        elif not isinstance(contacts, slice) and len(codes) * 8 < len(self._dictionary):
            return self._dictionary.contain(predicate, codes)
        found = self._dictionary.lookup(predicate)
        if isinstance(contacts, slice):
            return self._hits(predicate).all(codes, found)
        return found.take(codes, mode="clip")

    def _hits(self, predicate: OneOf | Contains) -> TextHits:
        prepared = self._prepared.pop(predicate, None) if isinstance(predicate, Contains) else None
        return prepared or TextHits()

    def prepare(self, predicate: Predicate) -> Iterator[None]:
        """Do, a millisecond or two at a time, the long part of `holders`: read texts and codes."""
        if isinstance(predicate, Contains):
            yield from self._dictionary.prepare(predicate)
            if len(self._prepared) >= _MOST_PREPARED:
                del self._prepared[next(iter(self._prepared))]
            hits = self._prepared[predicate] = TextHits()
            yield from hits.follow(lambda: self._codes.live, self._dictionary.lookup(predicate))

    def foresee(self) -> None:
        """See `AttributeColumn.foresee`; where nearly every contact has its own text, bins are
        left until somebody asks.
        """
        if len(self._dictionary) * _SHARED <= len(self._codes):
            self._bins.foresee()

    def cost(self, predicate: Predicate) -> float:
        """See `AttributeColumn.cost`."""
        scan = 0.4 * len(self._codes) / 1e6 + 0.02
        if isinstance(predicate, Contains):
            if self._dictionary.is_read(predicate):
                return scan
            ns_per_text = 18 if predicate.place is Place.ANYWHERE else 5
            return scan * 3 + ns_per_text * len(self._dictionary) / 1e6
        return self._bins.cost() if self._bins.is_ready else scan

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`."""
        code = int(self._codes.live[ordinal])
        return self._dictionary.text(code) if code else None

    def gather(self, ordinals: UInt32) -> tuple[UInt32, Values]:
        """See `AttributeColumn.gather`."""
        held = self._codes.live[ordinals]
        places = np.flatnonzero(held).astype(np.uint32)
        distinct, codes = np.unique(held[places], return_inverse=True)
        return places, TextColumn(codes.astype(np.uint32), self._dictionary.texts(distinct))

    def fill(self, source: int, into: int) -> None:
        """See `AttributeColumn.fill`."""
        held = self._codes.live[[source, into]]
        if held[0] and not held[1]:
            self._put(np.array([into], np.uint32), held[:1])

    def move(self, source: int, into: int) -> None:
        """Give *into* the value of *source*."""
        self._put(np.array([into], np.uint32), self._codes.live[[source]])

    def suggest(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """See `AttributeColumn.suggest`; originals that fold alike are one value."""
        counts = np.bincount(self._codes.live, minlength=len(self._dictionary))
        return top_texts(self._dictionary, counts, prefix, limit)

    def suggest_total(self, prefix: str) -> int:
        """See `AttributeColumn.suggest_total`."""
        counts = np.bincount(self._codes.live, minlength=len(self._dictionary))
        return count_texts(self._dictionary, counts, prefix)

    def present_count(self) -> int:
        """See `AttributeColumn.present_count`."""
        return int(np.count_nonzero(self._codes.live))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `AttributeColumn.arrays`."""
        return *self._dictionary.arrays(), self._codes

    def sections(self) -> tuple[Section, ...]:
        """See `AttributeColumn.sections`."""
        return ()

    def load(self, sections: Sections) -> None:
        """See `AttributeColumn.load`."""
        self._dictionary.load(sections)
        self._codes.load(sections[self._codes.name])
        self._bins.forget()
        self._prepared.clear()

    @property
    def nbytes(self) -> int:
        """See `AttributeColumn.nbytes`."""
        prepared = sum(hits.nbytes for hits in self._prepared.values())
        return self._dictionary.nbytes + self._codes.nbytes + self._bins.nbytes + prepared
