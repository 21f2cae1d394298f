"""Rules about triggers: what they must have let in follows from the deltas, told as they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import grpc
import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from segsvc.segment.delta import Cause, Changes, Delta
from segsvc.v1 import automation_pb2, segment_pb2
from segsvc.v1 import automation_service_pb2 as pb
from tests.automation.naive import NaiveTrigger
from tests.oracle.draws.conditions import leaves, lively_leaves
from tests.oracle.history import free_for
from tests.oracle.machine.store import StoreMachine
from tests.oracle.twin import refuses

TRIGGERS = ("t1", "t2", "t3")
KINDS = {
    Cause.MERGED: "merged",
    Cause.DEFINITION: "segment_update",
    Cause.DATA: "data",
    Cause.TIME: "time",
}
POLICIES = {
    0: automation_pb2.REENTRY_POLICY_ONCE,
    1: automation_pb2.REENTRY_POLICY_COOLDOWN,
    None: automation_pb2.REENTRY_POLICY_EVERY_ENTRY,
}


class Automations(StoreMachine):
    """Triggers on the store's segments, each beside a naive one."""

    def __init__(self) -> None:
        super().__init__()
        self.triggers: dict[str, NaiveTrigger] = {}
        self.ended: dict[str, int] = {}
        self.numbers: dict[str, int] = {}
        """Who lived at the last step, with the ordinals that triggers know them by."""
        self.feeds = ("", segment_pb2.TRIGGER_ON_UPDATE_NONE)
        self.then: Callable[[int], None] | None = None
        """What the last trigger write does, behind the deltas of its revision, at an instant."""

    @precondition(lambda self: self.twin.world.segments and len(self.triggers) < len(TRIGGERS))
    @rule(data=st.data(), days=st.sampled_from(sorted(POLICIES, key=str)), goes=st.booleans())
    def create_trigger(self, data: st.DataObject, days: int | None, goes: bool) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(set(TRIGGERS) - self.triggers.keys())))
        segment_id = data.draw(st.sampled_from(sorted(self.twin.world.segments)))
        request = pb.CreateTriggerRequest(store_id=self.twin.id, trigger_id=trigger_id)
        request.trigger.name, request.trigger.segment_id = trigger_id, segment_id
        request.trigger.reentry_policy, request.trigger.cooldown_days = POLICIES[days], days or 0
        self.twin.wrote(self.host.automation.CreateTrigger(request))
        last = self.ended.pop(trigger_id, 0)
        self.triggers[trigger_id] = NaiveTrigger(segment_id, days, sequence=last, acknowledged=last)
        self._listen()
        self.everything_follows()
        if goes:
            self._activate(trigger_id, everybody=False)

    @precondition(lambda self: self.triggers)
    @rule(data=st.data(), everybody=st.booleans())
    def activate(self, data: st.DataObject, everybody: bool) -> None:
        self._activate(data.draw(st.sampled_from(sorted(self.triggers))), everybody=everybody)

    def _activate(self, trigger_id: str, *, everybody: bool) -> None:
        held = self.triggers[trigger_id]
        request = pb.ActivateTriggerRequest(
            store_id=self.twin.id, trigger_id=trigger_id, enter_current_members=everybody
        )
        if held.state != "paused":
            code = grpc.StatusCode.FAILED_PRECONDITION
            refuses(self.host.automation.ActivateTrigger, request, code)
            return
        self.twin.wrote(self.host.automation.ActivateTrigger(request))

        def start(at: int) -> None:
            held.state = "active"
            if everybody:
                held.enter(self._members(held.segment), 0, at, "activation")

        self.then = start

    @precondition(lambda self: any(held.state != "stopped" for held in self.triggers.values()))
    @rule(data=st.data(), stops=st.booleans())
    def pause(self, data: st.DataObject, stops: bool) -> None:
        going = [name for name, held in self.triggers.items() if held.state != "stopped"]
        trigger_id = data.draw(st.sampled_from(sorted(going)))
        held = self.triggers[trigger_id]
        method = (
            automation_pb2.PAUSE_METHOD_ALSO_STOP_IN_FLOW
            if stops
            else automation_pb2.PAUSE_METHOD_STOP_NEW_ENTRIES
        )
        self.twin.wrote(
            self.host.automation.PauseTrigger(
                pb.PauseTriggerRequest(store_id=self.twin.id, trigger_id=trigger_id, method=method)
            )
        )

        def end(at: int) -> None:
            held.state = "paused"
            if stops:
                held.stop(0, at)

        self.then = end

    @precondition(lambda self: self.triggers)
    @rule(data=st.data())
    def delete_trigger(self, data: st.DataObject) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.triggers)))
        request = pb.DeleteTriggerRequest(store_id=self.twin.id, trigger_id=trigger_id)
        self.twin.wrote(self.host.automation.DeleteTrigger(request))

        def forget(at: int) -> None:
            self.ended[trigger_id] = self.triggers.pop(trigger_id).sequence
            self._listen()

        self.then = forget

    @precondition(lambda self: self.triggers)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.triggers)))
        held = self.triggers[trigger_id]
        sequence = data.draw(st.integers(0, held.sequence))
        self.host.automation.AckEntries(
            pb.AckEntriesRequest(store_id=self.twin.id, trigger_id=trigger_id, sequence=sequence)
        )
        if sequence > held.acknowledged:
            self.twin.wrote_quietly()
        held.acknowledge(sequence)

    @precondition(lambda self: self.twin.world.segments)
    @rule(
        data=st.data(),
        feeds=st.sampled_from(segment_pb2.TriggerOnUpdate.values()[1:]),
        reads=st.booleans(),
    )
    def update_and_feed(
        self, data: st.DataObject, feeds: segment_pb2.TriggerOnUpdate, reads: bool
    ) -> None:
        """Give a segment another condition, which feeds triggers."""
        world = self.twin.world
        segment_id = data.draw(st.sampled_from(sorted(world.segments)))
        free = free_for(world, segment_id)
        drawn = leaves(world, "segment", free) if reads and free else lively_leaves(world)
        self.twin.save(segment_id, data.draw(drawn), feeds)
        self.feeds = (segment_id, feeds)

    def follow(self, told: Sequence[Changes], written: int) -> None:
        """See `StoreMachine.follow`: entries are due, then trigger writes take place."""
        super().follow(told, written)
        for held in told:
            writes = held.revision == written
            if writes:
                self._unite()
            fed = self._feed_all(held.at) if writes else ""
            for delta in sorted(held.deltas, key=lambda delta: delta.cause):
                if delta.segment_id != fed and self._feeds(delta, writes=writes):
                    self._enter(delta.segment_id, set(delta.entered), held.at, KINDS[delta.cause])
            if writes and self.then is not None:
                self.then(held.at)
        self.feeds, self.then = ("", segment_pb2.TRIGGER_ON_UPDATE_NONE), None
        find = self.twin.state.index.contacts.find_one
        self.numbers = {held: int(find(held) or 0) for held in self.twin.world.contacts}
        for trigger_id in self.triggers:
            self._check_stream(trigger_id)

    def _unite(self) -> None:
        """Let deletions and merges change who is who, and segments that are gone stop triggers."""
        world, footprint = self.twin.world, self.twin.world.footprint
        for held in self.triggers.values():
            for contact_id in footprint.deleted:
                held.last.pop(self.numbers[contact_id], None)
            for source, into in footprint.merges:
                held.merge(self.numbers[source], self.numbers[into])
            if held.segment in footprint.defined - world.segments.keys():
                held.state = "stopped"
        self._listen()

    def _feed_all(self, at: int) -> str:
        """Let all members of an updated segment enter, if it was asked for; return its id then."""
        segment_id, feeds = self.feeds
        if feeds != segment_pb2.TRIGGER_ON_UPDATE_ALL_MEMBERS:
            return ""
        self._enter(segment_id, self._members(segment_id), at, "segment_update")
        return segment_id

    def _feeds(self, delta: Delta, *, writes: bool) -> bool:
        chosen = self.feeds[1] if writes else segment_pb2.TRIGGER_ON_UPDATE_NONE
        quiet = chosen == segment_pb2.TRIGGER_ON_UPDATE_NONE
        return bool(delta.entered) and not (delta.cause is Cause.DEFINITION and quiet)

    def _enter(self, segment_id: str, contacts: set[int], at: int, kind: str) -> None:
        for held in self.triggers.values():
            if held.segment == segment_id and held.state == "active":
                held.enter(contacts, 0, at, kind)

    def _members(self, segment_id: str) -> set[int]:
        find = self.twin.state.index.contacts.find_one
        return {int(find(held) or 0) for held in self.ledger.members[segment_id]}

    def _listen(self) -> None:
        self.twin.world.listened = {
            held.segment for held in self.triggers.values() if held.state != "stopped"
        }

    def _check_stream(self, trigger_id: str) -> None:
        held = self.triggers[trigger_id]
        get = pb.GetTriggerRequest(store_id=self.twin.id, trigger_id=trigger_id)
        shown = self.host.automation.GetTrigger(get).trigger
        state = automation_pb2.TriggerState.Name(shown.state).removeprefix("TRIGGER_STATE_")
        assert (state.lower(), shown.entry_count) == (held.state, held.made)
        position = shown.position
        assert position.last_sequence == held.sequence
        assert position.acknowledged_sequence == held.acknowledged
        assert position.unacknowledged_count == len(held.items)
        names = {number: contact_id for contact_id, number in self.numbers.items()}
        assert self._told(trigger_id, position) == [
            (
                item.sequence,
                names.get(item.contact or 0, "") if item.contact is not None else "",
                item.kind,
            )
            for item in held.items
            if item.kind == "stop_in_flow" or item.contact in names
        ]

    def _told(
        self, trigger_id: str, position: automation_pb2.StreamPosition
    ) -> list[tuple[int, str, str]]:
        """Read what is not acknowledged, as (sequence, contact id, why)."""
        found: list[tuple[int, str, str]] = []
        if position.acknowledged_sequence == position.last_sequence:
            return found
        request = pb.StreamEntriesRequest(store_id=self.twin.id, trigger_id=trigger_id)
        for message in self.host.entries(request, position.last_sequence):
            if message.HasField("stop"):
                found.append((message.stop.sequence, "", "stop_in_flow"))
                continue
            batch = message.entries
            kind = automation_pb2.EntryCause.Name(batch.cause).removeprefix("ENTRY_CAUSE_").lower()
            bounds = np.frombuffer(batch.contact_ids.offsets, "<u4").tolist()
            names = [batch.contact_ids.utf8[start:end].decode() for start, end in pairwise(bounds)]
            found += [
                (sequence, name, kind)
                for sequence, name in zip(batch.sequences, names, strict=True)
            ]
        return found
