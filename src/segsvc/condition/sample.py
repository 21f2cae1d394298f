"""The sample leaf: a stable x% of contacts by salted hash."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from segsvc.bitmap import Bitmap, Faces
from segsvc.condition.quoting import quote
from segsvc.condition.view import Actual, Problem, Reads, View
from segsvc.domain.decimals import plain
from segsvc.domain.schema import Schema

_COST = 2.0
MAX_SALT_BYTES = 64


@dataclass(frozen=True, slots=True)
class SampleLeaf:
    """The contacts whose hash, salted with *salt*, falls into the first *percent* of its range."""

    salt: str
    percent: Decimal

    @property
    def below(self) -> int:
        """Hashes less than this are in: floor(percent% x 2^64)."""
        return math.floor(Fraction(self.percent) / 100 * 2**64)

    def matches(self, view: View, at: int, within: Bitmap | None) -> Bitmap:
        """See `Leaf.matches`."""
        return view.sample(self.salt, self.below, within)

    def holders(self, view: View, at: int) -> Faces:
        """See `Leaf.holders`."""
        return view.sampled(self.salt, self.below)

    def reads(self) -> Reads:
        """See `Leaf.reads`."""
        return Reads()

    def cost(self, view: View, at: int) -> float:
        """See `Leaf.cost`."""
        return _COST

    def prepare(self, view: View, at: int) -> Iterator[None]:
        """See `Leaf.prepare`: it never takes long."""
        return iter(())

    def next_edge(self, view: View, ordinal: int, after: int) -> int | None:
        """See `Leaf.next_edge`."""
        return None

    def flips(self, view: View, since: int, until: int) -> Bitmap:
        """See `Leaf.flips`."""
        return Bitmap()

    def next_flip(self, view: View, at: int) -> int | None:
        """See `Leaf.next_flip`."""
        return None

    def prepare_flips(self, view: View) -> Iterator[None]:
        """See `Leaf.prepare_flips`: time does not change it."""
        return iter(())

    def actuals(self, view: View, ordinal: int, at: int) -> tuple[Actual, ...]:
        """See `Leaf.actuals`."""
        held = ordinal in view.sample(self.salt, self.below, Bitmap([ordinal]))
        return (Actual("sampled", held),)

    def describe(self) -> str:
        """See `Leaf.describe`."""
        return f"sample {plain(self.percent)}% salted {quote(self.salt)}"

    def check(self, schema: Schema) -> Iterator[Problem]:
        """See `Leaf.check`."""
        if not 0 <= self.percent <= 100:
            yield Problem("percent", "must lie between 0 and 100")
        if len(self.salt.encode()) > MAX_SALT_BYTES:
            yield Problem("salt", f"must be at most {MAX_SALT_BYTES} bytes of UTF-8")
