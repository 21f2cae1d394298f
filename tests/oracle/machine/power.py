"""Rules about storage: checkpoints, restarts, and power that fails at any transaction."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.oracle.machine.store import StoreMachine
from tests.power import Cut


class Power(StoreMachine):
    """The machine under the service."""

    @rule(does=st.sampled_from(("snapshot", "restart", "crash")))
    def store_or_end(self, does: str) -> None:
        match does:
            case "snapshot":
                self.twin.snapshot()
            case "restart":
                self.host.restart()
            case _:
                self.host.crash()

    @rule(cut=st.builds(Cut, st.sampled_from((0, 0, 1, 2, 5)), st.booleans()))
    def lose_power_soon(self, cut: Cut) -> None:
        """The write, tick, checkpoint or good-bye that comes next is torn."""
        self.host.lose_power_at(cut)
