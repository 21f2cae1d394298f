"""Writes, time, segments, snapshots and restarts in any order: the answers are the oracle's."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.oracle.checks import check_condition, check_segments
from tests.oracle.draws.conditions import conditions
from tests.oracle.follower import Follower
from tests.oracle.history import fresh, save, write
from tests.oracle.profiles import DEEP, QUICK
from tests.oracle.records import check_records
from tests.serving import Served, serving


class History(RuleBasedStateMachine):
    """One store of one server that is stopped and started again."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.running = self.stack.enter_context(ExitStack())

    def _serve(self, at: int) -> Served:
        start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)
        database = self.folder / "history.db"
        return self.running.enter_context(serving(database, replay_start=start))

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.twin = fresh(self._serve(0), data)
        self.follower = Follower()

    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        write(self.twin, data)

    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        save(self.twin, data)

    @precondition(lambda self: self.twin.world.segments)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        self.twin.drop(data.draw(st.sampled_from(sorted(self.twin.world.segments))))

    @rule()
    def snapshot(self) -> None:
        self.twin.snapshot()

    @rule()
    def restart(self) -> None:
        self.running.close()
        self.twin.served = self._serve(self.twin.world.at)

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        world = self.twin.world
        check_condition(self.twin, data, data.draw(conditions(world, sorted(world.segments))))

    @rule()
    def ask_about_segments(self) -> None:
        check_segments(self.twin)

    @invariant()
    def memberships_follow(self) -> None:
        if hasattr(self, "twin"):
            self.follower.follow(self.twin.served.server.engine.store(self.twin.id))

    @rule()
    def ask_about_contacts(self) -> None:
        check_records(self.twin)

    def teardown(self) -> None:
        try:
            if hasattr(self, "twin"):
                check_segments(self.twin)
                check_records(self.twin)
        finally:
            self.stack.close()


def test_any_history_survives_restarts() -> None:
    run_state_machine_as_test(
        History, settings=settings(QUICK, max_examples=22, stateful_step_count=25)
    )


@pytest.mark.long
def test_any_history_survives_restarts_at_length() -> None:
    run_state_machine_as_test(
        History, settings=settings(DEEP, max_examples=400, stateful_step_count=50)
    )
