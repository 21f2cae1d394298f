"""However a source is cut, its rows arrive once, in chunks that are neither large nor needless."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.client import pieces
from segsvc.client.columns import Kinds
from segsvc.client.encoders import EventsEncoder

KINDS = {
    "order_placed": Kinds({"value": "NUMBER", "coupon_id": "KEY"}),
    "page_viewed": Kinds({"url": "KEY"}),
}
SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("behavior", pa.dictionary(pa.int32(), pa.string())),
        ("time", pa.timestamp("s", "UTC")),
        ("value", pa.float64()),
        ("url", pa.dictionary(pa.int32(), pa.string())),
        ("tags", pa.list_(pa.dictionary(pa.int32(), pa.string()))),
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 900), min_size=1, max_size=12),
    behaviors=st.lists(st.sampled_from(["order_placed", "page_viewed"]), min_size=1, max_size=5),
    apart=st.booleans(),
)
def test_every_row_comes_once_and_chunks_are_full(
    sizes: list[int], behaviors: list[str], apart: bool
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pieces, "CHUNK_ROWS", 250)
        batches, first = [], 0
        for size in sizes:
            rows = [
                {
                    "contact_id": f"c{row}",
                    "behavior": behaviors[row % len(behaviors)],
                    "time": row,
                    "url": f"/{row % 7}",
                    "tags": [f"t{row % 3}"],
                }
                for row in range(first, first + size)
            ]
            batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
            first += size
        numbered = pieces.pieces(batches, Kinds())
        loose = pieces.by_behavior(numbered) if apart else numbered
        seen, chunks = [], defaultdict(list)
        for piece in pieces.packed(loose):
            assert piece.batch.num_rows == len(piece.rows) <= 250
            ids = piece.batch.column(0).to_pylist()
            assert ids == [f"c{row}" for row in piece.rows.tolist()]
            urls = piece.batch.column(piece.batch.schema.get_field_index("url")).to_pylist()
            assert urls == [f"/{row % 7}" for row in piece.rows.tolist()]
            if apart:
                assert {behaviors[row % len(behaviors)] for row in piece.rows.tolist()} == {
                    piece.behavior
                }
            seen += piece.rows.tolist()
            chunks[piece.behavior].append(len(piece.rows))
        assert sorted(seen) == list(range(first))
        for lengths in chunks.values():
            assert all(one + two > 250 for one, two in pairwise(lengths))


def test_rows_are_refused_for_a_behavior_or_a_property_that_is_not_theirs() -> None:
    table = pa.table(
        {
            "contact_id": ["a", "b", "c", "d"],
            "behavior": ["order_placed", "page_viewed", None, "dreamt"],
            "time": [1, 2, 3, 4],
            "value": [9.5, 1.0, None, None],
            "url": [None, "/x", "/y", "/z"],
        }
    )
    encode = EventsEncoder("shop", KINDS, "ON_INVALID_SKIP", "ON_UNKNOWN_CONTACT_CREATE", True, ";")
    encoded = [
        encode(piece) for piece in pieces.packed(pieces.by_behavior(pieces.pieces(table, Kinds())))
    ]
    assert [held.rows.tolist() for held in encoded] == [[0], [], [], []]
    refused = {held.row: held for each in encoded for held in each.refused}
    assert {row: (held.field, held.reason) for row, held in refused.items()} == {
        1: ("value", "PROPERTY_UNKNOWN"),
        2: ("behavior", "BEHAVIOR_UNKNOWN"),
        3: ("behavior", "BEHAVIOR_UNKNOWN"),
    }
    assert refused[1].description == "'page_viewed' has no 'value', is 1.0"
    assert refused[3].description == "there is no behavior 'dreamt'"
