"""Lanes against plain sets: few contacts in doubt, and so many that their ordinals are the bits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segsvc.bitmap import Bitmap
from segsvc.segment.lanes import Lanes

_LIMIT = 70_000
_ORDINALS = st.integers(0, _LIMIT - 1)
_FEW = st.sets(_ORDINALS, max_size=40)
_MANY = st.tuples(st.integers(0, 500), st.integers(1, 90)).map(
    lambda drawn: set(range(drawn[0], _LIMIT, drawn[1]))
)
_SETS = st.one_of(_FEW, _MANY)


@given(_SETS, _SETS, _SETS)
def test_sets_of_bits_combine_as_sets_do(
    contacts: set[int], one: set[int], other: set[int]
) -> None:
    lanes = Lanes(Bitmap(contacts))
    left, right = lanes.bits(Bitmap(one)), lanes.bits(Bitmap(other))
    assert set(lanes.bitmap(lanes.all)) == contacts
    assert set(lanes.bitmap(left)) == one & contacts
    assert set(lanes.bitmap(left & right)) == one & other & contacts
    assert set(lanes.bitmap(left | right)) == (one | other) & contacts
    assert set(lanes.bitmap(lanes.all ^ left)) == contacts - one
    assert (left | right) & ~lanes.all == 0


def test_nobody_is_in_doubt() -> None:
    lanes = Lanes(Bitmap())
    assert lanes.all == lanes.bits(Bitmap([3])) == 0
    assert not lanes.bitmap(0)
