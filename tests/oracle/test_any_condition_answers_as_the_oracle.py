"""Any condition over any store: every answer is that of a row-by-row reading."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.checks import check_condition, check_leaves_within
from tests.oracle.draws.conditions import conditions
from tests.oracle.history import fresh, gone, save, write
from tests.oracle.profiles import DEEP, QUICK
from tests.serving import Served


def check_a_store(served: Served, data: st.DataObject) -> None:
    """Let anything happen to a store, then ask anything."""
    twin = fresh(served, data)
    for _ in range(data.draw(st.integers(1, 9))):
        write(twin, data)
    for _ in range(data.draw(st.integers(0, 2))):
        save(twin, data)
    for _ in range(4):
        condition = data.draw(conditions(twin.world, sorted(twin.world.segments)))
        check_condition(twin, data, condition)
        check_leaves_within(twin, data, condition)
    gone(twin)


@settings(QUICK, max_examples=50)
@given(st.data())
def test_any_condition_answers_as_the_oracle(served: Served, data: st.DataObject) -> None:
    check_a_store(served, data)


@pytest.mark.long
@settings(DEEP, max_examples=2_000)
@given(st.data())
def test_any_condition_answers_as_the_oracle_at_length(served: Served, data: st.DataObject) -> None:
    check_a_store(served, data)
