"""What changed since a version: never less than did, and not everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segsvc.bitmap import Bitmap
from segsvc.condition.view import Reads
from segsvc.index import Touched, WriteLog

CONTACTS = st.sets(st.integers(0, 5_000), max_size=40)
FIELDS = st.sampled_from(["country", "spend", "city"])


@given(st.lists(st.tuples(FIELDS, CONTACTS, CONTACTS, CONTACTS), max_size=30), st.sets(FIELDS))
def test_no_write_since_a_version_is_missed(
    revisions: list[tuple[str, set[int], set[int], set[int]]], fields: set[str]
) -> None:
    log, reads = WriteLog(), Reads(attributes=frozenset(fields))
    history: list[set[int]] = []
    for field, written, created, deleted in revisions:
        touched = Touched(created=Bitmap(created), deleted=Bitmap(deleted))
        touched.attribute(field, Bitmap(written))
        log.add(touched, 10_000)
        history.append(created | deleted | (written if field in fields else set()))
    for version in range(len(history) + 1):
        expected = set().union(*history[version:])
        since = log.since(reads, version)
        assert since is None or expected <= set(since)
        if not expected:
            assert since is not None
    assert log.since(reads, log.version) == Bitmap()


def test_long_ago_means_everybody_may_have_changed() -> None:
    log, reads = WriteLog(), Reads(attributes=frozenset({"country"}))
    other = Reads(attributes=frozenset({"city"}))
    for start in range(0, 100_000, 1_000):
        touched = Touched()
        touched.attribute("country", Bitmap(range(start, start + 1_000)))
        log.add(touched, 100_000)
    assert log.since(reads, 0) is None
    assert log.since(other, 0) == Bitmap()
    recent = log.since(reads, log.version - 1)
    assert recent is not None
    assert Bitmap(range(99_000, 100_000)) <= recent
    log.reset()
    assert log.since(other, log.version - 1) is None
