"""Creating, listing, activating within the limit of ten, pausing, deleting."""

from __future__ import annotations

import re

import pytest

from segsvc.client import (
    Aborted,
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    OutOfRange,
    Store,
)
from tests.automation.reader import Reader
from tests.watch.shop import DAY, Shop

LONG = "🎈" * 200


def ten_active(shop: Shop, store: Store, name: str = "name", prefix: str = "t") -> list[str]:
    shop.segment("germans", 'country is "DE"')
    ids = [f"{prefix}{number}" for number in range(10)]
    for trigger_id in ids:
        store.create_trigger(name, "germans", trigger_id=trigger_id, reentry="every_entry")
        store.activate_trigger(trigger_id)
        shop.advance(60)
    return ids


def test_the_eleventh_is_refused_and_told_which_ten_are_active(shop: Shop, store: Store) -> None:
    ids = ten_active(shop, store, LONG, "t" * 62 + "-")
    store.create_trigger("Eleventh", "germans", trigger_id="eleventh")
    with pytest.raises(FailedPrecondition) as refused:
        store.activate_trigger("eleventh")
    assert refused.value.reason == "TOO_MANY_ACTIVE_TRIGGERS"
    listed = refused.value.preconditions
    assert [held.subject for held in listed] == [f"trigger/{held}" for held in reversed(ids)]
    times = [re.search(r"last updated (\S+Z)", held.description) for held in listed]
    told = [found[1] for found in times if found]
    assert told == sorted(told, reverse=True)
    assert len(told) == 10
    active = store.list_triggers(state="active")
    assert [held.trigger_id for held in active] == list(reversed(ids))


def test_pausing_for_another_is_one_revision(shop: Shop, store: Store, reader: Reader) -> None:
    ids = ten_active(shop, store)
    store.create_trigger("Eleventh", "germans", trigger_id="eleventh")
    shop.contact("ann", country="DE")
    done = store.activate_trigger("eleventh", pause=[ids[0], ids[1]], method="also_stop_in_flow")
    assert [held.trigger_id for held in done.paused] == ids[:2]
    assert {held.revision for held in (done.trigger, *done.paused)} == {done.revision}
    (stop,) = reader.batches(ids[0])
    assert (stop.entries, stop.stop_before, stop.through_sequence) == ((), 2, 2)
    assert reader.who(ids[2]) == ["ann DATA"]
    shop.contact("bob", country="DE")
    assert reader.who("eleventh") == ["bob DATA"]
    assert reader.entries(ids[0]) == []
    assert len(list(store.list_triggers(state="active"))) == 9


def test_an_activation_that_is_refused_pauses_nobody(shop: Shop, store: Store) -> None:
    ids = ten_active(shop, store)
    store.create_trigger("Eleventh", "germans", trigger_id="eleventh")
    for refused, pause in ((NotFound, [ids[0], "nobody"]), (InvalidArgument, ["eleventh"])):
        with pytest.raises(refused):
            store.activate_trigger("eleventh", pause=pause)
    with pytest.raises(Aborted):
        store.activate_trigger("eleventh", pause=[ids[0]], etag="1")
    assert len(list(store.list_triggers(state="active"))) == 10


