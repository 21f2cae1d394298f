"""Numbers, instants, dates and booleans: one fixed-width element per contact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap
from segsvc.condition.view import Value
from segsvc.domain.columns import Bool, BooleanColumn, NumberColumn, UInt32, Values
from segsvc.domain.dates import YEARLESS_LIMIT
from segsvc.domain.decimals import INT64_MAX, INT64_MIN, scaled
from segsvc.domain.predicate import In, Is, MonthDays, Predicate, Present
from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.domain.section import Section, Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.attributes.answer import answer
from segsvc.index.timeline import Timeline

_MS_PER_MILLION = {np.dtype(np.int64): 1.2, np.dtype(np.int32): 0.6, np.dtype(np.int8): 0.1}


class _Fixed:
    """One element per contact; *missing* stands for no value."""

    _dtype: npt.DTypeLike = np.int64
    _missing: int = 0

    def __init__(self, definition: AttributeDefinition) -> None:
        self._definition = definition
        self._values = ChunkedArray(f"attribute/{definition.name}/values", self._dtype)

    def grow(self, contacts: int) -> None:
        self._values.grow(contacts, self._missing)

    def unset(self, ordinals: UInt32) -> None:
        self._values.put(ordinals, self._missing)

    def cost(self, predicate: Predicate) -> float:
        return _MS_PER_MILLION[self._values.dtype] * len(self._values) / 1e6 + 0.02

    def gather(self, ordinals: UInt32) -> tuple[UInt32, Values]:
        held = self._values.live[ordinals]
        places = np.flatnonzero(held != self._missing).astype(np.uint32)
        return places, self._column(held[places])

    def _column(self, elements: npt.NDArray[Any]) -> Values:
        return NumberColumn(elements.astype(np.int64))

    def fill(self, source: int, into: int) -> None:
        held = int(self._values.live[source])
        if int(self._values.live[into]) == self._missing and held != self._missing:
            self._values.put_one(into, held)

    def suggest(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        return []

    def suggest_total(self, prefix: str) -> int:
        return 0

    def present_count(self) -> int:
        return int(np.count_nonzero(self._values.live != self._missing))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        return (self._values,)

    def sections(self) -> tuple[Section, ...]:
        return ()

    def load(self, sections: Sections) -> None:
        self._values.load(sections[self._values.name])

    @property
    def nbytes(self) -> int:
        return self._values.nbytes


class NumberAttribute(_Fixed):
    """Numbers at their scale, or instants in UTC seconds; a separate flag says what is there."""

    def __init__(self, definition: AttributeDefinition) -> None:
        super().__init__(definition)
        self._present = ChunkedArray(f"attribute/{definition.name}/present", np.bool_)
        self._timeline: Timeline | None = None

    def grow(self, contacts: int) -> None:
        """See `AttributeColumn.grow`."""
        super().grow(contacts)
        self._present.grow(contacts, 0)

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`."""
        assert isinstance(values, NumberColumn)
        self._values.put(ordinals, values.values)
        self._present.put(ordinals, True)
        if self._timeline is not None:
            self._timeline.add(values.values, ordinals)

    def unset(self, ordinals: UInt32) -> None:
        """See `AttributeColumn.unset`."""
        super().unset(ordinals)
        self._present.put(ordinals, False)

    def matches(self, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """See `AttributeColumn.matches`."""
        present = answer(self._present, within, lambda flags: flags)
        if isinstance(predicate, Present):
            return present
        assert isinstance(predicate, In)
        low, high = max(predicate.low, INT64_MIN), min(predicate.high, INT64_MAX)
        if low > high:
            return Bitmap()
        inside = answer(self._values, within, lambda values: between(values, low, high))
        return inside & present if low <= self._missing <= high else inside

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`."""
        if not self._present.live[ordinal]:
            return None
        held = int(self._values.live[ordinal])
        is_number = self._definition.type is ValueType.NUMBER
        return scaled(held, self._definition.scale) if is_number else held

    def timeline(self) -> Timeline:
        """Return who has an instant when, made on first use."""
        if self._timeline is None:
            self._timeline = Timeline()
            there = np.flatnonzero(self._present.live).astype(np.uint32)
            self._timeline.add(self._values.live[there], there)
        return self._timeline

    def gather(self, ordinals: UInt32) -> tuple[UInt32, Values]:
        """See `AttributeColumn.gather`."""
        places = np.flatnonzero(self._present.live[ordinals]).astype(np.uint32)
        return places, NumberColumn(self._values.live[ordinals[places]])

    def fill(self, source: int, into: int) -> None:
        """See `AttributeColumn.fill`."""
        if self._present.live[source] and not self._present.live[into]:
            self.set(np.array([into], np.uint32), NumberColumn(self._values.live[[source]]))

    def suggest(self, prefix: str, limit: int) -> list[tuple[str, int]]:
        """See `AttributeColumn.suggest`; numbers and instants have no suggestions."""
        return []

    def present_count(self) -> int:
        """See `AttributeColumn.present_count`."""
        return int(np.count_nonzero(self._present.live))

    def arrays(self) -> tuple[ChunkedArray, ...]:
        """See `AttributeColumn.arrays`."""
        return self._values, self._present

    def load(self, sections: Sections) -> None:
        """See `AttributeColumn.load`."""
        for array in self.arrays():
            array.load(sections[array.name])
        self._timeline = None

    @property
    def nbytes(self) -> int:
        """See `AttributeColumn.nbytes`."""
        timeline = 0 if self._timeline is None else self._timeline.nbytes
        return self._values.nbytes + self._present.nbytes + timeline


def between(values: npt.NDArray[Any], low: int, high: int) -> Bool:
    """Return low <= values <= high, with bounds that fit the dtype clamped to it."""
    limits = np.iinfo(values.dtype)
    if low > limits.max or high < limits.min:
        return np.zeros(len(values), np.bool_)
    inside: Bool = np.ones(len(values), np.bool_)
    if low > limits.min:
        inside = values >= values.dtype.type(low)
    if high < limits.max:
        inside &= values <= values.dtype.type(high)
    return inside


class DateAttribute(_Fixed):
    """Packed dates; 0 is missing."""

    _dtype = np.int32

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`."""
        assert isinstance(values, NumberColumn)
        self._values.put(ordinals, values.values)

    def matches(self, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """See `AttributeColumn.matches`; ranges hold only dates that have a year."""
        match predicate:
            case Present():
                return answer(self._values, within, lambda values: values != 0)
            case In(low, high):
                first = max(low, YEARLESS_LIMIT)
                return answer(self._values, within, lambda values: between(values, first, high))
            case MonthDays(month_days):
                table = np.zeros(10_000, np.bool_)
                table[list(month_days)] = True
                return answer(self._values, within, lambda values: table[values % 10_000])
            case _:
                raise AssertionError(predicate)

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`."""
        return int(self._values.live[ordinal]) or None


class BooleanAttribute(_Fixed):
    """0 false, 1 true, -1 missing."""

    _dtype = np.int8
    _missing = -1

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`."""
        assert isinstance(values, BooleanColumn)
        self._values.put(ordinals, values.values)

    def matches(self, predicate: Predicate, within: Bitmap | None) -> Bitmap:
        """See `AttributeColumn.matches`."""
        if isinstance(predicate, Present):
            return answer(self._values, within, lambda values: values >= 0)
        assert isinstance(predicate, Is)
        wanted = np.int8(predicate.value)
        return answer(self._values, within, lambda values: values == wanted)

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`."""
        held = int(self._values.live[ordinal])
        return None if held < 0 else bool(held)

    def _column(self, elements: npt.NDArray[Any]) -> Values:
        return BooleanColumn(elements.astype(np.bool_))
