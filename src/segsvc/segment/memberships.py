"""Members of every segment, maintained: after each revision exactly those of its instant.

A revision costs what it touched. Leaves that read a written field are asked again about the
contacts written, leaves that time moved about the contacts it moved; whose answer changed is put
to the segments that use the leaf, and whose membership changed to the segments that read those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from segsvc.bitmap import Bitmap, size_of
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf, Condition, leaves
from segsvc.condition.view import View
from segsvc.index import Touched
from segsvc.segment.catalog import Catalog
from segsvc.segment.definition import Segment
from segsvc.segment.delta import Cause, Causes, Delta
from segsvc.segment.leaf_answers import LeafAnswer, LeafAnswers
from segsvc.segment.program import Program, Source, holds_for_none, leaf_paths, program


class Membership:
    """One segment's members and how they follow from leaves and other segments."""

    __slots__ = ("answers", "condition", "holds_for_none", "members", "paths", "program", "reads")

    def __init__(self, members: Bitmap) -> None:
        self.members = members
        self.condition: Condition | None = None
        self.program: Program
        self.answers: tuple[LeafAnswer, ...] = ()
        self.reads: tuple[str, ...] = ()
        self.paths: tuple[tuple[str, AnyLeaf], ...] = ()
        self.holds_for_none = False

    def sources(self) -> tuple[LeafAnswer | str, ...]:
        """Return the answers and the ids of the segments that it rests on."""
        return *self.answers, *self.reads


