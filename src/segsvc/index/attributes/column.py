"""What every attribute column can do."""

from __future__ import annotations

from typing import Protocol

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.view import Value
from segsvc.domain.columns import UInt32, Values
from segsvc.domain.predicate import Predicate
from segsvc.domain.section import Section, Sections
from segsvc.index.array import ChunkedArray


class AttributeColumn(Protocol):
    """One attribute of all contacts, by ordinal."""

    def grow(self, contacts: int) -> None:
        """Make room for ordinals below *contacts*; new ones have no value."""

    def set(self, ordinals: UInt32, values: Values) -> None:
        """Set values; *ordinals* are distinct."""

    def unset(self, ordinals: UInt32) -> None:
        """Unset values; *ordinals* are distinct."""

    def holders(self, predicate: Predicate) -> Faces:
        """Return the contacts whose value satisfies *predicate*."""

    def matches(self, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """Return the contacts (of *within*) whose value satisfies *predicate*."""

    def foresee(self) -> None:
        """Leave to `Ranges.upkeep` what would make answers quicker, before anybody asks."""

    def cost(self, predicate: Predicate) -> float:
        """Guess the milliseconds of `holders`."""

    def value(self, ordinal: int) -> Value | None:
        """Return one contact's value; None when missing."""

    def gather(self, ordinals: UInt32) -> tuple[UInt32, Values]:
        """Return which places of *ordinals* have a value (ascending), and those values."""

    def fill(self, source: int, into: int) -> None:
        """Give *into* the value of *source* if it has none of its own; sets unite."""

    def suggest(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Return the most frequent values that start with *prefix*, with contact counts."""

    def suggest_total(self, prefix: str) -> int:
        """Return how many values start with *prefix* in all."""

    def present_count(self) -> int:
        """Return how many contacts have a value."""

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """Return the arrays a snapshot keeps."""

    def sections(self) -> tuple[Section, ...]:
        """Return what a snapshot keeps besides the arrays."""

    def load(self, sections: Sections) -> None:
        """Replace everything by what a snapshot held."""

    @property
    def nbytes(self) -> int:
        """Bytes held."""
