"""Follows the deltas of a store from inside its process and holds them against the truth."""

from __future__ import annotations

from collections.abc import Iterable

from segsvc.bitmap import Bitmap
from segsvc.engine.state import StoreState
from segsvc.plan.execute import Execution
from segsvc.segment.delta import Cause, Changes


class Follower:
    """What somebody knows who applied every delta since the store was made."""

    def __init__(self) -> None:
        self.revision = 0
        self.members: dict[str, Bitmap] = {}

    def follow(self, state: StoreState, told: Iterable[Changes]) -> None:
        """Apply what is new; check each delta, the memberships, and the answers behind them."""
        for changes in told:
            assert self.revision < changes.revision <= state.revision
            self.revision = changes.revision
            for delta in changes.deltas:
                known = self.members.setdefault(delta.segment_id, Bitmap())
                assert not delta.entered & delta.left
                assert not delta.entered & known, "nobody enters twice without leaving"
                assert delta.left <= known, "only members leave"
                assert delta.entered or delta.left or delta.cause is Cause.DEFINITION
                self.members[delta.segment_id] = (known - delta.left) | delta.entered
        self.revision = state.revision
        held = {segment.id: state.memberships.members(segment.id) for segment in state.segments}
        assert {name: known for name, known in self.members.items() if known} == {
            name: members for name, members in held.items() if members
        }
        self._check_from_scratch(state, held)

    @staticmethod
    def _check_from_scratch(state: StoreState, held: dict[str, Bitmap]) -> None:
        run = Execution(state.view(), state.memberships.at)
        for segment in state.segments:
            assert held[segment.id] == run.members(segment.condition), segment.condition
        for answer in state.memberships.answers:
            assert answer.members == run.members(answer.leaf), answer.leaf
