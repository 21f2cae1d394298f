"""What memory goes where: the parts of one store, and the process around them."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.engine.state import StoreState


def parts_of(state: StoreState) -> dict[str, int]:
    """Return the bytes of everything a store keeps in memory, by part."""
    return {
        **state.index.stats().bytes,
        "memberships": state.memberships.nbytes,
        "leaf answers": state.memberships.answers.nbytes,
        "kept answers": state.evaluation.cache.nbytes_of(state.writes),
        "recent changes": state.changes.nbytes,
        "answered requests": state.requests.nbytes,
        "triggers": state.triggers.nbytes,
    }


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Bytes of the whole process. Stores, waiting writes, baseline and unused add up to resident.

    Attributes:
        resident: what the system counts; 0 where it does not say.
        baseline: what was resident before any store was opened: Python, its libraries.
        unused: freed, and kept by the allocator for later.
        waiting: payloads of writes in the queue.
        stores: parts of all stores.
    """

    resident: int
    baseline: int
    unused: int
    waiting: int
    stores: int
