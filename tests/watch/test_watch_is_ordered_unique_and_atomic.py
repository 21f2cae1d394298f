"""Revisions come in order, each once and whole; a snapshot is followed by what came after it."""

from __future__ import annotations

import random

from tests.watch.shop import Known, Shop, Watcher


def flood(shop: Shop, seed: int, revisions: int) -> int:
    """Move many contacts between countries; return the last revision."""
    chance = random.Random(seed)
    last = 0
    for _ in range(revisions):
        some = [f"c{chance.randrange(40)}" for _ in range(chance.randrange(1, 12))]
        last = shop.contact(*dict.fromkeys(some), country=chance.choice(["DE", "FR", "IT", ""]))
    return last


def segments(shop: Shop) -> None:
    """Make segments that change together."""
    shop.segment("germans", 'country is "DE"')
    shop.segment("french", 'country is "FR"')
    shop.segment("neither", 'not (in segment "germans") and not (in segment "french")')


def check(watcher: Watcher, last: int) -> Known:
    """Follow a watch to its end; each revision must be whole before the next begins."""
    known = Known()
    closed = 0
    for message in (
        watcher.first,
        *([] if watcher.first.revision >= last else watcher.until(last)),
    ):
        assert message.revision > closed, "nothing follows the token of its revision"
        known.apply(message)
        if message.resume_token:
            closed = message.revision
            placed = [known.members.get(name, set()) for name in ("germans", "french", "neither")]
            assert not placed[0] & placed[1], "a revision is applied whole"
            assert not placed[2] & (placed[0] | placed[1]), "a revision is applied whole"
    return known


def test_from_a_snapshot_while_writes_go_on(shop: Shop) -> None:
    segments(shop)
    flood(shop, 1, 30)
    watchers = []
    for seed in range(4):
        watchers.append(shop.watch(initial_snapshot=2))
        last = flood(shop, 10 + seed, 25)
    truth = {name: shop.members(name) for name in ("germans", "french", "neither")}
    for watcher in watchers:
        first = watcher.first
        known = Known()
        known.apply(first)
        for message in watcher.until(last):
            known.apply(message)
        assert known.members == truth


def test_deltas_alone_are_ordered_unique_and_whole(shop: Shop) -> None:
    segments(shop)
    watcher = shop.watch()
    last = flood(shop, 2, 60)
    known = check(watcher, last)
    assert known.members == {name: shop.members(name) for name in ("germans", "french", "neither")}


def test_a_watch_of_one_segment_hears_of_that_one_only(shop: Shop) -> None:
    segments(shop)
    watcher = shop.watch("french")
    flood(shop, 3, 40)
    last = shop.contact("end", country="FR")
    told = watcher.deltas_until(last)
    assert {held[0] for held in told} == {"french"}


def test_a_watch_of_all_hears_of_later_segments(shop: Shop) -> None:
    watcher = shop.watch()
    shop.contact("ann", country="DE")
    created = shop.segment("germans", 'country is "DE"')
    assert watcher.deltas_until(created) == [("germans", "DEFINITION", ["ann"], [])]


def test_a_large_revision_comes_in_parts_and_ends_with_the_token(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    watcher = shop.watch()
    everybody = [f"c{number:06}" for number in range(20_000)]
    last = shop.contact(*everybody, country="DE")
    parts = watcher.until(last)
    assert len(parts) > 1
    assert [bool(part.resume_token) for part in parts] == [False] * (len(parts) - 1) + [True]
    known = Known()
    for part in parts:
        known.apply(part)
    assert known.members == {"germans": set(everybody)}
