"""Anything in any order, restarts and failing power included: after each step all is as the oracle
has it. Memberships, deltas with their causes, what watchers know, what triggers let in, answers.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.oracle.checks import check_segments
from tests.oracle.machine.automations import Automations
from tests.oracle.machine.definitions import Definitions
from tests.oracle.machine.power import Power
from tests.oracle.machine.time import Time
from tests.oracle.machine.watches import Watches
from tests.oracle.machine.writes import Writes
from tests.oracle.profiles import DEEP, QUICK
from tests.oracle.records import check_records


class History(Writes, Definitions, Time, Power, Watches, Automations):
    """One store and all that can happen to it."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "ledger"):
                check_segments(self.twin)
                check_records(self.twin)
        finally:
            super().teardown()


def test_any_history_survives_restarts() -> None:
    run_state_machine_as_test(
        History, settings=settings(QUICK, max_examples=60, stateful_step_count=30)
    )


@pytest.mark.long
def test_any_history_survives_restarts_at_length() -> None:
    run_state_machine_as_test(
        History, settings=settings(DEEP, max_examples=1_500, stateful_step_count=60)
    )
