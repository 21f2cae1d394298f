"""Journal records become a store again, with and without a snapshot on the way."""

from __future__ import annotations

from collections.abc import Sequence

from segsvc.domain.record import JournalRecord
from segsvc.engine.recover import recover_store
from segsvc.engine.state import StoreState
from segsvc.rpc.codec import WireCodec
from segsvc.storage import Storage


def replayed(
    storage: Storage, records: Sequence[JournalRecord], snapshot_at: int | None = None
) -> StoreState:
    """Return the store that *records* make, all of them from its first.

    Args:
        snapshot_at: the revision at which a snapshot is taken; the rest comes from the journal.
    """
    store_id, codec = records[0].store_id, WireCodec()
    first = len(records) if snapshot_at is None else snapshot_at
    storage.create_store(store_id, records[0])
    storage.append(records[1:first])
    if snapshot_at is not None:
        state, _ = recover_store(storage, store_id, codec)
        frozen = state.freeze(codec)
        storage.write_snapshot(store_id, state.revision, state.at, frozen)
        state.release()
        storage.append(records[first:])
    state, found = recover_store(storage, store_id, codec)
    assert found.snapshot_revision == (snapshot_at or 0)
    return state
