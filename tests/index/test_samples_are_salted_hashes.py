"""Samples hold whose salted hash is below a bound, however contacts and bounds come."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.index.samples import SaltedTops, salted

HASHES = np.random.default_rng(8).integers(0, 2**64, 40_000, np.uint64)
bounds = st.one_of(
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**16 - 1).map(lambda top: top << 48),
    st.integers(0, len(HASHES) - 1).map(lambda row: int(salted(HASHES[row : row + 1], "a")[0])),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(HASHES)), st.sampled_from("abc"), bounds), max_size=8))
def test_samples_are_who_is_below(asked: list[tuple[int, str, int]]) -> None:
    tops, contacts = SaltedTops(), 0
    for more, salt, bound in asked:
        contacts = max(contacts, more)
        hashes = HASHES[:contacts]
        found = tops.below(hashes, salt, np.uint64(bound))
        assert (found == (salted(hashes, salt) < np.uint64(bound))).all()
    assert tops.nbytes <= 2 * 2 * contacts
