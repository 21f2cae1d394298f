"""Invariant 3: a journal replayed, from its beginning or behind a snapshot, is the same store, with
the same revisions and, byte for byte, the same deltas."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.domain.record import JournalRecord
from segsvc.domain.write import RecordEvents
from segsvc.engine.state import StoreState
from segsvc.index import EventOverlay
from segsvc.rpc.codec import WireCodec
from segsvc.storage import Storage
from tests.oracle.history import fresh, gone, save, write
from tests.oracle.profiles import DEEP, QUICK
from tests.replay.again import replayed
from tests.replay.digest import facts
from tests.serving import Served


def live(served: Served, storage: Storage, data: st.DataObject, steps: int) -> None:
    """Let a store live, then compare it with its replays."""
    twin = fresh(served, data)
    try:
        for _ in range(data.draw(st.integers(1, steps))):
            if data.draw(st.integers(0, 3)) == 0:
                save(twin, data)
            elif twin.world.segments and data.draw(st.integers(0, 9)) == 0:
                twin.drop(data.draw(st.sampled_from(sorted(twin.world.segments))))
            else:
                write(twin, data)
        lived = served.server.engine.store(twin.id)
        cut = data.draw(st.none() | st.integers(1, lived.revision))
        compare(served, storage, lived, cut)
    finally:
        gone(twin)


def compare(served: Served, storage: Storage, lived: StoreState, cut: int | None) -> None:
    codec = WireCodec()
    records = list(served.server.engine.storage.read_journal(lived.store_id, 0))
    assert [held.revision for held in records] == list(range(1, lived.revision + 1))
    try:
        again = replayed(storage, records, cut)
        assert facts(again, codec) == facts(lived, codec)
        assert [held.to_bytes() for held in again.changes.since(cut or 0)] == [
            held.to_bytes() for held in lived.changes.since(cut or 0)
        ]
        assert judged(again, records) == judged(lived, records)
    finally:
        storage.delete_store(lived.store_id)


def judged(state: StoreState, records: list[JournalRecord]) -> list[list[bool]]:
    """Say which events would be duplicates now, which shows what is known of their ids."""
    found = []
    for record in records:
        for request, payload in zip(record.header.requests, record.payloads, strict=True):
            if request.method == "RecordEvents":
                sent = WireCodec().decode(request.method, payload, state.schema)
                assert isinstance(sent, RecordEvents)
                for block in sent.blocks:
                    verdict = state.index.accept_events(block, state.at, EventOverlay())
                    found.append(verdict.duplicate.tolist())
    return found


@settings(QUICK, max_examples=12)
@given(st.data())
def test_any_life_is_replayed(served: Served, storage: Storage, data: st.DataObject) -> None:
    live(served, storage, data, 14)


@pytest.mark.long
@settings(DEEP, max_examples=100)
@given(st.data())
def test_any_long_life_is_replayed(served: Served, storage: Storage, data: st.DataObject) -> None:
    live(served, storage, data, 60)
