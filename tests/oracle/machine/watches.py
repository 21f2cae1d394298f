"""Rules of subscribers: they come, hang up, resume with any token they have, or are too late."""

from __future__ import annotations

import grpc
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from segsvc.v1 import evaluation_pb2
from segsvc.v1 import watch_service_pb2 as pb
from tests.oracle.machine.store import StoreMachine
from tests.oracle.twin import refuses
from tests.oracle.watcher import Remembered, Watcher

FORMATS = (evaluation_pb2.MEMBER_FORMAT_CONTACT_IDS, evaluation_pb2.MEMBER_FORMAT_ROARING)
MANY = 3


class Watches(StoreMachine):
    """Up to three watch at a time."""

    @precondition(lambda self: len(self.watchers) < MANY)
    @rule(
        data=st.data(),
        begins=st.sampled_from(pb.InitialSnapshot.values()[1:]),
        coalesce=st.booleans(),
        form=st.sampled_from(FORMATS),
    )
    def watch(self, data: st.DataObject, begins: int, coalesce: bool, form: int) -> None:
        """Begin to watch all segments or some; with a snapshot, or knowing who is in already."""
        some = sorted(self.twin.world.segments)
        chosen = data.draw(st.lists(st.sampled_from(some), unique=True)) if some else []
        request = pb.WatchRequest(
            store_id=self.twin.id, segment_ids=chosen, coalesce=coalesce, format=form
        )
        request.initial_snapshot = begins
        knows = begins == pb.INITIAL_SNAPSHOT_NONE
        known = self.ledger.members if knows else {}
        self.watchers.append(Watcher(self.host, request, known))

    @precondition(lambda self: self.watchers)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """Continue behind anything one was told once: what is compacted is refused."""
        watcher = data.draw(st.sampled_from(self.watchers))
        held = data.draw(st.sampled_from(watcher.remembered))
        watcher.hang_up()
        watcher.resume(held)
        if held.revision < self.twin.state.compacted:
            with pytest.raises(grpc.RpcError) as refused:
                watcher.read()
            assert refused.value.code() is grpc.StatusCode.OUT_OF_RANGE
            self.watchers.remove(watcher)

    @precondition(lambda self: self.watchers)
    @rule(data=st.data())
    def hang_up(self, data: st.DataObject) -> None:
        watcher = data.draw(st.sampled_from(self.watchers))
        watcher.hang_up()
        self.watchers.remove(watcher)

    @precondition(lambda self: self.twin.world.segments and self.watchers)
    @rule(data=st.data())
    def list_past_members(self, data: st.DataObject) -> None:
        """Who was in at a revision is what a watcher knew then."""
        watcher = data.draw(st.sampled_from(self.watchers))
        held = data.draw(st.sampled_from(watcher.remembered))
        wanted = sorted(watcher.wanted(self.twin.world.segments))
        if wanted:
            self._check_past(held, data.draw(st.sampled_from(wanted)))

    def _check_past(self, held: Remembered, segment_id: str) -> None:
        request = pb.ListPastMembersRequest(
            store_id=self.twin.id, segment_id=segment_id, revision=held.revision
        )
        if held.revision < self.twin.state.compacted:
            refuses(self.host.watches.ListPastMembers, request, grpc.StatusCode.OUT_OF_RANGE)
            return
        then = held.members.get(segment_id, frozenset())
        past = self.host.watches.ListPastMembers(request)
        assert past.total_size == len(then)
        assert set(past.contact_ids) == self.ledger.still_known(then, held.revision)
        if past.HasField("at"):
            assert past.at.seconds == self.ledger.times[held.revision]
