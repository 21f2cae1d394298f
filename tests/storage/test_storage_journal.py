"""The journal keeps every record, in order, and says when it cannot."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select, update

from segsvc.domain.errors import AlreadyExists, NotFound, StorageFailed
from segsvc.domain.ids import Revision, StoreId
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind, RequestHeader
from segsvc.storage import Storage
from segsvc.storage.record_body import decode, encode
from segsvc.storage.tables import journal
from tests.storage.storage_cases import payload_of, store_record, writes

Beside: TypeAlias = Callable[[Callable[[Connection], object]], None]

json_facts = st.dictionaries(
    st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(), max_size=3
)
requests = st.builds(
    RequestHeader,
    method=st.text(max_size=8),
    request_id=st.text(max_size=8),
    accepted=st.none() | st.binary(max_size=9),
    digest=st.text(max_size=8),
    answer=json_facts,
)
records = st.lists(st.tuples(requests, st.binary(max_size=300)), max_size=4).flatmap(
    lambda pairs: st.builds(
        JournalRecord,
        store_id=st.just(StoreId("shop")),
        revision=st.integers(1, 2**62).map(Revision),
        at=st.integers(0, 2**40),
        kind=st.sampled_from(RecordKind),
        header=st.builds(
            RecordHeader,
            rules=st.text(max_size=5),
            requests=st.just(tuple(request for request, _ in pairs)),
            facts=json_facts,
        ),
        payloads=st.just(tuple(payload for _, payload in pairs)),
    )
)


@given(records)
def test_a_record_reads_back_as_it_was(record: JournalRecord) -> None:
    assert decode(encode(record, 7), "shop", record.revision) == record


def test_records_of_several_stores_come_back_in_order(storage: Storage) -> None:
    kept = {name: [store_record(name)] for name in ("shop", "mill")}
    for name, first in kept.items():
        storage.create_store(name, first[0])
    for revision in range(2, 30):
        turn = [writes(name, revision, payload_of(revision), name.encode()) for name in kept]
        storage.append(turn)
        for record in turn:
            kept[record.store_id].append(record)
    assert storage.store_ids() == ["mill", "shop"]
    for name, expected in kept.items():
        assert list(storage.read_journal(name, 0)) == expected
        assert list(storage.read_journal(name, 17)) == expected[17:]


def test_one_append_may_hold_successive_revisions_of_a_store(storage: Storage) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", revision, b"x") for revision in range(2, 2_503)])
    read = [record.revision for record in storage.read_journal("shop", 0)]
    assert read == list(range(1, 2_503))


def test_large_records_come_back(storage: Storage) -> None:
    storage.create_store("shop", store_record("shop"))
    payloads = [os.urandom(4 * 2**20) for _ in range(2)]
    for revision in range(2, 6):
        storage.append([writes("shop", revision, *payloads)])
    for record in storage.read_journal("shop", 1):
        assert record.payloads == tuple(payloads)


@pytest.mark.parametrize("revision", [1, 3, 4, 6])
def test_a_revision_must_follow_the_last(storage: Storage, revision: int) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", 2, b"x")])
    storage.append([writes("shop", 3, b"x")])
    if revision == 4:
        storage.append([writes("shop", 4, b"x")])
    with pytest.raises(StorageFailed, match=f"revision {revision} .* cannot follow revision"):
        storage.append([writes("shop", revision, b"y")])


def test_an_append_with_one_wrong_record_leaves_nothing(storage: Storage) -> None:
    for name in ("shop", "mill"):
        storage.create_store(name, store_record(name))
    with pytest.raises(StorageFailed, match="revision 5 of store 'mill'"):
        storage.append([writes("shop", 2, b"x"), writes("mill", 5, b"x")])
    with pytest.raises(NotFound):
        storage.append([writes("shop", 2, b"x"), writes("none", 1, b"x")])
    assert [record.revision for record in storage.read_journal("shop", 0)] == [1]
    storage.append([writes("shop", 2, b"z"), writes("mill", 2, b"z")])


def test_a_store_is_created_once(storage: Storage) -> None:
    storage.create_store("shop", store_record("shop"))
    with pytest.raises(AlreadyExists):
        storage.create_store("shop", store_record("shop"))
    with pytest.raises(NotFound):
        list(storage.read_journal("mill", 0))


def test_a_torn_body_is_found(storage: Storage, beside: Beside) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", 2, b"a" * 5_000)])
    storage.append([writes("shop", 3, b"b" * 5_000)])

    def tear(connection: Connection) -> None:
        body = connection.execute(select(journal.c.body).where(journal.c.revision == 2)).scalar()
        assert body is not None
        torn = body[:4_096] + bytes(len(body) - 4_096)
        connection.execute(update(journal).where(journal.c.revision == 2).values(body=torn))

    beside(tear)
    read = storage.read_journal("shop", 0)
    assert next(read).revision == 1
    with pytest.raises(StorageFailed, match=r"revision 2 of store 'shop' .* is damaged"):
        next(read)


def test_a_body_in_the_wrong_row_is_found(storage: Storage, beside: Beside) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", 2, b"x")])
    beside(lambda connection: connection.execute(delete(journal).where(journal.c.revision == 1)))
    beside(lambda connection: connection.execute(update(journal).values(revision=1)))
    with pytest.raises(StorageFailed, match="holds revision 2 of store 'shop'"):
        list(storage.read_journal("shop", 0))


def test_an_unknown_format_is_refused(storage: Storage, beside: Beside) -> None:
    storage.create_store("shop", store_record("shop"))
    beside(lambda connection: connection.execute(update(journal).values(format=9)))
    with pytest.raises(StorageFailed, match="format 9; this version reads 1"):
        list(storage.read_journal("shop", 0))


@pytest.mark.parametrize(
    ("lost", "missing"),
    [((1,), "revision 1"), ((2, 3), "revisions 2 to 3"), ((5,), "revision 5")],
)
def test_a_gap_is_found_wherever_it_is(
    storage: Storage, beside: Beside, lost: tuple[int, ...], missing: str
) -> None:
    storage.create_store("shop", store_record("shop"))
    storage.append([writes("shop", revision, b"x") for revision in range(2, 6)])
    beside(
        lambda connection: connection.execute(delete(journal).where(journal.c.revision.in_(lost)))
    )
    with pytest.raises(StorageFailed, match=f"the journal of store 'shop' lacks {missing}"):
        list(storage.read_journal("shop", 0))


def test_a_full_disk_leaves_nothing_and_harms_nothing(sqlite_url: str, tmp_path: Path) -> None:
    storage = Storage.open(sqlite_url)
    storage.create_store("shop", store_record("shop"))
    room, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, hard))
    try:
        with pytest.raises(StorageFailed, match="could not append to the journal"):
            storage.append([writes("shop", 2, os.urandom(6 * 2**20))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    assert [record.revision for record in storage.read_journal("shop", 0)] == [1]
    storage.append([writes("shop", 2, b"there is room again")])
    storage.close()
    again = Storage.open(sqlite_url)
    assert [record.payloads for record in again.read_journal("shop", 1)] == [
        (b"there is room again",)
    ]
    again.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=4), st.data())
def test_any_changed_byte_of_a_body_is_found(noise: bytes, data: st.DataObject) -> None:
    stored = encode(writes("shop", 2, b"some payload", b"another"), 1)
    place = data.draw(st.integers(0, len(stored.body) - len(noise)))
    changed = stored.body[:place] + noise + stored.body[place + len(noise) :]
    if changed != stored.body:
        with pytest.raises(StorageFailed, match="damaged"):
            decode(type(stored)(stored.format, stored.crc, changed), "shop", 2)
