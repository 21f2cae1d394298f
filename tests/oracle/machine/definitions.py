"""Rules that say what segments mean, from made to deleted, and where days and weeks begin."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from segsvc.segment.suggestions import SUGGESTIONS
from tests.oracle.calendar import Calendar
from tests.oracle.draws.moments import ZONES
from tests.oracle.history import SEGMENTS, save
from tests.oracle.machine.store import StoreMachine


class Definitions(StoreMachine):
    """Editors are at work."""

    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        save(self.twin, data)

    @rule(data=st.data(), segment_id=st.sampled_from(SEGMENTS))
    def save_lively(self, data: st.DataObject, segment_id: str) -> None:
        self.save_and_gather(data, segment_id)

    @precondition(lambda self: self.twin.world.segments)
    @rule(data=st.data(), does=st.sampled_from(("save as it is", "rename", "copy")))
    def edit(self, data: st.DataObject, does: str) -> None:
        held, twin = self._chosen(data), self.twin
        if does == "copy" and len(twin.world.segments) < len(SEGMENTS):
            twin.copy(held, self._free(data))
        elif does == "rename":
            twin.rename(held, data.draw(st.sampled_from((f"other {held}", f"Other 2 {held}"))))
        else:
            twin.save(held, twin.world.segments[held])

    @precondition(lambda self: len(self.twin.world.segments) < len(SEGMENTS))
    @rule(data=st.data(), suggestion=st.sampled_from(sorted(SUGGESTIONS)))
    def suggest(self, data: st.DataObject, suggestion: str) -> None:
        self.twin.suggest(self._free(data), suggestion)

    @precondition(lambda self: self.twin.world.segments)
    @rule(data=st.data(), force=st.booleans())
    def drop(self, data: st.DataObject, force: bool) -> None:
        held = self._chosen(data)
        if force:
            self.twin.drop(held)
        else:
            self.twin.drop_unused(held)

    @rule(zone=st.sampled_from(ZONES), week_start=st.integers(0, 6))
    def move(self, zone: str, week_start: int) -> None:
        self.twin.move(Calendar(zone, week_start))

    def _chosen(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.twin.world.segments)))

    def _free(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(set(SEGMENTS) - self.twin.world.segments.keys())))
