"""A slow or stalled reader loses nothing, is not killed, and does not slow others."""

from __future__ import annotations

from segsvc.v1 import watch_service_pb2
from tests.watch.shop import Known, Shop


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
