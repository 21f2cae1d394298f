"""Comparisons of numbers."""

from __future__ import annotations

from typing import Generic, TypeVar

from segsvc.client.values import Number, number
from segsvc.v1 import condition_pb2 as pb

T = TypeVar("T")


class Comparable(Generic[T]):
    """A number to compare; each comparison gives the condition so. Operands are exact."""

    def compared(self, test: pb.NumberTest) -> T:
        """Compare by a test given as its message."""
        raise NotImplementedError

    def equals(self, value: Number) -> T:
        """= value."""
        return self._compare("EQUAL", value)

    def differs_from(self, value: Number) -> T:
        """Everything that does not equal value, a missing number included."""
        return self._compare("NOT_EQUAL", value)

    def __lt__(self, value: Number) -> T:
        return self._compare("LESS", value)

    def __le__(self, value: Number) -> T:
        return self._compare("LESS_OR_EQUAL", value)

    def __gt__(self, value: Number) -> T:
        return self._compare("GREATER", value)

    def __ge__(self, value: Number) -> T:
        return self._compare("GREATER_OR_EQUAL", value)

    def between(self, low: Number, high: Number) -> T:
        """From *low* to *high*, both included."""
        return self._compare("BETWEEN", low, high)

    def _compare(self, operator: str, value: Number, upper: Number | None = None) -> T:
        return self.compared(
            pb.NumberTest(
                operator=f"NUMBER_OPERATOR_{operator}",
                value=number(value),
                upper=None if upper is None else number(upper),
            )
        )
