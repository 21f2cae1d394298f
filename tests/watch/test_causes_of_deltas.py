"""Every delta says why, as SEMANTICS section 6 orders it."""

from __future__ import annotations

from tests.watch.shop import DAY, Shop

BUYERS = "has done order_placed in the last 30 days"


def test_data_time_definition_deletion(shop: Shop) -> None:
    shop.contact("ann", "bob", country="DE")
    created = shop.segment("buyers", BUYERS)
    watcher = shop.watch("buyers")
    assert watcher.first.revision == created

    ordered = shop.event("ann", "bob")
    assert watcher.deltas_until(ordered) == [("buyers", "DATA", ["ann", "bob"], [])]
    deleted = shop.delete("bob")
    assert watcher.deltas_until(deleted) == [("buyers", "CONTACT_DELETED", [], ["bob"])]
    passed = shop.advance(30 * DAY)
    assert watcher.deltas_until(passed) == [("buyers", "TIME", [], ["ann"])]
    redefined = shop.redefine("buyers", 'country is "DE"')
    assert watcher.deltas_until(redefined) == [("buyers", "DEFINITION", ["ann"], [])]
    dropped = shop.drop("buyers")
    assert watcher.deltas_until(dropped) == [("buyers", "DEFINITION", [], ["ann"])]


def test_a_definition_always_has_one_delta(shop: Shop) -> None:
    watcher = shop.watch()
    created = shop.segment("nobody", 'country is "XX"')
    assert watcher.deltas_until(created) == [("nobody", "DEFINITION", [], [])]


def test_dependants_take_the_cause_of_the_root(shop: Shop) -> None:
    shop.contact("ann", country="DE")
    shop.contact("eve", country="FR")
    shop.segment("buyers", BUYERS)
    created = shop.segment("idle", 'not (in segment "buyers")')
    watcher = shop.watch()
    assert watcher.first.revision == created

    ordered = shop.event("ann")
    assert watcher.deltas_until(ordered) == [
        ("buyers", "DATA", ["ann"], []),
        ("idle", "DATA", [], ["ann"]),
    ]
    passed = shop.advance(30 * DAY)
    assert watcher.deltas_until(passed) == [
        ("buyers", "TIME", [], ["ann"]),
        ("idle", "TIME", ["ann"], []),
    ]
    redefined = shop.redefine("buyers", 'country is "FR"')
    assert watcher.deltas_until(redefined) == [
        ("buyers", "DEFINITION", ["eve"], []),
        ("idle", "DEFINITION", [], ["eve"]),
    ]


def test_merged(shop: Shop) -> None:
    shop.contact("ann", country="DE")
    shop.contact("eve", city="Lyon")
    created = shop.segment("germans", 'country is "DE"')
    watcher = shop.watch()
    assert watcher.first.revision == created
    merged = shop.merge("ann", "eve")
    assert watcher.deltas_until(merged) == [("germans", "MERGED", ["eve"], ["ann"])]


def test_split_by_cause_when_time_and_data_meet_in_one_revision(shop: Shop) -> None:
    shop.segment("buyers", BUYERS)
    created = shop.event("ann")
    watcher = shop.watch()
    assert watcher.first.revision == created
    shop.served.server.engine.clock.advance_to(shop.now() + 30 * DAY)
    # The clock moved, and the write comes before the store noticed.
    ordered = shop.event("bob")
    told = watcher.deltas_until(ordered)
    assert sorted(told) == [
        ("buyers", "DATA", ["bob"], []),
        ("buyers", "TIME", [], ["ann"]),
    ]


def test_deleted_and_made_again_leaves_and_enters(shop: Shop) -> None:
    shop.contact("ann", country="DE")
    shop.segment("germans", 'country is "DE"')
    watcher = shop.watch()
    shop.delete("ann")
    made = shop.contact("ann", country="DE")
    assert watcher.deltas_until(made) == [
        ("germans", "CONTACT_DELETED", [], ["ann"]),
        ("germans", "DATA", ["ann"], []),
    ]


def test_changed_leaves_are_named_on_request(shop: Shop) -> None:
    shop.contact("ann", "bob", country="DE")
    shop.segment("both", f'country is "DE" and {BUYERS}')
    watcher = shop.watch(with_changed_leaves=True)
    watcher.until(shop.event("ann"))
    assert list(watcher.seen[-1].deltas.deltas[-1].changed_leaf_paths) == ["all_of.children[1]"]
    watcher.until(shop.contact("ann", country="FR"))
    assert list(watcher.seen[-1].deltas.deltas[-1].changed_leaf_paths) == ["all_of.children[0]"]
