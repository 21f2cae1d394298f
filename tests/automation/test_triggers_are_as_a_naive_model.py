"""Deltas, merges, deletions, trigger writes, acknowledgements and snapshots in any order."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from segsvc.automation.entries import EntryKind
from segsvc.automation.trigger import PauseMethod, Policy, Reentry
from segsvc.automation.triggers import Feed, Triggers
from segsvc.automation.writes import (
    ActivateTrigger,
    CreateTrigger,
    DeleteTrigger,
    PauseTrigger,
    TriggerWrite,
    UpdateTrigger,
)
from segsvc.bitmap import Bitmap
from segsvc.domain.errors import SegsvcError
from segsvc.segment.delta import Cause, Delta
from segsvc.segment.writes import TriggerOnUpdate
from tests.automation.naive import DAY, NaiveTrigger
from tests.oracle.profiles import DEEP, QUICK

CONTACTS = range(70_000, 70_006)
SEGMENTS = ("s", "t")
IDS = ("a", "b", "c")
KINDS = {
    Cause.MERGED: "merged",
    Cause.DEFINITION: "segment_update",
    Cause.DATA: "data",
    Cause.TIME: "time",
}

contacts = st.sets(st.sampled_from(CONTACTS))
cooldowns = st.sampled_from((None, 0, 1, 2, 40))


def policy(cooldown: int | None) -> Policy:
    if cooldown is None:
        return Policy(Reentry.EVERY_ENTRY)
    return Policy(Reentry.COOLDOWN, cooldown) if cooldown else Policy(Reentry.ONCE)


def restored(triggers: Triggers) -> Triggers:
    """Take a snapshot and read it back."""
    sections: dict[str, Any] = {}
    for section in triggers.freeze():
        raw = b"".join(section.chunk(place) for place in range(section.chunk_count))
        sections[section.name] = np.frombuffer(raw, section.dtype)
    triggers.release()
    return Triggers.load(json.loads(json.dumps(triggers.facts())), sections)


class Automation(RuleBasedStateMachine):
    """The triggers of one store and their model."""

    def __init__(self) -> None:
        super().__init__()
        self.triggers = Triggers()
        self.model: dict[str, NaiveTrigger] = {}
        self.ended: dict[str, int] = {}
        self.members: dict[str, set[int]] = {name: set() for name in SEGMENTS}
        self.alive = set(CONTACTS)
        self.revision, self.at = 1, 1_700_000_000

    def follow(self, feed: Feed) -> None:
        self.triggers.follow(feed, self.revision, self.at, lambda held: Bitmap(self.members[held]))

    def write(self, write: TriggerWrite) -> bool:
        """Do a write if it is accepted."""
        try:
            self.triggers.check(write)
        except SegsvcError:
            return False
        self.revision += 1
        self.follow(Feed(writes=(write,)))
        return True

    @initialize(segment=st.sampled_from(SEGMENTS), cooldowns=st.permutations((None, 0, 2)))
    def begin(self, segment: str, cooldowns: list[int | None]) -> None:
        for trigger_id, cooldown in zip(IDS, cooldowns, strict=True):
            self.create(trigger_id, segment, cooldown)
            self.write(ActivateTrigger(trigger_id, ""))
            self.model[trigger_id].state = "active"

    @rule(seconds=st.sampled_from((0, 1, DAY - 1, DAY, 2 * DAY, 29 * DAY)))
    def pass_time(self, seconds: int) -> None:
        self.at += seconds

    @rule(
        segment=st.sampled_from(SEGMENTS),
        cause=st.sampled_from((Cause.DATA, Cause.TIME)),
        turned=contacts,
    )
    def change(self, segment: str, cause: Cause, turned: set[int]) -> None:
        self.revision += 1
        delta = self.turn(segment, cause, turned & self.alive)
        self.follow(Feed((delta,)))
        self.enter(segment, set(delta.entered), KINDS[cause])

    def turn(self, segment: str, cause: Cause, turned: set[int]) -> Delta:
        entered, left = turned - self.members[segment], turned & self.members[segment]
        self.members[segment] ^= turned
        return Delta(segment, cause, Bitmap(entered), Bitmap(left))

    def enter(self, segment: str, entered: set[int], kind: str) -> None:
        for held in self.model.values():
            if held.segment == segment and held.state == "active":
                held.enter(entered, self.revision, self.at, kind)

    @rule(choice=st.sampled_from(TriggerOnUpdate), turned=contacts, dependants=contacts)
    def update(self, choice: TriggerOnUpdate, turned: set[int], dependants: set[int]) -> None:
        self.revision += 1
        deltas = (
            self.turn("s", Cause.DEFINITION, turned & self.alive),
            self.turn("t", Cause.DEFINITION, dependants & self.alive),
        )
        self.follow(Feed(deltas, updated=("s", choice)))
        if choice is TriggerOnUpdate.NONE:
            return
        everybody = choice is TriggerOnUpdate.ALL_MEMBERS
        fed = self.members["s"] if everybody else set(deltas[0].entered)
        self.enter("s", fed, "segment_update")
        self.enter("t", set(deltas[1].entered), "segment_update")

    @rule(pairs=st.lists(st.permutations(CONTACTS).map(lambda held: held[:2]), max_size=3))
    def merge(self, pairs: list[list[int]]) -> None:
        self.revision += 1
        merged = []
        for source, into in pairs:
            if {source, into} <= self.alive and len(self.alive) > 2:
                self.alive.remove(source)
                merged.append((source, into))
        deltas = []
        for segment, members in self.members.items():
            heirs = {into for source, into in merged if source in members} & self.alive
            before = set(members)
            self.members[segment] = (members | heirs) & self.alive
            now = self.members[segment]
            delta = Delta(segment, Cause.MERGED, Bitmap(now - before), Bitmap(before - now))
            deltas.append(delta)
        self.follow(Feed(tuple(deltas), merges=merged))
        for held in self.model.values():
            for source, into in merged:
                held.merge(source, into)
        for delta in deltas:
            self.enter(delta.segment_id, set(delta.entered), "merged")

    @rule(gone=st.sampled_from(CONTACTS))
    def delete(self, gone: int) -> None:
        self.revision += 1
        self.members = {name: held - {gone} for name, held in self.members.items()}
        self.follow(Feed(deleted=Bitmap([gone])))
        for held in self.model.values():
            held.last.pop(gone, None)

    @rule(trigger_id=st.sampled_from(IDS), segment=st.sampled_from(SEGMENTS), cooldown=cooldowns)
    def create(self, trigger_id: str, segment: str, cooldown: int | None) -> None:
        made = self.write(CreateTrigger(trigger_id, "name", segment, policy(cooldown)))
        assert made == (trigger_id not in self.model)
        if made:
            last = self.ended.get(trigger_id, 0)
            self.model[trigger_id] = NaiveTrigger(
                segment, cooldown, sequence=last, acknowledged=last
            )

    @precondition(lambda self: self.model)
    @rule(data=st.data(), cooldown=cooldowns)
    def change_policy(self, data: st.DataObject, cooldown: int | None) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.model)))
        assert self.write(UpdateTrigger(trigger_id, "", None, policy(cooldown)))
        self.model[trigger_id].cooldown = cooldown

    @precondition(lambda self: self.model)
    @rule(data=st.data(), method=st.sampled_from(PauseMethod), everybody=st.booleans())
    def activate(self, data: st.DataObject, method: PauseMethod, everybody: bool) -> None:
        ids = sorted(self.model)
        trigger_id = data.draw(st.sampled_from(ids))
        paused = tuple(data.draw(st.sets(st.sampled_from(ids))) - {trigger_id})
        held = self.model[trigger_id]
        done = self.write(ActivateTrigger(trigger_id, "", everybody, paused, method))
        stopped = {self.model[other].state for other in paused} | {held.state}
        assert done == (held.state == "paused" and "stopped" not in stopped)
        if done:
            held.state = "active"
            for other in paused:
                self.pause_in_model(other, method)
            if everybody:
                members = self.members[held.segment]
                held.enter(members, self.revision, self.at, "activation")

    def pause_in_model(self, trigger_id: str, method: PauseMethod) -> None:
        self.model[trigger_id].state = "paused"
        if method is PauseMethod.ALSO_STOP_IN_FLOW:
            self.model[trigger_id].stop(self.revision, self.at)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), method=st.sampled_from(PauseMethod))
    def pause(self, data: st.DataObject, method: PauseMethod) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.model)))
        done = self.write(PauseTrigger(trigger_id, "", method))
        assert done == (self.model[trigger_id].state != "stopped")
        if done:
            self.pause_in_model(trigger_id, method)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.model)))
        assert self.write(DeleteTrigger(trigger_id, ""))
        self.ended[trigger_id] = self.model.pop(trigger_id).sequence

    @rule(segment=st.sampled_from(SEGMENTS))
    def lose_segment(self, segment: str) -> None:
        self.revision += 1
        stopped = self.triggers.segment_gone(segment, self.revision, self.at)
        concerned = {
            name
            for name, held in self.model.items()
            if held.segment == segment and held.state != "stopped"
        }
        assert set(stopped) == concerned
        for name in concerned:
            self.model[name].state = "stopped"

    @precondition(lambda self: any(held.sequence for held in self.model.values()))
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.model)))
        held = self.model[trigger_id]
        sequence = data.draw(st.integers(0, held.sequence))
        entries = self.triggers.flow(trigger_id).entries
        entries.check_given(sequence)
        entries.acknowledge(sequence)
        held.acknowledge(sequence)

    @rule()
    def restore(self) -> None:
        self.triggers = restored(self.triggers)

    @invariant()
    def all_is_the_same(self) -> None:
        assert [held.id for held in self.triggers] == list(self.model)
        for trigger_id, model in self.model.items():
            flow = self.triggers.flow(trigger_id)
            assert flow.trigger.state == model.state
            entries = flow.entries
            assert entries.last == model.sequence
            assert entries.acknowledged == model.acknowledged
            assert entries.made == model.made
            assert len(entries) == len(model.items)
            assert entries.oldest_at == (model.items[0].at if model.items else None)
            assert told(flow, limit=3) == [
                (held.sequence, held.contact, held.revision, held.at, held.kind)
                for held in model.items
            ]
            admitted = flow.history.admitted(Bitmap(CONTACTS), flow.trigger.policy, self.at)
            assert set(admitted) == {held for held in CONTACTS if model.admits(held, self.at)}


def told(flow: Any, limit: int) -> list[tuple[int, int | None, int, int, str]]:
    """Read a whole stream, a few at a time."""
    found: list[tuple[int, int | None, int, int, str]] = []
    sequence = flow.entries.acknowledged
    while (run := flow.entries.after(sequence, limit)) is not None:
        assert 1 <= len(run.ordinals) <= limit
        for place, ordinal in enumerate(run.ordinals.tolist()):
            contact = None if ordinal == 2**32 - 1 else ordinal
            kind = EntryKind(run.kind).name.lower()
            found.append((run.first + place, contact, run.revision, run.at, kind))
        sequence = run.last
    return found


def test_triggers_are_as_a_naive_model() -> None:
    run_state_machine_as_test(
        Automation, settings=settings(QUICK, max_examples=80, stateful_step_count=40)
    )


@pytest.mark.long
def test_triggers_are_as_a_naive_model_at_length() -> None:
    run_state_machine_as_test(
        Automation, settings=settings(DEEP, max_examples=2_000, stateful_step_count=60)
    )
