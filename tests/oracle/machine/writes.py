"""Rules that write: contacts, events, deletions, merges, labels, and what must be refused."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.oracle.checks import check_condition, check_segments
from tests.oracle.draws.conditions import conditions
from tests.oracle.history import PEOPLE, gather, leaves_of, write
from tests.oracle.machine.store import StoreMachine
from tests.oracle.records import check_records


class Writes(StoreMachine):
    """Data comes in, and is asked about."""

    @rule(data=st.data())
    def write(self, data: st.DataObject) -> None:
        write(self.twin, data)

    @precondition(lambda self: leaves_of(self.twin.world))
    @rule(data=st.data())
    def gather(self, data: st.DataObject) -> None:
        """Let contacts come near some segment."""
        gather(self.twin, data, data.draw(st.sampled_from(leaves_of(self.twin.world))))

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        self.twin.delete([data.draw(st.sampled_from(PEOPLE))])

    @precondition(lambda self: len(self.twin.world.contacts) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        source, into, *_ = data.draw(st.permutations(sorted(self.twin.world.contacts)))
        self.twin.merge([(source, into)])

    @rule(data=st.data(), about=st.sampled_from(("a condition", "segments", "contacts")))
    def ask(self, data: st.DataObject, about: str) -> None:
        world = self.twin.world
        match about:
            case "segments":
                check_segments(self.twin)
            case "contacts":
                check_records(self.twin)
            case _:
                condition = data.draw(conditions(world, sorted(world.segments)))
                check_condition(self.twin, data, condition)
