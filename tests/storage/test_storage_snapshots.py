"""A snapshot counts whole or not at all, and costs only what changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from sqlalchemy import Connection, delete, func, select, update

from segsvc.domain.errors import NotFound, StorageFailed
from segsvc.storage import Storage, StoredSnapshot
from segsvc.storage.tables import chunks, snapshots
from tests.storage.storage_cases import (
    ArraySection,
    SectionBrokeError,
    random_array,
    same_arrays,
    state,
    store_record,
    writes,
)

Beside: TypeAlias = Callable[[Callable[[Connection], object]], None]


@pytest.fixture
def shop(storage: Storage) -> Storage:
    """A storage with store ``shop`` at revision 9."""
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", revision, b"x" * 100) for revision in range(2, 10)])
    return storage


def latest(storage: Storage, store_id: str = "shop") -> StoredSnapshot:
    """Return the newest snapshot, which must be there."""
    found = storage.latest_snapshot(store_id)
    assert found is not None
    return found


def stored_chunks(beside: Beside) -> int:
    """Return how many chunks the database holds."""
    counts: list[int] = []
    count = select(func.count()).select_from(chunks)
    beside(lambda connection: counts.append(connection.execute(count).scalar_one()))
    return counts[0]


def test_a_snapshot_reads_back_as_it_was(shop: Storage) -> None:
    arrays = {
        "numbers": random_array(1, 4_321),
        "codes": np.arange(2_500, dtype="<u2") % 7,
        "flags": np.arange(3_000) % 3 == 0,
        "zeros": np.zeros(10_000, "<i4"),
        "empty": np.empty(0, "<f8"),
        "whole chunks": random_array(2, 3_000, "<u4"),
        "bytes": np.frombuffer(b"postings", np.uint8),
    }
    facts = {"revision": 9, "names": ["ä", "b"], "nested": {"none": None, "half": 0.5}}
    sections = [ArraySection(name, values) for name, values in arrays.items()]
    written = shop.write_snapshot("shop", 9, 109, state(sections, **facts))
    found = latest(shop)
    assert (found.revision, found.at, found.facts) == (9, 109, facts)
    assert same_arrays(found.sections, arrays)
    found.sections["numbers"][0] = 5
    assert written == shop.stats("shop").snapshot_bytes


def test_a_store_without_a_snapshot_has_none(shop: Storage) -> None:
    assert shop.latest_snapshot("shop") is None
    with pytest.raises(NotFound):
        shop.latest_snapshot("mill")


def test_a_snapshot_trims_the_journal_it_covers(shop: Storage) -> None:
    shop.write_snapshot("shop", 6, 106, state([ArraySection("a", random_array(1, 10))]))
    assert [record.revision for record in shop.read_journal("shop", 6)] == [7, 8, 9]
    stats = shop.stats("shop")
    assert (stats.journal_records, stats.snapshot_revision, stats.snapshot_at) == (3, 6, 106)
    with pytest.raises(StorageFailed, match="lacks revisions 1 to 6"):
        list(shop.read_journal("shop", 0))
    shop.append([writes("shop", 10, b"y")])


def test_only_changed_chunks_are_read_and_written(shop: Storage, beside: Beside) -> None:
    section = ArraySection("a", random_array(1, 10_000))
    shop.write_snapshot("shop", 7, 107, state([section]))
    assert section.reads == list(range(10))
    section.reads.clear()
    section.values[4_500] += 1
    del section.digests[4]
    written = shop.write_snapshot("shop", 8, 108, state([section]))
    assert section.reads == [4]
    assert 8_000 < written < 9_000
    assert stored_chunks(beside) == 10
    assert same_arrays(latest(shop).sections, {"a": section.values})


def test_equal_chunks_are_stored_once(shop: Storage, beside: Beside) -> None:
    same = np.tile(random_array(1, 1_000), 5)
    shop.write_snapshot(
        "shop", 8, 108, state([ArraySection("a", same), ArraySection("b", same[:3_000])])
    )
    assert stored_chunks(beside) == 1
    assert same_arrays(latest(shop).sections, {"a": same, "b": same[:3_000]})


def test_a_chunk_is_written_again_when_its_row_is_gone(shop: Storage, beside: Beside) -> None:
    section = ArraySection("a", random_array(1, 3_000))
    shop.write_snapshot("shop", 7, 107, state([section]))
    beside(lambda connection: connection.execute(delete(chunks)))
    shop.write_snapshot("shop", 8, 108, state([section]))
    assert same_arrays(latest(shop).sections, {"a": section.values})


def test_a_half_written_snapshot_leaves_the_older_one(url: str, beside: Beside) -> None:
    storage = Storage.open(url)
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", revision, b"x") for revision in range(2, 10)])
    old = ArraySection("a", random_array(1, 5_000))
    storage.write_snapshot("shop", 5, 105, state([old], kept=True))
    before = stored_chunks(beside)
    large = ArraySection("a", random_array(2, 900_000), chunk_rows=100_000, breaks_at=7)
    with pytest.raises(SectionBrokeError):
        storage.write_snapshot("shop", 9, 109, state([large]))
    found = latest(storage)
    assert (found.revision, found.facts) == (5, {"kept": True})
    assert same_arrays(found.sections, {"a": old.values})
    assert [record.revision for record in storage.read_journal("shop", 5)] == [6, 7, 8, 9]
    assert stored_chunks(beside) > before
    storage.close()
    again = Storage.open(url)
    assert stored_chunks(beside) == before
    assert same_arrays(latest(again).sections, {"a": old.values})
    again.close()


def test_a_broken_snapshot_is_finished_by_the_next(shop: Storage) -> None:
    section = ArraySection("a", random_array(2, 900_000), chunk_rows=100_000, breaks_at=7)
    with pytest.raises(SectionBrokeError):
        shop.write_snapshot("shop", 9, 109, state([section]))
    section.breaks_at = None
    section.reads.clear()
    shop.write_snapshot("shop", 9, 109, state([section]))
    assert len(section.reads) < 9
    assert same_arrays(latest(shop).sections, {"a": section.values})


def test_stores_do_not_share_chunks(shop: Storage) -> None:
    shop.create_store("mill", store_record("mill"))
    values = random_array(1, 3_000)
    for name in ("shop", "mill"):
        shop.write_snapshot(name, 1, 101, state([ArraySection("a", values)]))
    shop.write_snapshot("mill", 1, 101, state([ArraySection("a", values[:10])]))
    assert same_arrays(latest(shop).sections, {"a": values})
    shop.delete_store("mill")
    assert same_arrays(latest(shop).sections, {"a": values})


def test_a_section_of_the_wrong_size_is_dropped(shop: Storage) -> None:
    section = ArraySection("a", random_array(1, 3_000))
    shop.write_snapshot("shop", 7, 107, state([section]))
    section.values = section.values[:2_500]
    with pytest.raises(StorageFailed, match="section 'a' has 24000 bytes in its chunks"):
        shop.write_snapshot("shop", 8, 108, state([section]))
    assert latest(shop).revision == 7


@pytest.mark.parametrize("revision", [5, 10])
def test_a_snapshot_is_of_a_committed_revision_not_older_than_the_last(
    shop: Storage, revision: int
) -> None:
    shop.write_snapshot("shop", 6, 106, state([]))
    with pytest.raises(StorageFailed, match=f"at revision {revision} is not between"):
        shop.write_snapshot("shop", revision, 100, state([]))


def test_a_damaged_chunk_is_found(shop: Storage, beside: Beside) -> None:
    shop.write_snapshot("shop", 9, 109, state([ArraySection("a", random_array(1, 100))]))
    beside(lambda connection: connection.execute(update(chunks).values(body=bytes(800))))
    with pytest.raises(StorageFailed, match="bytes do not match its digest"):
        shop.latest_snapshot("shop")


def test_a_damaged_compressed_chunk_is_found(shop: Storage, beside: Beside) -> None:
    shop.write_snapshot("shop", 9, 109, state([ArraySection("a", np.zeros(1_000, "<i8"))]))
    beside(lambda connection: connection.execute(update(chunks).values(body=b"torn")))
    with pytest.raises(StorageFailed, match=r"chunk \w+ is damaged"):
        shop.latest_snapshot("shop")


def test_a_missing_chunk_is_found(shop: Storage, beside: Beside) -> None:
    shop.write_snapshot("shop", 9, 109, state([ArraySection("a", random_array(1, 100))]))
    beside(lambda connection: connection.execute(delete(chunks)))
    with pytest.raises(StorageFailed, match="1 of its chunks are missing"):
        shop.latest_snapshot("shop")


def test_a_damaged_manifest_is_found_and_nothing_is_swept(url: str, beside: Beside) -> None:
    storage = Storage.open(url)
    storage.create_store("shop", store_record("shop"))
    storage.write_snapshot("shop", 1, 101, state([ArraySection("a", random_array(1, 100))]))
    storage.close()
    beside(lambda connection: connection.execute(update(snapshots).values(crc=1)))
    again = Storage.open(url)
    with pytest.raises(StorageFailed, match="snapshot of store 'shop' at revision 1 is damaged"):
        again.latest_snapshot("shop")
    assert stored_chunks(beside) == 1
    again.close()


def test_appends_go_on_while_a_snapshot_is_written(shop: Storage) -> None:
    values = random_array(3, 2_000_000)
    sections = [ArraySection("a", values, chunk_rows=65_536)]
    worker = threading.Thread(target=shop.write_snapshot, args=("shop", 9, 109, state(sections)))
    worker.start()
    revision = 9
    while worker.is_alive():
        revision += 1
        shop.append([writes("shop", revision, b"z" * 1_000)])
    worker.join()
    assert [record.revision for record in shop.read_journal("shop", 9)] == list(
        range(10, revision + 1)
    )
    assert same_arrays(latest(shop).sections, {"a": values})


def test_a_store_deleted_during_its_snapshot_stays_deleted(shop: Storage) -> None:
    class Deletes(ArraySection):
        __slots__ = ()

        def chunk(self, place: int) -> bytes:
            shop.delete_store("shop")
            shop.create_store("shop", store_record("shop"))
            return self.values.tobytes()

    with pytest.raises(NotFound):
        shop.write_snapshot("shop", 9, 109, state([Deletes("a", random_array(1, 10))]))
    assert shop.latest_snapshot("shop") is None


def test_reading_waits_for_the_snapshot_that_is_written(shop: Storage) -> None:
    shop.write_snapshot("shop", 5, 105, state([ArraySection("a", random_array(1, 5_000))]))
    values = random_array(2, 1_000_000)
    started = threading.Event()

    class Announces(ArraySection):
        __slots__ = ()

        def chunk(self, place: int) -> bytes:
            started.set()
            start = place * self.chunk_rows
            return self.values[start : start + self.chunk_rows].tobytes()

    section = Announces("a", values, chunk_rows=65_536)
    worker = threading.Thread(target=shop.write_snapshot, args=("shop", 9, 109, state([section])))
    worker.start()
    started.wait()
    found = latest(shop)
    assert found.revision == 9
    assert same_arrays(found.sections, {"a": values})
    assert list(shop.read_journal("shop", found.revision)) == []
    worker.join()
