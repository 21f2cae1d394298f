"""Who enters, for which cause, by which policy, from when on."""

from __future__ import annotations

import pytest

from segsvc.client import FailedPrecondition, InvalidArgument, Store
from tests.automation.reader import Reader
from tests.watch.shop import DAY, Shop

GERMANS = 'country is "DE"'
BUYERS = "has done order_placed in the last 30 days"


def test_entries_count_from_activation_on_and_not_while_paused(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("germans", GERMANS)
    made = store.create_trigger("Welcome", "germans", trigger_id="welcome").trigger
    assert made.state == 1
    shop.contact("early", country="DE")
    store.activate_trigger("welcome")
    entered = shop.contact("ann", "bob", country="DE")
    entries = reader.entries("welcome")
    assert [(held.sequence, held.contact_id, held.revision) for held in entries] == [
        (1, "ann", entered),
        (2, "bob", entered),
    ]
    store.pause_trigger("welcome")
    shop.contact("late", country="DE")
    store.activate_trigger("welcome")
    shop.contact("cleo", country="DE")
    assert reader.take("welcome") == ["ann DATA", "bob DATA", "cleo DATA"]
    assert store.trigger("welcome").trigger.entry_count == 3


def test_a_new_segment_makes_no_entries(shop: Shop, store: Store, reader: Reader) -> None:
    shop.contact("ann", country="DE")
    shop.segment("germans", GERMANS)
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")
    assert reader.who("welcome") == []


def test_current_members_enter_when_activation_asks_and_the_policy_lets_them(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("germans", GERMANS)
    shop.contact("ann", "bob", country="DE")
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome", enter_current_members=True)
    assert reader.take("welcome") == ["ann ACTIVATION", "bob ACTIVATION"]
    store.pause_trigger("welcome")
    shop.contact("cleo", country="DE")
    store.activate_trigger("welcome", enter_current_members=True)
    assert reader.take("welcome") == ["cleo ACTIVATION"]


def test_reentry_once_every_entry_and_after_days_to_the_second(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("germans", GERMANS)
    store.create_trigger("Once", "germans", trigger_id="once")
    store.create_trigger("Every", "germans", trigger_id="every", reentry="every_entry")
    store.create_trigger(
        "Weekly", "germans", trigger_id="weekly", reentry="cooldown", cooldown_days=7
    )
    for trigger_id in ("once", "every", "weekly"):
        store.activate_trigger(trigger_id)

    def enter_again() -> list[list[str]]:
        shop.contact("ann", country="FR")
        shop.contact("ann", country="DE")
        return [reader.take(held) for held in ("once", "every", "weekly")]

    yes, no = ["ann DATA"], list[str]()
    assert enter_again() == [yes, yes, yes]
    shop.advance(7 * DAY - 1)
    assert enter_again() == [no, yes, no]
    shop.advance(1)
    assert enter_again() == [no, yes, yes]
    store.update_trigger("once", reentry="cooldown", cooldown_days=7)
    assert enter_again() == [yes, yes, no]


def test_time_makes_entries_at_the_second(shop: Shop, store: Store, reader: Reader) -> None:
    idle_at = idle_buyers(shop)
    store.create_trigger("Win back", "idle", trigger_id="win-back")
    store.activate_trigger("win-back")
    shop.advance(99)
    assert reader.entries("win-back") == []
    shop.advance(1)
    entries = reader.entries("win-back")
    assert [(held.contact_id, held.cause) for held in entries] == [("ann", "TIME"), ("bob", "TIME")]
    assert {int(held.at.timestamp()) for held in entries} == {idle_at}


def test_what_time_does_in_a_revision_comes_before_its_pause_or_activation(
    shop: Shop, store: Store, reader: Reader
) -> None:
    idle_at = idle_buyers(shop)
    for trigger_id in ("paused", "started"):
        store.create_trigger(trigger_id, "idle", trigger_id=trigger_id)
    store.activate_trigger("paused")
    vars(shop.served.server.engine.clock)["_now"] = idle_at
    done = store.activate_trigger("started", pause=["paused"])
    assert reader.who("started") == []
    assert reader.who("paused") == ["ann TIME", "bob TIME"]
    assert {held.revision for held in reader.entries("paused")} == {done.revision}


def idle_buyers(shop: Shop) -> int:
    """Let two contacts become members of the segment "idle"; return when they do."""
    shop.contact("ann", "bob")
    shop.event("ann", "bob", ago=30 * DAY - 100)
    shop.segment("idle", f"not ({BUYERS})")
    return shop.now() + 100


def test_merges_move_entries_and_history(shop: Shop, store: Store, reader: Reader) -> None:
    shop.segment("germans", GERMANS)
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")
    shop.contact("new", country="DE")
    shop.contact("old", email="old@example.com")
    merged = shop.merge("new", "old")
    # The entry goes out under the id the person has now; the merge makes no second one.
    assert reader.who("welcome") == ["old DATA"]
    shop.contact("x", "y", country="DE")
    shop.merge("x", "y")
    batches = reader.batches("welcome")
    assert [held.contact_id for batch in batches for held in batch.entries] == ["old", "y"]
    assert batches[-1].through_sequence == 3
    assert merged < store.trigger("welcome").revision


def test_a_merge_lets_somebody_enter(shop: Shop, store: Store, reader: Reader) -> None:
    shop.segment("germans", f"{GERMANS} and email is set")
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")
    shop.contact("a", country="DE")
    shop.contact("b", email="b@example.com")
    shop.merge("a", "b")
    assert reader.who("welcome") == ["b MERGED"]


def test_erased_contacts_are_skipped_and_their_sequences_acknowledged(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("germans", GERMANS)
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")
    shop.contact("ann", "bob", country="DE")
    shop.contact("cleo", country="DE")
    shop.delete("ann", "cleo")
    batches = reader.batches("welcome")
    assert [[held.sequence for held in batch.entries] for batch in batches] == [[2], []]
    assert [batch.through_sequence for batch in batches] == [2, 3]
    assert store.ack_entries("welcome", 3).position.unacknowledged_count == 0
    # A contact made again under the id has no history.
    shop.contact("ann", country="DE")
    assert [held.sequence for held in reader.entries("welcome")] == [4]


def test_update_feeds_whom_the_request_says(shop: Shop, store: Store, reader: Reader) -> None:
    shop.contact("ann", country="DE")
    shop.contact("bob", country="FR")
    shop.contact("cleo", country="IT")
    shop.segment("base", GERMANS)
    shop.segment("above", 'in segment "base"')
    for name in ("base", "above"):
        store.create_trigger(name, name, trigger_id=name, reentry="every_entry")
        store.activate_trigger(name)

    def update(text: str, **options: str) -> dict[str, list[str]]:
        store.update_segment("base", condition=shop.condition(text), **options)  # type: ignore[arg-type]
        return {name: reader.take(name) for name in ("base", "above")}

    assert update('country any of ("DE", "FR")') == {"base": [], "above": []}
    entering = ["cleo SEGMENT_UPDATE"]
    assert update('country any of ("DE", "FR", "IT")', trigger_on_update="entering") == {
        "base": entering,
        "above": entering,
    }
    update(GERMANS)
    assert update('country any of ("DE", "FR")', trigger_on_update="all_members") == {
        "base": ["ann SEGMENT_UPDATE", "bob SEGMENT_UPDATE"],
        "above": ["bob SEGMENT_UPDATE"],
    }
    with pytest.raises(InvalidArgument) as wrong:
        store.update_segment("base", name="other", trigger_on_update="entering")
    assert [held.field for held in wrong.value.violations] == ["trigger_on_update"]


def test_deleting_a_segment_names_its_triggers_and_forced_stops_them(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("base", GERMANS)
    shop.segment("above", 'in segment "base"')
    store.create_trigger("Welcome", "base", trigger_id="welcome")
    store.activate_trigger("welcome")
    shop.contact("ann", country="DE")
    assert store.segment("base").segment.used_by_trigger_ids == ["welcome"]
    with pytest.raises(FailedPrecondition) as refused:
        store.delete_segment("base")
    assert refused.value.reason == "SEGMENT_IN_USE"
    assert {held.subject for held in refused.value.preconditions} == {
        "segment/above",
        "trigger/welcome",
    }
    assert store.delete_segment("base", force=True).stopped_trigger_ids == ["welcome"]
    assert store.trigger("welcome").trigger.state == 3
    assert reader.who("welcome") == ["ann DATA"]
    for change in (store.activate_trigger, store.pause_trigger):
        with pytest.raises(FailedPrecondition) as stopped:
            change("welcome")
        assert stopped.value.reason == "TRIGGER_STATE"
    # A segment made again under the id does not wake it.
    shop.segment("base", GERMANS)
    shop.contact("bob", country="DE")
    assert reader.who("welcome") == ["ann DATA"]
    store.delete_segment("base")
