"""Who has a text that contains a needle, while contacts and texts change between the pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segsvc.domain.columns import Strings, TextColumn
from segsvc.domain.predicate import Contains, Place
from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.index.attributes import TextAttribute, text_hits
from segsvc.index.ranges import Ranges, RangeShape

NEEDLE = Contains("an", Place.ANYWHERE)
TEXTS = st.sampled_from(["anna", "Jan", "bob", "an", "eve"]) | st.text("anx", max_size=4)
WRITES = st.lists(st.tuples(st.integers(0, 60), st.lists(st.none() | TEXTS, min_size=1)))


def put(column: TextAttribute, held: dict[int, str], start: int, texts: list[str | None]) -> None:
    """Give contacts from *start* on, or from the end, their next texts."""
    start = min(start, column._size())
    column.grow(max(column._size(), start + len(texts)))
    for place, text in enumerate(texts, start):
        ordinal = np.array([place], np.uint32)
        if text is None:
            held.pop(place, None)
            column.unset(ordinal)
        else:
            held[place] = text
            column.set(ordinal, TextColumn(np.zeros(1, np.uint32), Strings.of([text])))


@given(first=WRITES, between=WRITES, pieces=st.integers(0, 9))
def test_hits_are_those_of_now(
    first: list[tuple[int, list[str | None]]],
    between: list[tuple[int, list[str | None]]],
    pieces: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_hits, "_PIECE", 4)
        patch.setattr(text_hits, "_PIECES_AT_ONCE", 2)
        column = TextAttribute(
            AttributeDefinition("name", ValueType.TEXT), Ranges(RangeShape(least=None))
        )
        held: dict[int, str] = {}
        for start, texts in first:
            put(column, held, start, texts)
        prepared = column.prepare(NEEDLE)
        for _ in range(pieces):
            next(prepared, None)
        for start, texts in between:
            put(column, held, start, texts)
            next(prepared, None)
        expected = {place for place, text in held.items() if "an" in text.casefold()}
        for _ in range(2):
            assert set(column.holders(NEEDLE).bitmap) == expected
