"""A frozen array gives the bytes it had, whatever its live one does and wherever it moves."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.index.array import ChunkedArray
from segsvc.index.room import Room

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 400_000)),
        st.tuples(st.just("put"), st.integers(1, 500)),
        st.tuples(st.just("read"), st.integers(0, 40)),
    ),
    max_size=8,
)


@settings(max_examples=50, deadline=None)
@given(first=st.integers(0, 300_000), steps=_STEPS, seed=st.integers(0, 2**32 - 1))
def test_a_snapshot_sees_nothing_of_what_comes_later(
    first: int, steps: list[tuple[str, int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    array = ChunkedArray("numbers", np.int64, 16_384)
    array.append(rng.integers(0, 99, first))
    before, frozen = array.live.copy(), array.freeze()
    read = {}
    for kind, size in steps:
        if kind == "append":
            array.append(np.full(size, 7))
        elif kind == "put" and len(array):
            array.put(rng.integers(0, len(array), size), rng.integers(100, 199, size))
        elif kind == "read" and size < frozen.chunk_count and size not in read:
            read[size] = frozen.chunk(size)
    for place in range(frozen.chunk_count):
        if place not in read:
            read[place] = frozen.chunk(place)
    whole = b"".join(read[place] for place in range(frozen.chunk_count))
    assert np.array_equal(np.frombuffer(whole, np.int64), before)


def test_room_grows_in_place_unless_somebody_reads_it() -> None:
    room = Room(np.uint32)
    room.reserve(1_000_000)
    room.elements[:] = np.arange(len(room.elements))
    held = room.elements[:10]
    room.reserve(5_000_000)
    assert held.tolist() == list(range(10))
    assert room.elements[999_999] == 999_999
    room.elements[0] = 5
    assert held[0] == 0
    del held
    room.reserve(50_000_000)
    assert room.elements[0] == 5
    assert room.elements[999_999] == 999_999
    assert not room.elements[-1]
