"""The leaf about one attribute: a test of the attribute's type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.anniversary import AnniversaryTest
from segsvc.condition.boolean import BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.flips import next_window_flip, window_flips
from segsvc.condition.hashed import hashed_once
from segsvc.condition.instant import InstantTest
from segsvc.condition.number import NumberTest
from segsvc.condition.presence import Presence
from segsvc.condition.quoting import subject_text
from segsvc.condition.text import TextTest
from segsvc.condition.text_set import TextSetTest
from segsvc.condition.view import Actual, Problem, Reads, View, complement
from segsvc.domain.predicate import Predicate
from segsvc.domain.schema import Schema

AttributeTest: TypeAlias = (
    TextTest | NumberTest | InstantTest | DateTest | AnniversaryTest | BooleanTest | TextSetTest
)


@hashed_once
@dataclass(frozen=True, slots=True)
class AttributeLeaf:
    """Contacts whose *attribute* passes *test*: ``country is "Germany"``."""

    attribute: str
    test: AttributeTest
    _hash: int = field(init=False, repr=False, compare=False)

    def matches(self, view: View, at: int, within: Bitmap | None) -> Bitmap:
        """See `Leaf.matches`."""
        if within is None:
            return self.holders(view, at).bitmap
        predicate, negated = self._lower(view, at)
        matched = view.attribute(self.attribute, predicate, within)
        return complement(view, matched, within) if negated else matched

    def holders(self, view: View, at: int) -> Faces:
        """See `Leaf.holders`."""
        predicate, negated = self._lower(view, at)
        found = view.attribute_holders(self.attribute, predicate)
        return Faces(complement(view, found.bitmap, None), view.limit) if negated else found

    def _lower(self, view: View, at: int) -> tuple[Predicate, bool]:
        scale = view.schema.attributes[self.attribute].scale
        return self.test.lower(at, view.calendar, scale)

    def reads(self) -> Reads:
        """See `Leaf.reads`."""
        return Reads(attributes=frozenset({self.attribute}))

    def cost(self, view: View, at: int) -> float:
        """See `Leaf.cost`."""
        return view.attribute_cost(self.attribute, self._lower(view, at)[0])

    def prepare(self, view: View, at: int) -> Iterator[None]:
        """See `Leaf.prepare`."""
        return view.prepare_attribute(self.attribute, self._lower(view, at)[0])

    def next_edge(self, view: View, ordinal: int, after: int) -> int | None:
        """See `Leaf.next_edge`."""
        value = view.value(self.attribute, ordinal)
        return None if value is None else self.test.next_edge(value, after, view.calendar)

    def flips(self, view: View, since: int, until: int) -> Bitmap:
        """See `Leaf.flips`."""
        match self.test:
            case InstantTest(window) if not isinstance(window, Presence):
                parts = [(window, view.attribute_times(self.attribute))]
                return window_flips(parts, since, until, view.calendar)
            case DateTest() | AnniversaryTest():
                turn = self.test.next_turn(since, view.calendar)
                if turn is None or turn > until:
                    return Bitmap()
                return self.matches(view, since, None) ^ self.matches(view, until, None)
            case _:
                return Bitmap()

    def next_flip(self, view: View, at: int) -> int | None:
        """See `Leaf.next_flip`."""
        match self.test:
            case InstantTest(window) if not isinstance(window, Presence):
                parts = [(window, view.attribute_times(self.attribute))]
                return next_window_flip(parts, at, view.calendar)
            case DateTest() | AnniversaryTest():
                return self.test.next_turn(at, view.calendar)
            case _:
                return None

    def prepare_flips(self, view: View) -> Iterator[None]:
        """See `Leaf.prepare_flips`: one sort of a column."""
        return iter(())

    def actuals(self, view: View, ordinal: int, at: int) -> tuple[Actual, ...]:
        """See `Leaf.actuals`."""
        return (Actual(self.attribute, view.value(self.attribute, ordinal)),)

    def describe(self) -> str:
        """See `Leaf.describe`."""
        return self.test.describe(subject_text(self.attribute))

    def check(self, schema: Schema) -> Iterator[Problem]:
        """See `Leaf.check`."""
        definition = schema.attributes.get(self.attribute)
        if definition is None:
            described = f"the store has no attribute {self.attribute!r}"
            yield Problem("attribute", described, "ATTRIBUTE_UNKNOWN")
        elif definition.type not in self.test.types:
            described = f"{self.attribute!r} is a {definition.type} attribute"
            yield Problem("attribute", described, "TYPE_WRONG")
        else:
            for problem in self.test.check():
                yield problem.under("test")
