"""The segment leaf: in / not in a saved segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.quoting import quote
from segsvc.condition.view import Actual, Problem, Reads, View, complement
from segsvc.domain.schema import Schema

_COST = 0.05


@dataclass(frozen=True, slots=True)
class SegmentLeaf:
    """Contacts who are (*not_in*: are not) members of a segment, at the same revision."""

    segment_id: str
    not_in: bool = False

    def matches(self, view: View, at: int, within: Bitmap | None) -> Bitmap:
        """See `Leaf.matches`."""
        matched = view.segment(self.segment_id, at, within)
        return complement(view, matched, within) if self.not_in else matched

    def holders(self, view: View, at: int) -> Faces:
        """See `Leaf.holders`."""
        return Faces(self.matches(view, at, None), view.limit)

    def reads(self) -> Reads:
        """See `Leaf.reads`."""
        return Reads(segments=frozenset({self.segment_id}))

    def cost(self, view: View, at: int) -> float:
        """See `Leaf.cost`."""
        return _COST

    def prepare(self, view: View, at: int) -> Iterator[None]:
        """See `Leaf.prepare`: members are kept."""
        return iter(())

    def next_edge(self, view: View, ordinal: int, after: int) -> int | None:
        """See `Leaf.next_edge`."""
        return view.segment_next_edge(self.segment_id, ordinal, after)

    def flips(self, view: View, since: int, until: int) -> Bitmap:
        """See `Leaf.flips`; the segment that is read reports its own."""
        return Bitmap()

    def next_flip(self, view: View, at: int) -> int | None:
        """See `Leaf.next_flip`."""
        return None

    def prepare_flips(self, view: View) -> Iterator[None]:
        """See `Leaf.prepare_flips`: its members are kept."""
        return iter(())

    def actuals(self, view: View, ordinal: int, at: int) -> tuple[Actual, ...]:
        """See `Leaf.actuals`."""
        held = ordinal in view.segment(self.segment_id, at, Bitmap([ordinal]))
        return (Actual("member", held),)

    def describe(self) -> str:
        """See `Leaf.describe`."""
        return f"{'not ' if self.not_in else ''}in segment {quote(self.segment_id)}"

    def check(self, schema: Schema) -> Iterator[Problem]:
        """See `Leaf.check`; whether the segment exists is checked against the catalog."""
        if not self.segment_id:
            yield Problem("segment_id", "must not be empty", "MISSING")