class Memberships:
    """The members of all segments of one store at one instant, and what they rest on."""

    def __init__(self) -> None:
        self.answers = LeafAnswers()
        self._held: dict[str, Membership] = {}
        self._order: list[str] = []
        self._users: dict[LeafAnswer | str, list[str]] = {}

    @property
    def at(self) -> int:
        """The instant the members are exact at, and until `due`."""
        return self.answers.at

    @property
    def due(self) -> int | None:
        """The first instant at which time alone may change a membership; None: never."""
        return self.answers.due

    def is_due(self, now: int) -> bool:
        """Whether time alone may have changed a membership by *now*."""
        return self.due is not None and self.due <= now

    def are_exact_at(self, instant: int) -> bool:
        """Whether nothing changes from `at` up to *instant*."""
        return self.at <= instant and (self.due is None or instant < self.due)

    def members(self, segment_id: str) -> Bitmap:
        """Return the members of a segment; not to be changed, and changed by the next revision."""
        return self._held[segment_id].members

    @property
    def nbytes(self) -> int:
        """Bytes held by members, about; the answers they rest on are apart."""
        return sum(size_of(held.members) for held in self._held.values())

    def advance(
        self,
        view: View,
        catalog: Catalog,
        touched: Touched,
        at: int,
        *,
        defined: Sequence[str] = (),
        removed: Sequence[str] = (),
        everything: bool = False,
    ) -> tuple[Delta, ...]:
        """Bring everything to *at*, after writes were applied to the index and the catalog.

        Args:
            defined: segments whose condition is new.
            removed: segments that are gone.
            everything: whether all leaves are doubtful, as after a change of the time zone; what
                that changes is as if it were defined anew.

        Returns:
            What changed, in the order of the catalog, removed segments last.
        """
        changed = self.answers.refresh(view, touched, at, everything=everything)
        lost = {held: self._remove(held) for held in removed}
        for segment_id in defined:
            self._define(view, catalog.get(segment_id))
        if defined or removed:
            self._reorder(catalog)
        moved = self._propagate(view, touched, changed, defined)
        causes = Causes(touched.merged, touched.deleted, touched.written())
        deltas: list[Delta] = []
        by_definition = set(self._order) if everything else self._resting_on(defined)
        for segment in catalog:
            entered, left = moved.get(segment.id, _NOBODY)
            is_defined = segment.id in by_definition
            for delta in causes.split(segment.id, entered, left, defined=is_defined):
                deltas.append(replace(delta, leaves=self._changed_leaves(delta, changed, moved)))
            if segment.id in defined and not (entered or left):
                deltas.append(Delta(segment.id, Cause.DEFINITION, Bitmap(), Bitmap()))
        for segment_id, members in lost.items():
            deltas.append(Delta(segment_id, Cause.DEFINITION, Bitmap(), members))
        return tuple(deltas)

    def _propagate(
        self,
        view: View,
        touched: Touched,
        changed: dict[LeafAnswer, Bitmap],
        defined: Sequence[str],
    ) -> dict[str, tuple[Bitmap, Bitmap]]:
        """Put changed answers to the segments that use them; return (entered, left) by segment."""
        universe = view.universe()
        moved: dict[str, tuple[Bitmap, Bitmap]] = {}
        doubtful: dict[str, Bitmap] = {}
        for held, contacts in changed.items():
            self._doubt(doubtful, self._users.get(held, ()), contacts)
        if touched.created:
            blank = [name for name, held in self._held.items() if held.holds_for_none]
            self._doubt(doubtful, blank, touched.created)
        gone = touched.retired() - universe
        if gone:
            self._doubt(doubtful, self._order, gone)
        self._doubt(doubtful, defined, universe)
        if not doubtful:
            return moved
        for segment_id in self._order:
            if segment_id not in doubtful:
                continue
            contacts, held_by = doubtful[segment_id], self._held[segment_id]
            now = held_by.program(contacts & universe)
            before = held_by.members if segment_id in defined else held_by.members & contacts
            differing = now ^ before
            if differing:
                held_by.members ^= differing
                moved[segment_id] = (differing & now, differing - now)
                self._doubt(doubtful, self._users.get(segment_id, ()), differing)
        return moved

    @staticmethod
    def _doubt(doubtful: dict[str, Bitmap], segments: Iterable[str], contacts: Bitmap) -> None:
        for segment_id in segments:
            held = doubtful.get(segment_id)
            doubtful[segment_id] = contacts if held is None else held | contacts

    def _define(self, view: View, segment: Segment) -> None:
        membership = self._held.setdefault(segment.id, Membership(Bitmap()))
        taken: dict[AnyLeaf, LeafAnswer] = {
            leaf: self.answers.take(leaf, view)
            for leaf in dict.fromkeys(leaves(segment.condition))
            if not isinstance(leaf, SegmentLeaf)
        }
        self._release(segment.id, membership)
        membership.condition = segment.condition
        membership.answers = tuple(taken.values())
        membership.paths = tuple(leaf_paths(segment.condition))
        membership.holds_for_none = holds_for_none(segment.condition)
        read = (leaf for _, leaf in membership.paths if isinstance(leaf, SegmentLeaf))
        membership.reads = tuple(dict.fromkeys(leaf.segment_id for leaf in read))
        for source in membership.sources():
            self._users.setdefault(source, []).append(segment.id)
        membership.program = program(segment.condition, lambda leaf: self._source(leaf, taken))

    def _source(self, leaf: AnyLeaf, taken: dict[AnyLeaf, LeafAnswer]) -> Source:
        if isinstance(leaf, SegmentLeaf):
            read = self._held[leaf.segment_id]
            return lambda: read.members
        answer = taken[leaf]
        return lambda: answer.members

    def _release(self, segment_id: str, membership: Membership) -> None:
        for source in membership.sources():
            users = self._users[source]
            users.remove(segment_id)
            if not users:
                del self._users[source]
        for answer in membership.answers:
            self.answers.drop(answer)
        membership.answers, membership.reads = (), ()

    def _remove(self, segment_id: str) -> Bitmap:
        gone = self._held.pop(segment_id)
        self._release(segment_id, gone)
        return gone.members

    def _reorder(self, catalog: Catalog) -> None:
        """Put segments behind those they read."""
        ranks: dict[str, int] = {}

        def rank(segment_id: str) -> int:
            if segment_id not in ranks:
                reads = self._held[segment_id].reads
                ranks[segment_id] = 1 + max(map(rank, reads), default=0)
            return ranks[segment_id]

        self._order = sorted((segment.id for segment in catalog), key=rank)

    def _resting_on(self, defined: Sequence[str]) -> set[str]:
        """Return the segments in *defined* and all that read them, over any number of steps."""
        found = set(defined)
        if found:
            for segment_id in self._order:
                if not found.isdisjoint(self._held[segment_id].reads):
                    found.add(segment_id)
        return found

    def imagine(self, segment_id: str, members: Bitmap) -> dict[str, tuple[Bitmap, Bitmap]]:
        """Return who would enter and leave, by segment, if a segment had other *members*.

        The segment itself comes first, then those that read it, over any number of steps, whose
        members would change too. Nothing is changed; only contacts who differ are asked about.
        """
        new = {segment_id: members}
        before = self.members(segment_id)
        changes = {segment_id: (members - before, before - members)}
        resting = self._resting_on((segment_id,)) - {segment_id}
        for held_id in filter(resting.__contains__, self._order):
            held = self._held[held_id]
            differ = (side for read in held.reads for side in changes.get(read, ()))
            doubtful = Bitmap.union(Bitmap(), *differ)
            if doubtful and held.condition is not None:
                now = program(held.condition, lambda leaf: self._imagined(leaf, new))(doubtful)
                differing = now ^ (held.members & doubtful)
                if differing:
                    new[held_id] = held.members ^ differing
                    changes[held_id] = (differing & now, differing - now)
        return changes

    def _imagined(self, leaf: AnyLeaf, new: dict[str, Bitmap]) -> Source:
        if isinstance(leaf, SegmentLeaf):
            members = new.get(leaf.segment_id)
            found = self.members(leaf.segment_id) if members is None else members
        else:
            answer = self.answers.get(leaf)
            assert answer is not None, "every leaf of a segment is answered"
            found = answer.members
        return lambda: found

    def _changed_leaves(
        self,
        delta: Delta,
        changed: dict[LeafAnswer, Bitmap],
        moved: dict[str, tuple[Bitmap, Bitmap]],
    ) -> tuple[str, ...]:
        if delta.cause not in {Cause.DATA, Cause.TIME, Cause.MERGED}:
            return ()
        contacts = delta.entered | delta.left
        return tuple(self._paths_touching(delta.segment_id, contacts, changed, moved))

    def _paths_touching(
        self,
        segment_id: str,
        contacts: Bitmap,
        changed: dict[LeafAnswer, Bitmap],
        moved: dict[str, tuple[Bitmap, Bitmap]],
    ) -> Iterator[str]:
        for path, leaf in self._held[segment_id].paths:
            if isinstance(leaf, SegmentLeaf):
                entered, left = moved.get(leaf.segment_id, _NOBODY)
                if entered.intersect(contacts) or left.intersect(contacts):
                    yield path
            else:
                answer = self.answers.get(leaf)
                if answer in changed and changed[answer].intersect(contacts):
                    yield path

    def warm(self, condition: Condition, view: View) -> Iterator[Sequence[LeafAnswer]]:
        """Answer the leaves of *condition* piece by piece, ahead of defining a segment by it.

        Yields, after each piece, all answers taken so far; `cool` gives them back.
        """
        taken: list[LeafAnswer] = []
        for leaf in dict.fromkeys(leaves(condition)):
            if isinstance(leaf, SegmentLeaf):
                continue
            for place, held in enumerate(self.answers.warm(leaf, view)):
                if not place:
                    taken.append(held)
                yield taken

    def cool(self, taken: Iterable[LeafAnswer]) -> None:
        """Give back what `warm` took."""
        for held in taken:
            self.answers.drop(held)

    def load(self, view: View, catalog: Catalog, at: int, members: Callable[[str], Bitmap]) -> None:
        """Take over the members that a snapshot held; leaves are answered anew."""
        self.answers.at = at
        for segment in catalog:
            self._held[segment.id] = Membership(members(segment.id))
        for segment in catalog:
            self._define(view, segment)
        self._reorder(catalog)

    def recheck(self, view: View, catalog: Catalog) -> tuple[Delta, ...]:
        """Compare all members with their conditions; correct and return what differs."""
        moved: dict[str, tuple[Bitmap, Bitmap]] = {}
        for segment_id in self._order:
            held = self._held[segment_id]
            now = held.program(view.universe())
            differing = now ^ held.members
            if differing:
                moved[segment_id] = (differing & now, differing - now)
                held.members = now
        return tuple(
            Delta(segment.id, Cause.DEFINITION, *moved[segment.id])
            for segment in catalog
            if segment.id in moved
        )


_NOBODY = (Bitmap(), Bitmap())
