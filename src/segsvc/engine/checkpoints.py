"""Snapshots: when one is due, and taking it while reads and writes go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from segsvc.domain.errors import StorageFailed
from segsvc.engine.allocator import give_back
from segsvc.engine.codec import Codec
from segsvc.engine.state import StoreState
from segsvc.engine.write import CommitLoop
from segsvc.segment.delta import Changes
from segsvc.storage import Storage, StoredChanges

log = structlog.get_logger()

_MOST_UNUSED = 2**27
"""Freed bytes that the allocator may keep after a snapshot, besides the room for answers."""


@dataclass(frozen=True, slots=True)
class CheckpointPolicy:
    """When a snapshot is taken by itself: after so many payload bytes of a store's journal."""

    journal_bytes: int = 256 * 2**20
    """At least; and as many as the snapshot before wrote, so that snapshots of a store that
    changes all over never cost more than the writes they cover."""
    keep_changes: int = 7 * 86_400
    """Seconds for which membership changes stay readable; the next snapshot drops older ones."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A snapshot that was taken."""

    store_id: str
    revision: int
    bytes: int
    held_ms: float
    """How long writes were held."""


@dataclass(slots=True)
class _Known:
    """What is known of the latest snapshot of one store."""

    revision: int = 0
    bytes: int = 0
    journal_bytes: int = 0
    """Payload bytes that were journaled since."""


@dataclass(slots=True)
class Checkpoints:
    """The snapshots of all stores of an engine, one at a time."""

    storage: Storage
    commits: CommitLoop
    codec: Codec
    policy: CheckpointPolicy
    in_thread: Callable[..., Awaitable[Any]]
    """Runs a blocking storage call outside the event loop."""
    _known: dict[str, _Known] = field(default_factory=dict)
    _taking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def recovered(self, store_id: str, revision: int) -> None:
        """Note at which revision a store's latest snapshot was taken."""
        self._known[store_id] = _Known(revision)

    def forget(self, store_id: str) -> None:
        """Forget a deleted store."""
        self._known.pop(store_id, None)

    def covers(self, state: StoreState) -> bool:
        """Whether the latest snapshot holds all that the store does."""
        return self._of(state).revision >= state.revision

    def is_due(self, state: StoreState, journaled: int) -> bool:
        """Take note of more payload bytes in the journal; return whether a snapshot should follow.

        Not while one is taken.
        """
        known = self._of(state)
        known.journal_bytes += journaled
        enough = max(self.policy.journal_bytes, known.bytes)
        return known.journal_bytes >= enough and not self._taking.locked()

    def _of(self, state: StoreState) -> _Known:
        return self._known.setdefault(state.store_id, _Known())

    async def take(self, state: StoreState) -> Checkpoint:
        """Store a snapshot of one store while reads and writes go on, and trim its journal.

        Raises:
            StorageFailed: also while ticks that memberships went through could not be journaled.
        """
        loop = asyncio.get_running_loop()
        store_id = state.store_id
        async with self._taking:
            too_old = state.at - self.policy.keep_changes
            floor = await self.in_thread(self.storage.last_change_before, store_id, too_old)
            async with self.commits.between_turns():
                if state.owed:
                    raise StorageFailed(f"ticks of store {store_id!r} wait to be journaled")
                began = loop.time()
                state.compacted = max(state.compacted, floor)
                frozen = state.freeze(self.codec)
                revision, at = state.revision, state.at
                stored, unstored = state.changes.stored, state.changes.unstored(revision)
                self._of(state).journal_bytes = 0
                held_ms = (loop.time() - began) * 1_000
            try:
                await self.in_thread(self._store_changes, store_id, stored, unstored)
                size = await self.in_thread(
                    self.storage.write_snapshot, store_id, revision, at, frozen
                )
            finally:
                state.release()
            state.changes.mark_stored(revision)
            known = self._of(state)
            known.revision, known.bytes = revision, size
            await self.in_thread(self.storage.compact_changes, store_id, state.compacted)
            if await self.in_thread(give_back, _MOST_UNUSED + state.evaluation.room):
                state.evaluation.lose_room()
        log.info("checkpoint", store_id=store_id, revision=revision, bytes=size, held_ms=held_ms)
        return Checkpoint(store_id, revision, size, held_ms)

    def _store_changes(self, store_id: str, stored: int, unstored: Sequence[Changes]) -> None:
        rows = [StoredChanges(held.revision, held.at, held.to_bytes()) for held in unstored]
        self.storage.append_changes(store_id, stored, rows)
