"""The sizes of store that the suites run at."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.demo.generate import StoreSpec

STORE = "bench"


@dataclass(frozen=True, slots=True)
class Size:
    """One generated store, and how long to look at each case of it."""

    name: str
    contacts: int
    events_per_contact: float = 10.0
    seconds: float = 0.1
    """For one case in one pass."""
    passes: int = 3
    curve: tuple[int, ...] = ()
    """Contacts of the further stores of the scaling suite."""

    @property
    def spec(self) -> StoreSpec:
        """What the generator is told."""
        return StoreSpec(contacts=self.contacts, events_per_contact=self.events_per_contact)

    @property
    def at(self) -> int:
        """The store's now, in UTC seconds."""
        return self.spec.end


SIZES = {
    held.name: held
    for held in (
        Size("tiny", 1_000, seconds=0.0, passes=2, curve=(1_000, 2_000)),
        Size("100k", 100_000, curve=(30_000, 100_000)),
        Size("1m", 1_000_000, curve=(100_000, 300_000, 1_000_000)),
        Size("10m", 10_000_000, seconds=0.3, curve=(100_000, 1_000_000, 3_000_000, 10_000_000)),
    )
}