def test_stopping_in_flow_withdraws_what_was_not_acknowledged(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("germans", 'country is "DE"')
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")
    shop.contact("ann", "bob", country="DE")
    store.ack_entries("welcome", 1)
    store.pause_trigger("welcome")
    assert reader.who("welcome") == ["bob DATA"]
    # Paused already: those in the flow can still be stopped later.
    store.pause_trigger("welcome", method="also_stop_in_flow")
    store.activate_trigger("welcome")
    shop.contact("cleo", country="DE")
    stop, entry = reader.batches("welcome")
    assert (stop.entries, stop.stop_before) == ((), 3)
    assert [held.sequence for held in entry.entries] == [4]
    assert store.trigger("welcome").trigger.entry_count == 3


def test_triggers_are_listed_the_last_updated_first_by_segment_and_page(
    shop: Shop, store: Store
) -> None:
    for name in ("one", "two"):
        shop.segment(name, 'country is "DE"')
    made = [
        store.create_trigger(f"T{number}", ("one", "two")[number % 2], trigger_id=f"t{number}")
        for number in range(4)
    ]
    assert store.update_trigger("t1", name="renamed").trigger.name == "renamed"
    assert [held.trigger_id for held in store.list_triggers()] == ["t1", "t3", "t2", "t0"]
    of_two = store.list_triggers(segment_id="two")
    assert [held.trigger_id for held in of_two] == ["t1", "t3"]
    assert store.trigger("t1").trigger.etag != made[1].trigger.etag


def test_what_is_wrong_is_said(shop: Shop, store: Store) -> None:
    shop.segment("germans", 'country is "DE"')
    store.create_trigger("Welcome", "germans", trigger_id="welcome", request_id="r")
    again = store.create_trigger("Welcome", "germans", trigger_id="welcome", request_id="r")
    assert again.trigger.trigger_id == "welcome"
    with pytest.raises(AlreadyExists):
        store.create_trigger("Welcome", "germans", trigger_id="welcome")
    with pytest.raises(NotFound):
        store.create_trigger("Welcome", "nobody")
    with pytest.raises(InvalidArgument) as wrong:
        store.create_trigger("Welcome", "germans", reentry="cooldown")
    assert [held.field for held in wrong.value.violations] == ["trigger.cooldown_days"]
    with pytest.raises(InvalidArgument):
        store.create_trigger("Welcome", "germans", cooldown_days=3)
    with pytest.raises(InvalidArgument):
        store.update_trigger("welcome")
    with pytest.raises(ValueError, match="give both"):
        store.update_trigger("welcome", name="Hello", cooldown_days=3)
    with pytest.raises(OutOfRange):
        store.ack_entries("welcome", 1)
    with pytest.raises(OutOfRange):
        next(iter(store.entries("welcome", after=1)))
    store.activate_trigger("welcome")
    with pytest.raises(FailedPrecondition) as active:
        store.activate_trigger("welcome")
    assert active.value.reason == "TRIGGER_STATE"


def test_a_trigger_made_again_goes_on_counting(shop: Shop, store: Store, reader: Reader) -> None:
    shop.segment("germans", 'country is "DE"')
    for contact_id, sequence in (("ann", 1), ("bob", 2)):
        store.create_trigger("Welcome", "germans", trigger_id="welcome")
        store.activate_trigger("welcome")
        shop.contact(contact_id, country="DE")
        assert [held.sequence for held in reader.entries("welcome")] == [sequence]
        store.delete_trigger("welcome")
    with pytest.raises(NotFound):
        store.trigger("welcome")


def test_lag_grows_and_goes_and_after_thirty_days_entries_expire(
    shop: Shop, store: Store, reader: Reader
) -> None:
    shop.segment("germans", 'country is "DE"')
    store.create_trigger("Welcome", "germans", trigger_id="welcome")
    store.activate_trigger("welcome")
    shop.contact("ann", country="DE")
    shop.advance(90)
    shop.contact("bob", country="DE")
    shop.advance(10)
    position = store.trigger("welcome").trigger.position
    assert position.unacknowledged_count == 2
    assert position.oldest_unacknowledged_age.seconds == 100
    position = store.ack_entries("welcome", 1).position
    assert (position.unacknowledged_count, position.oldest_unacknowledged_age.seconds) == (1, 10)
    # Lower and repeated acknowledgements change nothing.
    assert store.ack_entries("welcome", 0).position == position
    assert store.ack_entries("welcome", 1).position == position
    shop.advance(30 * DAY)
    shop.contact("cleo", country="DE")
    assert reader.take("welcome") == ["cleo DATA"]
    position = store.trigger("welcome").trigger.position
    assert (position.unacknowledged_count, position.expired_count) == (0, 1)
    assert not position.HasField("oldest_unacknowledged_time")
