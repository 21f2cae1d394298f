"""One pass over the segments: from leaves whose answers changed to members who did."""

from __future__ import annotations

from typing import NamedTuple

from segsvc.bitmap import Bitmap
from segsvc.segment.lanes import Lanes
from segsvc.segment.leaf_answers import LeafAnswer
from segsvc.segment.membership import Membership, Source


class Move(NamedTuple):
    """Who entered and left one segment, as sets of the sweep's lanes and as bitmaps."""

    came: int
    went: int
    entered: Bitmap
    left: Bitmap


class Sweep:
    """Who of the contacts in doubt is in what now, and was before.

    A *pair* is both in one int: who is in now, and shifted by the width of the lanes who was. A
    segment's pair follows from those of what it reads, so that one run of its program tells its
    members now and before; its bitmap is written to, and read only when its condition is new.

    Args:
        contacts: who may have changed anywhere.
        new: who was nowhere before.
        changed: whose answers differ from before, by leaf.
    """

    def __init__(self, contacts: Bitmap, new: Bitmap, changed: dict[LeafAnswer, Bitmap]) -> None:
        self.lanes = Lanes(contacts)
        self.moved: dict[Membership, Move] = {}
        self._width = self.lanes.width
        self._everybody = self._pair(self.lanes.all, self.lanes.all & ~self.lanes.bits(new))
        self._pairs: dict[Source, int] = {}
        self._changed = changed

    def imagine(self, held: Membership, members: Bitmap, before: Bitmap) -> None:
        """Let all that reads *held* find *members* there, and that it had others *before*."""
        self._pairs[held] = self._pair(self.lanes.bits(members), self.lanes.bits(before))

    def visit(self, held: Membership, *, is_new: bool = False) -> bool:
        """Ask who of the contacts in doubt is in *held*; note and return whether that changed.

        Everything that *held* reads was visited.

        Args:
            is_new: whether its condition is; then its bitmap says who was in.
        """
        pair = held.program(self._everybody, self._read)
        now = pair & self.lanes.all
        before = self.lanes.bits(held.members) if is_new else pair >> self._width
        differing = now ^ before
        if differing:
            self._pairs[held] = self._pair(now, before)
            came, went = now & differing, before & differing
            bitmaps = self.lanes.bitmap(came), self.lanes.bitmap(went)
            self.moved[held] = Move(came, went, *bitmaps)
        return differing != 0

    def _pair(self, now: int, before: int) -> int:
        return now | before << self._width

    def _read(self, source: Source) -> int:
        pair = self._pairs.get(source)
        if pair is None:
            now = self.lanes.bits(source.members)
            changed = isinstance(source, LeafAnswer) and self._changed.get(source)
            before = now ^ self.lanes.bits(changed) if changed else now
            pair = self._pairs[source] = self._pair(now, before)
        return pair
