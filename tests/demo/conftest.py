"""One generated store that the tests of the generator look at."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pytest

from segsvc.demo.generate import StoreSpec, contact_batches, event_batches

SPEC = StoreSpec(contacts=20_000, events_per_contact=12.0)


@dataclass(frozen=True, slots=True)
class Store:
    """All of a store: contacts as one table, events in batches and as a table by behavior."""

    spec: StoreSpec
    contacts: pa.Table
    batches: list[tuple[str, pa.RecordBatch]]

    @property
    def events(self) -> dict[str, pa.Table]:
        held: dict[str, list[pa.RecordBatch]] = {}
        for behavior, batch in self.batches:
            held.setdefault(behavior, []).append(batch)
        return {behavior: pa.Table.from_batches(parts) for behavior, parts in held.items()}


def make(spec: StoreSpec) -> Store:
    """Generate all of *spec*."""
    contacts = pa.Table.from_batches(contact_batches(spec))
    return Store(spec, contacts, list(event_batches(spec)))


@pytest.fixture(scope="session")
def store() -> Store:
    return make(SPEC)
