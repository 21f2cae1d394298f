"""A slow or stalled reader loses nothing, is not killed, and does not slow others."""

from __future__ import annotations

import grpc
import pytest

from segsvc.v1 import evaluation_pb2, store_service_pb2, watch_service_pb2
from tests.watch.shop import PATIENCE, Known, Shop, told


def test_a_stalled_reader_catches_up(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    request = watch_service_pb2.WatchRequest(store_id=shop.store_id)
    stalled = shop.served.watch.Watch(request)
    first = next(stalled)
    quick = shop.watch()
    # More than a stream's window holds: the server can not hand all of it over.
    crowd = [f"{'c' * 50}{number:08}" for number in range(6_000)]
    for turn in range(40):
        last = shop.contact(*crowd, country="FR" if turn % 2 else "DE")
    known = Known()
    for message in quick.until(last):
        known.apply(message)
    assert known.members == {"germans": set()}
    late = Known()
    late.apply(first)
    for message in stalled:
        late.apply(message)
        if message.resume_token and message.revision >= last:
            break
    stalled.cancel()
    assert late.members == {"germans": set()}


def test_coalescing_unites_what_a_reader_missed(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    token = shop.watch().token
    shop.contact("ann", country="DE")
    shop.contact("bob", country="DE")
    shop.contact("ann", country="FR")
    last = shop.contact("cat", country="DE")
    watcher = shop.watch(resume_token=token, coalesce=True)
    assert watcher.first.revision == last
    assert 0 < watcher.first.first_revision < last
    known = Known()
    known.apply(watcher.first)
    assert known.members == {"germans": {"bob", "cat"}}


def test_coalescing_does_not_tell_that_somebody_left_who_is_back(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    shop.contact("ann", "bob", "cat", country="DE")
    snapshot = shop.watch(initial_snapshot=watch_service_pb2.INITIAL_SNAPSHOT_MEMBERS).first
    shop.delete("ann")
    shop.merge("bob", "cat")
    shop.delete("cat")
    last = shop.contact("ann", "bob", country="DE")
    token = snapshot.resume_token
    watcher = shop.watch(resume_token=token, coalesce=True)
    known = Known()
    known.apply(snapshot)
    known.apply(watcher.first)
    assert watcher.first.revision == last
    assert known.members == {"germans": {"ann", "bob"}}
    (delta,) = map(told, watcher.first.deltas.deltas)
    assert delta[2:] == ([], ["cat"])
    ordinals = shop.watch(
        resume_token=token, coalesce=True, format=evaluation_pb2.MEMBER_FORMAT_ORDINALS
    ).first
    (by_ordinal,) = ordinals.deltas.deltas
    assert (len(by_ordinal.entered.ordinals), len(by_ordinal.left.ordinals)) == (2 * 4, 3 * 4)


@pytest.mark.parametrize("made_again", [False, True])
def test_a_watch_ends_when_its_store_is_deleted_also_for_a_slow_reader(
    shop: Shop, made_again: bool
) -> None:
    everybody = [f"{'contact' * 6}-{number:06}" for number in range(20_000)]
    shop.contact(*everybody, country="DE")
    for name in "abc":
        shop.segment(name, 'country is "DE"')
    request = watch_service_pb2.WatchRequest(
        store_id="shop", initial_snapshot=watch_service_pb2.INITIAL_SNAPSHOT_MEMBERS
    )
    stream = shop.served.watch.Watch(request, timeout=PATIENCE)
    next(stream)
    shop.served.stores.DeleteStore(store_service_pb2.DeleteStoreRequest(store_id="shop"))
    if made_again:
        shop.open()
    with pytest.raises(grpc.RpcError) as ended:
        list(stream)
    assert ended.value.code() is grpc.StatusCode.NOT_FOUND
