"""The read path: one revision, one instant, and the groups of contacts asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from segsvc.bitmap import Bitmap, Expression, Faces, combine
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf, Condition
from segsvc.domain.errors import TimeInThePast
from segsvc.engine.reach import Reach, reach_of
from segsvc.engine.state import SegmentReader, StoreState
from segsvc.plan.execute import Execution, Step
from segsvc.segment.definition import Segment
from segsvc.segment.memberships import Memberships


@dataclass(frozen=True, slots=True)
class SegmentSet:
    """Saved segments combined: in any (*needs_all*: in every) included, in no excluded one."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    needs_all: bool = False


@dataclass(frozen=True, slots=True)
class SavedSegment:
    """The members of one saved segment."""

    segment_id: str


Target: TypeAlias = Condition | SavedSegment | SegmentSet
"""A group of contacts a question is about."""


class Maintained:
    """`plan.leaf_cache.LiveLeaves`: what segments are, and what they rest on."""

    def __init__(self, memberships: Memberships) -> None:
        self._memberships = memberships
        self._answers = memberships.answers

    def current(self, leaf: AnyLeaf, at: int) -> Bitmap | None:
        """See `LiveLeaves.current`."""
        return self._answers.current(leaf, at)

    def members(self, leaf: SegmentLeaf, at: int) -> tuple[Bitmap, int] | None:
        """See `LiveLeaves.members`."""
        if leaf.not_in or not self._memberships.are_exact_at(at):
            return None
        name = leaf.segment_id
        return self._memberships.members(name), self._memberships.version(name)


class Reading:
    """Questions to one store at its newest revision and one instant *as_of*.

    It must be used up before the event loop runs anything else: nothing is copied.
    """

    def __init__(self, state: StoreState, as_of: int, *, traced: bool = False) -> None:
        self.state = state
        self.as_of = as_of
        self.revision = state.revision
        self.view = SegmentReader(state).view
        self.steps: list[Step] | None = [] if traced else None
        evaluation, live = state.evaluation, Maintained(state.memberships)
        self._kept = evaluation.cache.of(state.writes, self.view, live, as_of)
        self.run = Execution(self.view, as_of, self.steps, self._kept, evaluation.form)

    def members(self, target: Target) -> Bitmap:
        """Return the contacts of *target*; do not change it.

        Raises:
            NotFound: a segment does not exist.
        """
        match target:
            case SavedSegment(segment_id):
                return self._saved(self.state.segments.get(segment_id))
            case SegmentSet():
                return combine.members(self._combined(target), self.view.limit)
            case _:
                return self.run.members(target)

    def members_of(self, segment: Segment) -> Bitmap:
        """Return the members of *segment* as it was defined then; do not change it."""
        catalog = self.state.segments
        if segment.id in catalog and catalog.get(segment.id).revision == segment.revision:
            return self._saved(segment)
        return self.run.members(segment.condition)

    def _saved(self, segment: Segment) -> Bitmap:
        """Return members as they are maintained, or evaluated for an instant to come."""
        maintained = self.state.memberships
        if maintained.are_exact_at(self.as_of):
            return maintained.members(segment.id)
        return self.run.members(segment.condition)

    def count(self, target: Target) -> int:
        """Return how many contacts *target* holds."""
        match target:
            case SavedSegment():
                return len(self.members(target))
            case SegmentSet():
                return combine.count(self._combined(target), self.view.limit)
            case _:
                return self.run.count(target)

    def _combined(self, target: SegmentSet) -> Expression:
        included, excluded = map(self._faces, (target.include, target.exclude))
        if target.needs_all:
            return combine.Both(included, excluded)
        return combine.Both((combine.Either(included),), excluded)

    def _faces(self, ids: tuple[str, ...]) -> tuple[Faces, ...]:
        return tuple(self._face(self.state.segments.get(held)) for held in ids)

    def _face(self, segment: Segment) -> Faces:
        held = self._kept.find(SegmentLeaf(segment.id))
        return Faces(self._saved(segment), self.view.limit) if held is None else held

    def reach(self) -> Reach:
        """Return who can be reached by e-mail and by SMS."""
        return reach_of(self.state.memberships, self.view)


def instant_of_read(state: StoreState, now: int, asked: int | None) -> int:
    """Return the instant a read answers for: *asked*, or the clock's *now*.

    Raises:
        TimeInThePast: *asked* lies before now.
    """
    current = max(now, state.at)
    if asked is None:
        return current
    if asked < current:
        raise TimeInThePast("as_of", current)
    return asked
