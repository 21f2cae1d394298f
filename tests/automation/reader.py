"""A consumer of entry streams that knows when it has seen all there is."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.client import Entries, Entry, Store


@dataclass
class Reader:
    """Reads what is there now, and acknowledges when it is told to."""

    store: Store

    def batches(self, trigger_id: str, after: int | None = None) -> list[Entries]:
        """Return everything up to the last sequence there is."""
        position = self.store.trigger(trigger_id).trigger.position
        start = position.acknowledged_sequence if after is None else after
        found: list[Entries] = []
        if start >= position.last_sequence:
            return found
        for batch in self.store.entries(trigger_id, after=after):
            found.append(batch)
            if batch.through_sequence >= position.last_sequence:
                break
        return found

    def entries(self, trigger_id: str, after: int | None = None) -> list[Entry]:
        """Return the entries of `batches`."""
        return [held for batch in self.batches(trigger_id, after) for held in batch.entries]

    def who(self, trigger_id: str) -> list[str]:
        """Return who entered and is not acknowledged, as ``contact CAUSE``."""
        return [f"{held.contact_id} {held.cause}" for held in self.entries(trigger_id)]

    def take(self, trigger_id: str) -> list[str]:
        """Return `who`, and acknowledge all of it."""
        batches = self.batches(trigger_id)
        if batches:
            self.store.ack_entries(trigger_id, batches[-1].through_sequence)
        return [f"{held.contact_id} {held.cause}" for batch in batches for held in batch.entries]
