"""One segment's members, and how they follow from leaves and other segments."""

from __future__ import annotations

from functools import reduce
from itertools import count
from operator import xor
from typing import TypeAlias

from segsvc.bitmap import Bitmap
from segsvc.condition.tree import Condition
from segsvc.segment.leaf_answers import LeafAnswer
from segsvc.segment.program import Program

_VERSIONS = count()


class Membership:
    """One segment's members, and how they follow from leaves and other segments.

    Who enters and leaves is noted at once and put into the bitmap later: when somebody reads it,
    or in turn, so that no revision writes to the bitmaps of all segments, which is mostly waiting
    for memory.

    Attributes:
        version: one that no segment has had before, whenever the members change.
        paths: each leaf's path in the condition, and what keeps its answer.
        holds_for_none: whether a contact is in of whom nothing is written.
    """

    __slots__ = (
        "_members", "_moved", "answers", "condition", "holds_for_none", "name", "paths", "program",
        "reads", "version",
    )  # fmt: skip

    def __init__(self, name: str, members: Bitmap) -> None:
        self.name = name
        self._members = members
        self._moved: list[Bitmap] = []
        self.version = next(_VERSIONS)
        self.condition: Condition | None = None
        self.program: Program[Source]
        self.answers: tuple[LeafAnswer, ...] = ()
        self.reads: tuple[Membership, ...] = ()
        self.paths: tuple[tuple[str, Source], ...] = ()
        self.holds_for_none = False

    @property
    def members(self) -> Bitmap:
        """Who is in, changed in place; all who moved are in it."""
        self.settle()
        return self._members

    @members.setter
    def members(self, members: Bitmap) -> None:
        self._members = members
        self._moved.clear()
        self.version = next(_VERSIONS)

    def move(self, entered: Bitmap, left: Bitmap) -> None:
        """Let contacts in who are not members, and out who are."""
        self._moved += (moved for moved in (entered, left) if moved)
        self.version = next(_VERSIONS)

    def settle(self) -> None:
        """Put those who moved into the bitmap."""
        if self._moved:
            first, *later = self._moved
            self._members ^= reduce(xor, later, first)
            self._moved.clear()

    def sources(self) -> tuple[Source, ...]:
        """Return what it rests on."""
        return *self.answers, *self.reads


Source: TypeAlias = LeafAnswer | Membership
"""What keeps the answer of a leaf of a condition."""
