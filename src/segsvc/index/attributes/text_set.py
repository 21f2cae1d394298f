"""Text sets such as tags: one posting per distinct element."""

from __future__ import annotations

from functools import reduce

import numpy as np

from segsvc.bitmap import (
    Bitmap,
    Faces,
    copied,
    from_bytes,
    from_ordinals,
    from_sorted,
    ordinals_of,
    size_of,
    to_bytes,
)
from segsvc.condition.view import Value
from segsvc.domain.columns import ListColumn, Strings, TextColumn, UInt32, Values
from segsvc.domain.predicate import AllOfValues, OneOf, Predicate, Present
from segsvc.domain.schema import AttributeDefinition
from segsvc.domain.section import Section, Sections
from segsvc.domain.text import fold
from segsvc.index.array import BytesSection, ChunkedArray

_MS_PER_POSTING = 0.02
_FEW = 4
"""Up to so many postings are united one by one; CRoaring's union of many begins with bitsets."""


class TextSetAttribute:
    """Elements are kept by their folded text, shown as they were first written."""

    def __init__(self, definition: AttributeDefinition) -> None:
        self._name = f"attribute/{definition.name}/postings"
        self._postings: dict[str, Bitmap] = {}
        self._shown: dict[str, str] = {}

    def grow(self, contacts: int) -> None:
        """See `AttributeColumn.grow`; postings need no room."""

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`: replaces the whole sets."""
        assert isinstance(values, ListColumn)
        self.unset(ordinals)
        self.add(ordinals, values)

    def unset(self, ordinals: UInt32) -> None:
        """See `AttributeColumn.unset`."""
        gone = from_ordinals(ordinals)
        for element in list(self._postings):
            self._shrink(element, gone)

    def add(self, ordinals: UInt32, lists: ListColumn) -> None:
        """Add elements: list i to ordinals[i]. Ordinals may repeat."""
        for element, owners in self._by_element(ordinals, lists):
            key = fold(element)
            self._shown.setdefault(key, element)
            self._postings.setdefault(key, Bitmap()).update(owners)

    def remove(self, ordinals: UInt32, lists: ListColumn) -> None:
        """Remove elements: list i from ordinals[i]. Ordinals may repeat."""
        for element, owners in self._by_element(ordinals, lists):
            self._shrink(fold(element), owners)

    def _shrink(self, key: str, gone: Bitmap) -> None:
        posting = self._postings.get(key)
        if posting is not None:
            posting -= gone
            if not posting:
                del self._postings[key], self._shown[key]

    @staticmethod
    def _by_element(ordinals: UInt32, lists: ListColumn) -> list[tuple[str, Bitmap]]:
        elements: TextColumn = lists.elements
        owners = np.repeat(ordinals, np.diff(lists.offsets))
        order = np.argsort(elements.codes, kind="stable")
        codes, starts = np.unique(elements.codes[order], return_index=True)
        parts = np.split(owners[order], starts[1:])
        return [
            (elements.dictionary.item(code), from_ordinals(part))
            for code, part in zip(codes.tolist(), parts, strict=False)
        ]

    def holders(self, predicate: Predicate) -> Faces:
        """See `AttributeColumn.holders`."""
        found = self.matches(predicate, None)
        return Faces(found, found.max() + 1 if found else 0)

    def matches(self, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """See `AttributeColumn.matches`."""
        match predicate:
            case Present():
                held, joined = list(self._postings.values()), _united
            case OneOf(values):
                held, joined = list(map(self._posting, dict.fromkeys(values))), _united
            case AllOfValues(values):
                held, joined = list(map(self._posting, dict.fromkeys(values))), _shared
            case _:
                raise AssertionError(predicate)
        if len(held) == 1 and within is None:
            return copied(held[0])
        found = joined(held)
        return found if within is None else found & within

    def _posting(self, value: str) -> Bitmap:
        return self._postings.get(fold(value), Bitmap())

    def foresee(self) -> None:
        """See `AttributeColumn.foresee`; postings are there."""

    def cost(self, predicate: Predicate) -> float:
        """See `AttributeColumn.cost`."""
        count = len(self._postings) if isinstance(predicate, Present) else 1
        return _MS_PER_POSTING * count

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`; elements in the order of their folded text."""
        held = sorted(key for key, posting in self._postings.items() if ordinal in posting)
        return tuple(self._shown[key] for key in held) or None

    def gather(self, ordinals: UInt32) -> tuple[UInt32, Values]:
        """See `AttributeColumn.gather`; elements in the order of their folded text."""
        order = np.argsort(ordinals, kind="stable")
        wanted = from_sorted(ordinals[order])
        keys = sorted(key for key, held in self._postings.items() if held.intersect(wanted))
        owners, codes = [np.zeros(0, np.int64)], [np.zeros(0, np.uint32)]
        for code, key in enumerate(keys):
            members = ordinals_of(self._postings[key] & wanted)
            owners.append(order[np.searchsorted(ordinals[order], members)])
            codes.append(np.full(len(members), code, np.uint32))
        rows, flat = np.concatenate(owners), np.concatenate(codes)
        by_row = np.lexsort((flat, rows))
        places, counts = np.unique(rows, return_counts=True)
        offsets = np.zeros(len(places) + 1, np.uint32)
        np.cumsum(counts, out=offsets[1:])
        texts = Strings.of([self._shown[key] for key in keys])
        return places.astype(np.uint32), ListColumn(offsets, TextColumn(flat[by_row], texts))

    def fill(self, source: int, into: int) -> None:
        """See `AttributeColumn.fill`."""
        for posting in self._postings.values():
            if source in posting:
                posting.add(into)

    def suggest(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """See `AttributeColumn.suggest`."""
        start = fold(prefix)
        found = [
            (self._shown[key], len(posting))
            for key, posting in self._postings.items()
            if key.startswith(start)
        ]
        return sorted(found, key=lambda held: (-held[1], held[0]))[:limit]

    def suggest_total(self, prefix: str) -> int:
        """See `AttributeColumn.suggest_total`."""
        start = fold(prefix)
        return sum(key.startswith(start) for key in self._postings)

    def present_count(self) -> int:
        """See `AttributeColumn.present_count`."""
        return len(self.matches(Present(), None))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `AttributeColumn.arrays`."""
        return ()

    def sections(self) -> tuple[Section, ...]:
        """See `AttributeColumn.sections`: length-prefixed texts and portable bitmaps."""
        parts = []
        for key in sorted(self._postings):
            for raw in (self._shown[key].encode(), to_bytes(self._postings[key])):
                parts += [len(raw).to_bytes(8, "little"), raw]
        return (BytesSection(self._name, b"".join(parts)),)

    def load(self, sections: Sections) -> None:
        """See `AttributeColumn.load`."""
        self._postings, self._shown = {}, {}
        raw, place = sections[self._name].tobytes(), 0
        fields = []
        while place < len(raw):
            size = int.from_bytes(raw[place : place + 8], "little")
            fields.append(raw[place + 8 : place + 8 + size])
            place += 8 + size
        for text, image in zip(fields[::2], fields[1::2], strict=True):
            shown = text.decode()
            self._shown[fold(shown)] = shown
            self._postings[fold(shown)] = from_bytes(image)

    @property
    def nbytes(self) -> int:
        """See `AttributeColumn.nbytes`."""
        return sum(map(size_of, self._postings.values()))


def _united(postings: list[Bitmap]) -> Bitmap:
    if len(postings) > _FEW:
        return Bitmap.union(*postings)
    return reduce(Bitmap.__or__, postings) if postings else Bitmap()


def _shared(postings: list[Bitmap]) -> Bitmap:
    return reduce(Bitmap.__and__, sorted(postings, key=len))
