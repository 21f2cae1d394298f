"""The heart of the state machine: one store, everybody who follows it, and what always holds.

Operations come from the classes beside this one, each with the rules of one concern; a machine is
put together of those it wants. Whatever else follows memberships brings its operations as such a
class, and extends `follow` by what must hold of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from segsvc.segment.delta import Changes
from tests.hosted import Hosted
from tests.oracle.follower import Follower
from tests.oracle.history import SEGMENTS, fresh, gather, save_lively
from tests.oracle.ledger import Ledger
from tests.oracle.twin import Twin
from tests.oracle.watcher import Watcher

TRIES = 3
"""How often contacts come near a new segment, until some are in and some are not."""

HOURS_KEPT = (0, 24, 168)


class StoreMachine(RuleBasedStateMachine):
    """A store held by the service, in this thread, and by the oracle."""

    host: Hosted
    twin: Twin

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.watchers: list[Watcher] = []
        self.followed_restarts = 0

    @initialize(data=st.data(), hours=st.sampled_from(HOURS_KEPT))
    def begin(self, data: st.DataObject, hours: int) -> None:
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.host = Hosted(folder, 0, keep_changes=hours * 3_600)
        self.stack.callback(self.host.close)
        self.twin = fresh(self.host, data)
        self.follower = Follower()
        self.ledger = Ledger(self.twin)
        for segment_id in SEGMENTS[: data.draw(st.integers(1, 3))]:
            self.save_and_gather(data, segment_id)

    def save_and_gather(self, data: st.DataObject, segment_id: str) -> None:
        """Save a segment and let contacts come near it: without them nothing would move."""
        leaf = save_lively(self.twin, data, segment_id)
        self.everything_follows()
        for _ in range(TRIES):
            gather(self.twin, data, leaf)
            self.everything_follows()
            if 0 < len(self.ledger.members[segment_id]) < len(self.twin.world.contacts):
                break

    @invariant()
    def everything_follows(self) -> None:
        """Check deltas, memberships and watchers against the oracle."""
        if not hasattr(self, "ledger"):
            return
        written, before = self.twin.written_at, self.ledger.revision
        told = self.host.changes(self.twin.id, before)
        unbroken = self.followed_restarts == self.host.restarts
        self.ledger.follow(told, steps_known=unbroken)
        self.follower.follow(self.twin.state, told)
        for watcher in self.watchers:
            if not unbroken:
                watcher.resume(watcher.remembered[-1])
            watcher.catch_up()
            watcher.expect(self.ledger.members)
        self.followed_restarts = self.host.restarts
        if written > before:
            by_revision = {held.revision: held for held in told}
            by_revision.setdefault(written, Changes(written, self.twin.state.at, ()))
            told = [by_revision[revision] for revision in sorted(by_revision)]
        self.follow(told, written if written > before else 0)

    def follow(self, told: Sequence[Changes], written: int) -> None:
        """Take in what happened since the last call, once it was found right.

        Args:
            told: one for each revision with changes, and for that of the write.
            written: the revision of the write that the world's footprint is of; 0: none.
        """

    def teardown(self) -> None:
        self.stack.close()
