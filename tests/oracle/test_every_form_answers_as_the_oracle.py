"""Bins, words and caches, each forced on and off: an answer never depends on how it is held."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.v1 import condition_pb2
from tests.oracle.checks import check_condition, check_count
from tests.oracle.draws.conditions import conditions
from tests.oracle.forms import evaluations
from tests.oracle.history import fresh, gone, write
from tests.oracle.meaning import Meaning
from tests.oracle.profiles import DEEP, QUICK
from tests.serving import Served, serving


@pytest.fixture(scope="module", params=evaluations())
def formed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server that holds sets in one way only."""
    evaluation = evaluations()[request.param]
    with serving(tmp_path_factory.mktemp("forms") / "forms.db", evaluation=evaluation) as running:
        yield running


def check_over_time(served: Served, data: st.DataObject) -> None:
    """Ask the same again after every write and every step of time: nothing kept is stale."""
    twin = fresh(served, data)
    write(twin, data)
    asked = [data.draw(conditions(twin.world, [])) for _ in range(4)]
    twin.save("s4", asked[0])
    for _ in range(data.draw(st.integers(2, 6))):
        write(twin, data)
        now = Meaning(twin.world, twin.world.at)
        for condition in asked:
            target = condition_pb2.Target(condition=condition)
            check_count(twin, target, len(now.members(condition)))
    check_condition(twin, data, asked[0])
    gone(twin)


@settings(QUICK, max_examples=10)
@given(st.data())
def test_answers_stay_right_in_every_form(formed: Served, data: st.DataObject) -> None:
    check_over_time(formed, data)


@pytest.mark.long
@settings(DEEP, max_examples=500)
@given(st.data())
def test_answers_stay_right_in_every_form_at_length(formed: Served, data: st.DataObject) -> None:
    check_over_time(formed, data)
