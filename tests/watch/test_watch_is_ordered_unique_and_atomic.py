"""Revisions come in order, each once and whole; a snapshot is followed by what came after it."""

from __future__ import annotations

import random

import numpy as np

from segsvc.bitmap import Bitmap, from_bytes
from segsvc.rpc.encode.changes import EncodedChanges
from segsvc.segment.delta import Cause, Changes, Delta
from segsvc.v1 import evaluation_pb2, evaluation_service_pb2
from segsvc.v1.watch_service_pb2 import MembershipDelta, WatchResponse
from tests.watch.shop import Known, Shop, Watcher, ids, strings


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
    shop.segment("chosen", 'country is "DE"')
    watcher = shop.watch()
    everybody = [f"{'c' * 58}{number:06}" for number in range(40_000)]
    for some in (everybody[:20_000], everybody[20_000:]):
        shop.contact(*some, country="DE")
    shop.contact("one", country="FR")
    last = shop.redefine("chosen", 'country is "FR"')
    parts = [part for part in watcher.until(last) if part.revision == last]
    assert [bool(part.resume_token) for part in parts] == [False] * (len(parts) - 1) + [True]
    sizes = [part.ByteSize() for part in parts]
    assert max(sizes) <= 2**20
    assert len(parts) == 3
    assert len([size for size in sizes if size < 2**16]) <= 2, "who entered, and a rest"
    known = Known()
    for part in watcher.seen:
        known.apply(part)
    assert known.members == {"chosen": {"one"}}


def test_both_forms_say_the_same(shop: Shop) -> None:
    segments(shop)
    by_id, by_bitmap = shop.watch(), shop.watch(format=evaluation_pb2.MEMBER_FORMAT_ROARING)
    last = flood(shop, 5, 30)
    by_id.until(last)
    by_bitmap.until(last)
    ordinals = {}
    request = evaluation_service_pb2.ExportOrdinalsRequest(store_id=shop.store_id)
    for part in shop.served.evaluation.ExportOrdinals(request):
        numbers = np.frombuffer(part.ordinals, "<u4").tolist()
        ordinals.update(zip(numbers, strings(part.contact_ids), strict=True))

    def named(image: bytes) -> list[str]:
        return sorted(ordinals[held] for held in from_bytes(image)) if image else []

    said = [
        (
            held.revision,
            delta.segment_id,
            named(delta.entered.roaring),
            named(delta.left.roaring),
        )
        for held in by_bitmap.seen
        for delta in held.deltas.deltas
    ]
    assert said == [
        (held.revision, delta.segment_id, ids(delta.entered), ids(delta.left))
        for held in by_id.seen
        for delta in held.deltas.deltas
    ]


def test_a_message_is_encoded_once_and_when_it_is_needed(shop: Shop) -> None:
    segments(shop)
    flood(shop, 6, 5)
    state = shop.served.server.engine.store(shop.store_id)
    changes = state.changes.since(0)[-1]
    assert len(changes.deltas) > 1
    encoded = EncodedChanges()

    def messages(*wanted: str) -> list[bytes]:
        return list(encoded.messages(state, changes, 0, with_leaves=False, wanted=wanted))

    (whole,) = messages()
    assert messages()[0] is whole, "the very same bytes"
    (one,) = messages(changes.deltas[-1].segment_id)
    assert WatchResponse.FromString(whole).deltas.deltas[-1] == only(one)
    assert encoded.made == len(changes.deltas), "nothing is encoded again for who wants less"


def only(message: bytes) -> MembershipDelta:
    (delta,) = WatchResponse.FromString(message).deltas.deltas
    return delta


def test_a_message_is_encoded_when_somebody_comes_to_it(shop: Shop) -> None:
    everybody = [f"{'c' * 58}{number:06}" for number in range(40_000)]
    for some in (everybody[:20_000], everybody[20_000:]):
        shop.contact(*some)
    state = shop.served.server.engine.store(shop.store_id)
    encoded = EncodedChanges()
    changes = Changes(1, 1, (Delta("one", Cause.DATA, Bitmap(range(40_000)), Bitmap()),))
    messages = encoded.messages(state, changes, 1, with_leaves=False, wanted=())
    next(messages)
    assert encoded.made == 2, "the part that does not fit told that the message is full"
    assert len(list(messages)) == 2
