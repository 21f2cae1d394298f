"""Who hears nothing still learns how far the store has come, behind all that concerns it."""

from __future__ import annotations

from tests.watch.shop import Shop


def test_unconcerned_watchers_get_bookmarks_that_resume(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    watcher = shop.watch("germans")
    assert watcher.first.HasField("bookmark")
    for number in range(5):
        last = shop.contact(f"c{number}", country="FR")
    while watcher.next().revision < last:
        pass
    assert watcher.seen[-1].HasField("bookmark")
    assert watcher.seen[-1].at.seconds == shop.now()
    again = shop.watch("germans", resume_token=watcher.token)
    assert again.first.HasField("bookmark"), "whoever resumes is told when it has caught up"
    entered = shop.contact("ann", country="DE")
    assert again.deltas_until(entered) == [("germans", "DATA", ["ann"], [])]


def test_a_bookmark_never_overtakes_a_delta(shop: Shop) -> None:
    shop.segment("germans", 'country is "DE"')
    watcher = shop.watch("germans")
    for number in range(60):
        last = shop.contact(f"c{number}", country="DE" if number % 7 == 0 else "FR")
    last = shop.contact("end", country="DE")
    seen = watcher.until(last)
    revisions = [held.revision for held in seen]
    assert revisions == sorted(revisions)
    assert sum(held.HasField("deltas") for held in seen) == 10
