"""How a column answers: with its bins where there are some, else by a comparison per contact."""

from __future__ import annotations

from abc import ABC, abstractmethod

from segsvc.bitmap import Bitmap, Faces, from_sorted, ordinals_of
from segsvc.domain.columns import Bool, UInt32
from segsvc.domain.predicate import Predicate


class Answering(ABC):
    """Answers predicates. Retired contacts hold the missing element, which must not pass."""

    @abstractmethod
    def _size(self) -> int:
        """Return how many contacts the column has room for."""

    @abstractmethod
    def _binned(self, predicate: Predicate) -> Faces | None:
        """Return who satisfies *predicate*, not to be changed; None: there are no bins."""

    @abstractmethod
    def _passed(self, predicate: Predicate, contacts: slice | UInt32) -> Bool:
        """Return which of *contacts* satisfy *predicate* (bool, one each), not to be changed."""

    def holders(self, predicate: Predicate) -> Faces:
        """See `AttributeColumn.holders`."""
        found = self._binned(predicate)
        if found is not None:
            return found
        return Faces.of_mask(self._passed(predicate, slice(None)), self._size())

    def matches(self, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """See `AttributeColumn.matches`."""
        if within is None:
            return self.holders(predicate).bitmap
        ordinals = ordinals_of(within)
        return from_sorted(ordinals[self._passed(predicate, ordinals)])
