"""`inside` is low <= number <= high, for every width, bound and length."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.index.intervals import inside

BOUNDS = st.one_of(
    st.integers(-300, 300),
    st.sampled_from([-(2**70), -(2**63), -(2**31), -(2**15), 2**16 - 1, 2**31, 2**63 - 1, 2**70]),
)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([np.int8, np.uint16, np.int32, np.uint32, np.int64]),
    st.sampled_from([0, 1, 100, 32_768, 70_001]),
    BOUNDS,
    BOUNDS,
)
def test_inside_is_both_comparisons(dtype: type, size: int, low: int, high: int) -> None:
    limits = np.iinfo(dtype)
    drawn = np.random.default_rng(size).integers(-300, 300, size).clip(limits.min, limits.max)
    numbers = drawn.astype(dtype)
    numbers[:2] = [limits.min, limits.max][: len(numbers[:2])]
    expected = [low <= number <= high for number in numbers.tolist()]
    assert inside(numbers, low, high).tolist() == expected
