"""Numbers, instants, dates and booleans: one fixed-width element per contact."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.view import Times, Value
from segsvc.domain.columns import Bool, BooleanColumn, Int64, NumberColumn, UInt32, Values
from segsvc.domain.dates import YEARLESS_LIMIT
from segsvc.domain.decimals import INT64_MAX, INT64_MIN, scaled
from segsvc.domain.predicate import In, Is, MonthDays, Predicate, Present
from segsvc.domain.schema import AttributeDefinition, ValueType
from segsvc.domain.section import Section, Sections
from segsvc.index.array import ChunkedArray
from segsvc.index.attributes.answer import Answering
from segsvc.index.intervals import inside
from segsvc.index.ranges import RangeBins, Ranges
from segsvc.index.timeline import Timeline

_MS_PER_MILLION = {np.dtype(np.int64): 1.2, np.dtype(np.int32): 0.6, np.dtype(np.int8): 0.1}


class _Fixed(Answering):
    """One element per contact; *missing* stands for no value."""

    _dtype: npt.DTypeLike = np.int64
    _missing: int = 0

    def __init__(self, definition: AttributeDefinition, ranges: Ranges) -> None:
        self._definition = definition
        self._values = ChunkedArray(f"attribute/{definition.name}/values", self._dtype)
        self._bins = ranges.over(self._size, self._keys)

    def _size(self) -> int:
        return len(self._values)

    def _keys(self, contacts: slice | UInt32) -> tuple[Int64, Bool]:
        values = self._values.live[contacts]
        return values.astype(np.int64), values != self._missing

    def grow(self, contacts: int) -> None:
        self._values.grow(contacts, self._missing)

    def _put(self, ordinals: UInt32, values: npt.NDArray[Any] | int) -> None:
        self._values.put(ordinals, values)
        for bins in self._all_bins():
            bins.wrote(ordinals)

    def unset(self, ordinals: UInt32) -> None:
        self._put(ordinals, self._missing)

    def _all_bins(self) -> tuple[RangeBins, ...]:
        return (self._bins,)

    def foresee(self) -> None:
        for bins in self._all_bins():
            bins.foresee()

    def cost(self, predicate: Predicate) -> float:
        if self._bins.is_ready:
            return self._bins.cost()
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
            self._put(np.array([into], np.uint32), held)

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
        for array in self.arrays():
            array.load(sections[array.name])
        for bins in self._all_bins():
            bins.forget()

    @property
    def nbytes(self) -> int:
        held = sum(bins.nbytes for bins in self._all_bins())
        return held + sum(array.nbytes for array in self.arrays())


class NumberAttribute(_Fixed):
    """Numbers at their scale, or instants in UTC seconds; a separate flag says what is there."""

    def __init__(self, definition: AttributeDefinition, ranges: Ranges) -> None:
        super().__init__(definition, ranges)
        self._present = ChunkedArray(f"attribute/{definition.name}/present", np.bool_)
        self._timeline: Timeline | None = None

    def _keys(self, contacts: slice | UInt32) -> tuple[Int64, Bool]:
        values: Int64 = self._values.live[contacts]
        return values, self._present.live[contacts]

    def grow(self, contacts: int) -> None:
        """See `AttributeColumn.grow`."""
        super().grow(contacts)
        self._present.grow(contacts, 0)

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`."""
        assert isinstance(values, NumberColumn)
        self._present.put(ordinals, True)
        self._put(ordinals, values.values)
        if self._timeline is not None:
            self._timeline.add(values.values, ordinals)

    def unset(self, ordinals: UInt32) -> None:
        """See `AttributeColumn.unset`."""
        self._present.put(ordinals, False)
        super().unset(ordinals)

    def _binned(self, predicate: Predicate) -> Faces | None:
        return self._bins.between(*_bounds(predicate))

    def _passed(self, predicate: Predicate, contacts: slice | UInt32) -> Bool:
        present: Bool = self._present.live[contacts]
        if isinstance(predicate, Present):
            return present
        low, high = _bounds(predicate)
        found = inside(self._values.live[contacts], low, high)
        return found & present if low <= self._missing <= high else found

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`."""
        if not self._present.live[ordinal]:
            return None
        held = int(self._values.live[ordinal])
        is_number = self._definition.type is ValueType.NUMBER
        return scaled(held, self._definition.scale) if is_number else held

    @property
    def has_times(self) -> bool:
        """Whether `times` are at hand."""
        return self._timeline is not None or self._bins.is_ready

    def times(self) -> Times:
        """Return who has an instant when: the bins, or a timeline that is made on first use."""
        if self._timeline is None:
            if self._bins.is_ready:
                return BinnedTimes(self._bins)
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
        super().load(sections)
        self._timeline = None

    @property
    def nbytes(self) -> int:
        """See `AttributeColumn.nbytes`."""
        timeline = 0 if self._timeline is None else self._timeline.nbytes
        return super().nbytes + timeline


class BinnedTimes:
    """`condition.view.Times` of an attribute that has bins."""

    def __init__(self, bins: RangeBins) -> None:
        self._bins = bins

    def between(self, first: int, last: int) -> Bitmap:
        """See `Times.between`."""
        held = self._bins.between(first, last)
        assert held is not None, "there are bins"
        return held.bitmap

    def after(self, instant: int) -> int | None:
        """See `Times.after`."""
        return self._bins.after(instant)


def _bounds(predicate: Predicate) -> tuple[int, int]:
    if not isinstance(predicate, In):
        return INT64_MIN, INT64_MAX
    return max(predicate.low, INT64_MIN), min(predicate.high, INT64_MAX)


class DateAttribute(_Fixed):
    """Packed dates; 0 is missing. Days of the year have bins of their own."""

    _dtype = np.int32

    def __init__(self, definition: AttributeDefinition, ranges: Ranges) -> None:
        super().__init__(definition, ranges)
        self._by_month_day = ranges.over(self._size, self._month_days)

    def _month_days(self, contacts: slice | UInt32) -> tuple[Int64, Bool]:
        values, there = self._keys(contacts)
        return values % 10_000, there

    def _all_bins(self) -> tuple[RangeBins, ...]:
        return self._bins, self._by_month_day

    def set(self, ordinals: UInt32, values: Values) -> None:
        """See `AttributeColumn.set`."""
        assert isinstance(values, NumberColumn)
        self._put(ordinals, values.values)

    def _binned(self, predicate: Predicate) -> Faces | None:
        match predicate:
            case Present():
                return self._bins.present()
            case In(low, high):
                return self._bins.between(max(low, YEARLESS_LIMIT), high)  # only with a year
            case MonthDays(month_days):
                return self._by_month_day.one_of(np.array(sorted(month_days), np.int64))
            case _:
                raise AssertionError(predicate)

    def _passed(self, predicate: Predicate, contacts: slice | UInt32) -> Bool:
        values: npt.NDArray[np.int32] = self._values.live[contacts]
        match predicate:
            case Present():
                there: Bool = values != 0
                return there
            case In(low, high):
                return inside(values, max(low, YEARLESS_LIMIT), high)
            case MonthDays(month_days):
                table = np.zeros(10_000, np.bool_)
                table[list(month_days)] = True
                passed: Bool = table[values % np.int32(10_000)]
                return passed
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
        self._put(ordinals, values.values)

    def _binned(self, predicate: Predicate) -> Faces | None:
        return self._bins.between(*self._flags(predicate))

    def _passed(self, predicate: Predicate, contacts: slice | UInt32) -> Bool:
        return inside(self._values.live[contacts], *self._flags(predicate))

    @staticmethod
    def _flags(predicate: Predicate) -> tuple[int, int]:
        assert isinstance(predicate, Present | Is)
        return (predicate.value, predicate.value) if isinstance(predicate, Is) else (0, 1)

    def value(self, ordinal: int) -> Value | None:
        """See `AttributeColumn.value`."""
        held = int(self._values.live[ordinal])
        return None if held < 0 else bool(held)

    def _column(self, elements: npt.NDArray[Any]) -> Values:
        return BooleanColumn(elements.astype(np.bool_))
