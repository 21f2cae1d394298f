"""One segment's members, and how they follow from leaves and other segments."""

from __future__ import annotations

from typing import TypeAlias

from segsvc.bitmap import Bitmap
from segsvc.condition.tree import Condition
from segsvc.segment.leaf_answers import LeafAnswer
from segsvc.segment.program import Program


class Membership:
    """One segment's members, and how they follow from leaves and other segments.

    Attributes:
        members: changed in place.
        paths: each leaf's path in the condition, and what keeps its answer.
        holds_for_none: whether a contact is in of whom nothing is written.
    """

    __slots__ = (
        "answers", "condition", "holds_for_none", "members", "name", "paths", "program", "reads",
    )  # fmt: skip

    def __init__(self, name: str, members: Bitmap) -> None:
        self.name = name
        self.members = members
        self.condition: Condition | None = None
        self.program: Program[Source]
        self.answers: tuple[LeafAnswer, ...] = ()
        self.reads: tuple[Membership, ...] = ()
        self.paths: tuple[tuple[str, Source], ...] = ()
        self.holds_for_none = False

    def sources(self) -> tuple[Source, ...]:
        """Return what it rests on."""
        return *self.answers, *self.reads


Source: TypeAlias = LeafAnswer | Membership
"""What keeps the answer of a leaf of a condition."""
