"""Writes, time, merges, updates, trigger operations and restarts, over a real server."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

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

from segsvc.client import Client, FailedPrecondition, Store
from tests.automation.naive import DAY, NaiveTrigger
from tests.automation.reader import Reader
from tests.automation.small_world import SmallWorld
from tests.oracle.profiles import DEEP, QUICK
from tests.serving import serving
from tests.watch.shop import Shop

PEOPLE = ("ann", "bob", "cleo", "dan")
COUNTRIES = ("DE", "FR", "IT")
people = st.sampled_from(PEOPLE)


class Streams(RuleBasedStateMachine):
    """One store of one server that is stopped and started again, beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.running = self.stack.enter_context(ExitStack())
        self.serve()

    def serve(self) -> None:
        served = self.running.enter_context(serving(self.folder / "streams.db"))
        self.shop = Shop(served)
        self.store: Store = self.running.enter_context(Client(served.target)).store("shop")

    @initialize()
    def begin(self) -> None:
        self.shop.open()
        self.shop.segment("base", self.condition({"DE"}))
        idle = 'in segment "base" and has not done order_placed in the last 1 day'
        self.shop.segment("idle", idle)
        self.world = SmallWorld(self.shop.now())

    @staticmethod
    def condition(countries: set[str]) -> str:
        return "country any of (" + ", ".join(f'"{held}"' for held in sorted(countries)) + ")"

    @rule(contact_ids=st.sets(people, min_size=1), country=st.sampled_from(COUNTRIES))
    def move(self, contact_ids: set[str], country: str) -> None:
        before = self.world.all_members()
        for contact_id in sorted(contact_ids):
            self.world.who(contact_id).country = country
        self.shop.contact(*sorted(contact_ids), country=country)
        self.world.changed(before, "data")

    @rule(contact_id=people, ago=st.sampled_from((0, DAY - 1, DAY)))
    def order(self, contact_id: str, ago: int) -> None:
        before = self.world.all_members()
        person, when = self.world.who(contact_id), self.world.at - ago
        person.ordered_at = max(when, person.ordered_at or when)
        self.shop.event(contact_id, ago=ago)
        self.world.changed(before, "data")

    @rule(seconds=st.sampled_from((1, DAY - 1, DAY, 3 * DAY)))
    def advance(self, seconds: int) -> None:
        self.world.advance(self.world.at + seconds)
        self.shop.advance(seconds)

    @rule(contact_id=people)
    def delete(self, contact_id: str) -> None:
        self.world.delete(contact_id)
        self.shop.delete(contact_id)
        # Events that are not newer than a deletion are refused; that is for the tests of ingest.
        self.advance(DAY + 1)

    @rule(pair=st.permutations(PEOPLE).map(lambda held: held[:2]))
    def merge(self, pair: list[str]) -> None:
        known = {*self.world.people, *self.world.aliases}
        if known.issuperset(pair):
            self.world.merge(*pair)
            self.shop.merge(*pair)

    @rule(
        countries=st.sets(st.sampled_from(COUNTRIES), min_size=1),
        choice=st.sampled_from(("none", "entering", "all_members")),
    )
    def update(self, countries: set[str], choice: str) -> None:
        before = self.world.all_members()
        self.world.countries = frozenset(countries)
        self.store.update_segment(
            "base",
            condition=self.shop.condition(self.condition(countries)),
            trigger_on_update=choice,  # type: ignore[arg-type]
        )
        if choice == "entering":
            self.world.changed(before, "segment_update")
        elif choice == "all_members":
            members = self.world.all_members()
            self.world.feed("base", members["base"], "segment_update")
            self.world.feed("idle", members["idle"] - before["idle"], "segment_update")

    @rule(
        trigger_id=st.sampled_from(("a", "b", "c")),
        segment=st.sampled_from(("base", "idle")),
        cooldown=st.sampled_from((None, 0, 1)),
    )
    def create(self, trigger_id: str, segment: str, cooldown: int | None) -> None:
        if trigger_id in self.world.triggers:
            return
        self.store.create_trigger(
            trigger_id,
            segment,
            trigger_id=trigger_id,
            reentry="every_entry" if cooldown is None else "cooldown" if cooldown else "once",
            cooldown_days=cooldown or 0,
        )
        last = self.world.ended.get(trigger_id, 0)
        self.world.triggers[trigger_id] = NaiveTrigger(
            segment, cooldown, sequence=last, acknowledged=last
        )

    @precondition(lambda self: self.world.triggers)
    @rule(data=st.data(), everybody=st.booleans())
    def activate(self, data: st.DataObject, everybody: bool) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.world.triggers)))
        held = self.world.triggers[trigger_id]
        if held.state == "active":
            with pytest.raises(FailedPrecondition):
                self.store.activate_trigger(trigger_id)
            return
        self.store.activate_trigger(trigger_id, enter_current_members=everybody)
        held.state = "active"
        if everybody:
            held.enter(self.world.members(held.segment), 0, self.world.at, "activation")

    @precondition(lambda self: self.world.triggers)
    @rule(data=st.data(), stop=st.booleans())
    def pause(self, data: st.DataObject, stop: bool) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.world.triggers)))
        method = "also_stop_in_flow" if stop else "stop_new_entries"
        self.store.pause_trigger(trigger_id, method=method)  # type: ignore[arg-type]
        self.world.triggers[trigger_id].state = "paused"
        if stop:
            self.world.triggers[trigger_id].stop(0, self.world.at)

    @precondition(lambda self: self.world.triggers)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.world.triggers)))
        self.store.delete_trigger(trigger_id)
        self.world.ended[trigger_id] = self.world.triggers.pop(trigger_id).sequence

    @precondition(lambda self: self.world.triggers)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        trigger_id = data.draw(st.sampled_from(sorted(self.world.triggers)))
        held = self.world.triggers[trigger_id]
        sequence = data.draw(st.integers(0, held.sequence))
        self.store.ack_entries(trigger_id, sequence)
        held.acknowledge(sequence)

    @rule()
    def snapshot(self) -> None:
        self.shop.snapshot()

    @rule()
    def restart(self) -> None:
        self.running.close()
        self.serve()

    @invariant()
    def streams_hold_exactly_the_due_entries(self) -> None:
        for trigger_id, held in getattr(self, "world", SmallWorld(0)).triggers.items():
            position = self.store.trigger(trigger_id).trigger.position
            assert position.last_sequence == held.sequence
            assert position.acknowledged_sequence == held.acknowledged
            assert position.unacknowledged_count == len(held.items)
            assert self.told(trigger_id) == self.world.due(trigger_id)

    def told(self, trigger_id: str) -> list[tuple[int, str, str]]:
        found = []
        for batch in Reader(self.store).batches(trigger_id):
            if batch.stop_before is not None:
                found.append((batch.stop_before, "", "stop_in_flow"))
            found += [
                (held.sequence, held.contact_id, held.cause.lower()) for held in batch.entries
            ]
        return found

    def teardown(self) -> None:
        self.stack.close()


def test_streams_hold_exactly_the_due_entries() -> None:
    run_state_machine_as_test(
        Streams, settings=settings(QUICK, max_examples=10, stateful_step_count=25)
    )


@pytest.mark.long
def test_streams_hold_exactly_the_due_entries_at_length() -> None:
    run_state_machine_as_test(
        Streams, settings=settings(DEEP, max_examples=200, stateful_step_count=50)
    )
