"""Rules that let time pass: to the second something is due, past midnights, under writes."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.oracle.calendar import DAY
from tests.oracle.draws.moments import LAST_EVENT, later
from tests.oracle.draws.people import edge_of
from tests.oracle.history import leaves_of, write
from tests.oracle.machine.store import StoreMachine

BESIDE = st.sampled_from((-1, 0, 0, 1))


class Time(StoreMachine):
    """The replay clock is moved, and everybody waits; or it runs, and nobody looks for a while."""

    @rule(seconds=st.sampled_from((0, 1, 59, 3_599, 3_600, 3_601, DAY)))
    def advance_a_little(self, seconds: int) -> None:
        self._advance(self.twin.world.at + seconds)

    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        self._advance(data.draw(later(self.twin.world, 60 * DAY)))

    @rule(steps=st.lists(BESIDE, min_size=1, max_size=5))
    def advance_to_what_is_due(self, steps: list[int]) -> None:
        for step in steps:
            due = self.twin.state.memberships.due
            if due is not None:
                self._advance(due + step)
                self.everything_follows()

    @precondition(lambda self: leaves_of(self.twin.world))
    @rule(data=st.data())
    def advance_to_an_edge(self, data: st.DataObject) -> None:
        world = self.twin.world
        edge = data.draw(edge_of(world, data.draw(st.sampled_from(leaves_of(world)))))
        self._advance(min(edge, world.at + 400 * DAY))

    @rule(days=st.sampled_from((1, 1, 2, 31)), step=BESIDE)
    def advance_to_midnight(self, days: int, step: int) -> None:
        calendar, at = self.twin.world.calendar, self.twin.world.at
        self._advance(calendar.start(calendar.day(at) + days) + step)

    @rule(data=st.data(), step=BESIDE)
    def write_late(self, data: st.DataObject, step: int) -> None:
        """Let the clock run, over what is due or for some days; the next write meets the flips."""
        self._run_clock(data, step)
        write(self.twin, data)

    @rule(data=st.data(), step=BESIDE, then=st.sampled_from(("nothing", "snapshot", "crash")))
    def refuse_late(self, data: st.DataObject, step: int, then: str) -> None:
        """Let the clock run; nothing is written, but one tries."""
        self._run_clock(data, step)
        self.twin.merge([("nobody", "a")])
        if then == "snapshot":
            self.twin.snapshot()
        elif then == "crash":
            self.host.crash()

    def _run_clock(self, data: st.DataObject, step: int) -> None:
        world, due = self.twin.world, self.twin.state.memberships.due
        to = world.at + data.draw(st.integers(0, 3 * DAY)) if due is None else due + step
        world.at = min(max(to, world.at), LAST_EVENT)
        self.host.clock.advance_to(world.at)

    def _advance(self, to: int) -> None:
        self.twin.advance(min(max(to, self.twin.world.at), LAST_EVENT))
