"""A subscriber who applies all that a watch tells, and remembers every token it was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from segsvc.bitmap import from_bytes
from segsvc.engine.state import StoreState
from segsvc.v1 import evaluation_pb2, watch_service_pb2
from tests.hosted import Hosted, Watching
from tests.oracle.ledger import Members, ids_of


@dataclass(frozen=True)
class Remembered:
    """Who was in at a revision, and the token that continues behind it."""

    revision: int
    token: bytes
    members: Members


class Watcher:
    """One watch of a hosted store, begun as *request* says by someone who knows *members*."""

    def __init__(
        self, host: Hosted, request: watch_service_pb2.WatchRequest, members: Members
    ) -> None:
        self._host, self._request = host, request
        self.members: Members = {held: members[held] for held in self.wanted(members)}
        self.revision = 0
        self.remembered: list[Remembered] = []
        self._watching = self._open()
        self.read()

    def wanted(self, segments: Iterable[str]) -> set[str]:
        """Return those of some segments that are watched."""
        chosen = set(self._request.segment_ids)
        return set(segments) & chosen if chosen else set(segments)

    def _open(self) -> Watching:
        return self._host.watch(self._request)

    @property
    def _state(self) -> StoreState:
        return self._host.engine.store(self._request.store_id)

    def catch_up(self) -> None:
        """Read up to the newest revision, or raise how the stream ended."""
        newest = self._state.revision
        while self.revision < newest:
            self.read()
        assert self.revision == newest

    def read(self) -> None:
        """Read the messages of one revision; the last has a token."""
        while True:
            message = next(self._watching)
            assert message.revision >= self.revision, "revisions never go back"
            if message.HasField("snapshot"):
                self._put(message.snapshot)
            elif message.HasField("deltas"):
                assert message.revision > self.revision, "each revision is told once, and whole"
                for delta in message.deltas.deltas:
                    self._apply(delta)
            if message.resume_token:
                break
        self.revision = message.revision
        held = Remembered(self.revision, message.resume_token, dict(self.members))
        self.remembered.append(held)

    def _put(self, snapshot: watch_service_pb2.MembershipSnapshot) -> None:
        known = self.members.get(snapshot.segment_id, frozenset())
        part = self._ids(snapshot.members)
        assert not known & part
        self.members[snapshot.segment_id] = known | part

    def _apply(self, delta: watch_service_pb2.MembershipDelta) -> None:
        assert self.wanted([delta.segment_id])
        entered, left = self._ids(delta.entered), self._ids(delta.left)
        known = self.members.get(delta.segment_id, frozenset())
        # Ordinals of one who was erased and came back meanwhile are two, of one contact id.
        may_return = self._knows_ordinals and self._request.coalesce
        news = entered - left if may_return else entered
        assert not news & known, "nobody enters twice without leaving"
        assert left <= known, "only members leave"
        self.members[delta.segment_id] = (known - left) | entered

    @property
    def _knows_ordinals(self) -> bool:
        return self._request.format == evaluation_pb2.MEMBER_FORMAT_ROARING

    def _ids(self, batch: evaluation_pb2.MemberBatch) -> frozenset[str]:
        if self._knows_ordinals:
            roaring = batch.roaring
            return ids_of(self._state, from_bytes(roaring)) if roaring else frozenset()
        column = batch.contact_ids
        bounds = np.frombuffer(column.offsets, "<u4").tolist()
        found = [column.utf8[start:end].decode() for start, end in pairwise(bounds)]
        assert len(found) == len(set(found))
        return frozenset(found)

    def expect(self, members: Members) -> None:
        """Check that what is known is who is in."""
        held = {name: members[name] for name in self.wanted(members)}
        assert _filled(self.members) == _filled(held)

    def hang_up(self) -> None:
        """End the stream, if the server has not."""
        self._watching.stop()

    def resume(self, held: Remembered) -> None:
        """Continue behind what was known once."""
        self._request.resume_token = held.token
        self.members, self.revision = dict(held.members), held.revision
        self._watching = self._open()


def _filled(members: Members) -> Members:
    return {name: known for name, known in members.items() if known}
