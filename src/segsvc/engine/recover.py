"""Bring a store back: the latest whole snapshot, then the journal after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Protocol

from segsvc.domain.errors import StorageFailed
from segsvc.domain.ids import StoreId
from segsvc.domain.record import JournalRecord, RecordKind
from segsvc.domain.section import Sections
from segsvc.engine.apply import apply_record, new_store
from segsvc.engine.codec import Codec
from segsvc.engine.evaluation import Evaluation
from segsvc.engine.state import StoreState


class StoredSnapshot(Protocol):
    """A whole snapshot, read back and verified."""

    @property
    def revision(self) -> int:
        """The revision it holds."""

    @property
    def facts(self) -> dict[str, Any]:
        """What `FrozenState.facts` held."""

    @property
    def sections(self) -> Sections:
        """What `FrozenState.sections` held."""


class StoredHistory(Protocol):
    """What recovery needs of storage."""

    def latest_snapshot(self, store_id: str) -> StoredSnapshot | None:
        """Return the latest whole snapshot, if there is one."""

    def read_journal(self, store_id: str, after_revision: int) -> Iterator[JournalRecord]:
        """Yield the records after a revision, in order, each verified."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was brought back, for the log and for operators."""

    store_id: str
    revision: int
    snapshot_revision: int
    records_replayed: int
    requests_replayed: int
    poisoned: int
    seconds: float
    replayed_rules: frozenset[str] = frozenset()
    """The rules under which the replayed records were accepted."""

    def facts(self) -> dict[str, Any]:
        """Return it for the log."""
        return {**asdict(self), "replayed_rules": sorted(self.replayed_rules)}


class Unapplied(Exception):
    """The last record of a journal cannot be applied; everything before it can.

    The server may have died after it became durable and before a POISONED record emptied it.
    """

    def __init__(self, record: JournalRecord) -> None:
        super().__init__(record.store_id, record.revision)
        self.record = record


def recover_store(
    history: StoredHistory, store_id: str, codec: Codec, evaluation: Evaluation | None = None
) -> tuple[StoreState, Recovered]:
    """Return the state of a store as its history tells it.

    Raises:
        StorageFailed: when the journal has a gap or does not begin where it must, or holds a
            record that cannot be applied though others follow it.
        Unapplied: when that is the last one.
    """
    started = perf_counter()
    snapshot = history.latest_snapshot(store_id)
    state: StoreState | None = None
    if snapshot is not None:
        parts = (snapshot.facts, snapshot.sections)
        state = StoreState.load(StoreId(store_id), *parts, codec, evaluation)
    base = 0 if state is None else state.revision
    emptied = _poisoned(history, store_id, base)
    records = requests = 0
    rules = set()
    journal = history.read_journal(store_id, base)
    for record in journal:
        try:
            if state is None:
                state = _begin(store_id, record, evaluation)
            else:
                _replay(state, record, codec, emptied)
        except StorageFailed:
            raise
        except Exception as broken:
            if next(journal, None) is None:
                raise Unapplied(record) from broken
            raise StorageFailed(
                f"revision {record.revision} of store {store_id!r} cannot be applied: {broken!r}"
            ) from broken
        records += 1
        rules.add(record.header.rules)
        requests += len(record.header.requests)
    if state is None:
        raise StorageFailed(f"store {store_id!r} has neither a snapshot nor a journal")
    return state, Recovered(
        store_id,
        state.revision,
        base,
        records,
        requests,
        len(emptied),
        perf_counter() - started,
        frozenset(rules),
    )


def _poisoned(history: StoredHistory, store_id: str, base: int) -> frozenset[int]:
    return frozenset(
        int(record.header.facts["revision"])
        for record in history.read_journal(store_id, base)
        if record.kind is RecordKind.POISONED
    )


def _begin(store_id: str, record: JournalRecord, evaluation: Evaluation | None) -> StoreState:
    if record.kind is not RecordKind.STORE:
        raise StorageFailed(f"the journal of store {store_id!r} lacks its beginning")
    return new_store(StoreId(store_id), record, evaluation)


def _replay(
    state: StoreState, record: JournalRecord, codec: Codec, emptied: frozenset[int]
) -> None:
    if record.revision != state.revision + 1:
        raise StorageFailed(
            f"the journal of store {state.store_id!r} jumps from revision {state.revision} "
            f"to {record.revision}"
        )
    if record.revision in emptied:
        state.reach(record)
    else:
        apply_record(state, record, codec)
