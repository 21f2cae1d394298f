"""Members of every segment, maintained: after each revision exactly those of its instant.

A revision costs what it touched. Leaves that read a written field are asked again about the
contacts written, leaves that time moved about the contacts it moved; whose answer changed is put
to the segments that use the leaf, and whose membership changed to the segments that read those.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from segsvc.bitmap import Bitmap, size_of
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf, Condition
from segsvc.condition.view import View
from segsvc.index import Touched
from segsvc.segment.catalog import Catalog
from segsvc.segment.delta import Cause, Causes, Delta
from segsvc.segment.leaf_answers import LeafAnswer, LeafAnswers, own_leaves
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
        """Everything held, behind what it reads."""
        self._rank: dict[str, int] = {}
        """Places of the segments in the catalog."""
        self._users: dict[LeafAnswer | str, list[str]] = {}
        self._changed: dict[LeafAnswer, Bitmap] = {}
        """Whose answers differ from those at the last revision."""

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
        self._note(changed)
        for segment_id in defined:
            self._hold(segment_id, catalog.get(segment_id).condition, view)
        lost = {held: self._remove(held) for held in removed}
        if defined or removed:
            self._reorder(catalog)
        moved = self._propagate(view, touched, changed, defined)
        by_definition = set(self._order) if everything else self._resting_on(defined)
        deltas = [*self._deltas(touched, moved, defined, by_definition)]
        for segment_id, members in lost.items():
            deltas.append(Delta(segment_id, Cause.DEFINITION, Bitmap(), members))
        return tuple(deltas)

    def close_revision(self) -> None:
        """Begin to note anew which leaves change: everything up to here has its revision."""
        self._changed = {}

    def _note(self, changed: dict[LeafAnswer, Bitmap]) -> None:
        """Note whose answers differ from those at the last revision.

        Steps of time that change no membership make no revision; a replay does not take them, and
        must name the same leaves.
        """
        for held, contacts in changed.items():
            before = self._changed.pop(held, None)
            differing = contacts if before is None else before ^ contacts
            if differing:
                self._changed[held] = differing

    def _deltas(
        self,
        touched: Touched,
        moved: dict[str, tuple[Bitmap, Bitmap]],
        defined: Collection[str],
        by_definition: Collection[str],
    ) -> Iterator[Delta]:
        """Yield the deltas of segments that are there, in the order of the catalog."""
        causes = Causes(touched.merged, touched.deleted, touched.written())
        for segment_id in sorted(
            {*moved, *defined} & self._rank.keys(), key=self._rank.__getitem__
        ):
            entered, left = moved.get(segment_id, _NOBODY)
            is_defined = segment_id in by_definition
            for delta in causes.split(segment_id, entered, left, defined=is_defined):
                yield replace(delta, leaves=self._changed_leaves(delta, moved))
            if segment_id in defined and not (entered or left):
                yield Delta(segment_id, Cause.DEFINITION, Bitmap(), Bitmap())

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

    def _hold(self, name: str, condition: Condition, view: View) -> Membership:
        """Let what is held under *name* follow from *condition*; its members stay what they are."""
        membership = self._held.setdefault(name, Membership(Bitmap()))
        taken = {leaf: self.answers.take(leaf, view) for leaf in own_leaves(condition)}
        self._release(name, membership)
        membership.condition = condition
        membership.answers = tuple(taken.values())
        membership.paths = tuple(leaf_paths(condition))
        membership.holds_for_none = holds_for_none(condition)
        read = (leaf for _, leaf in membership.paths if isinstance(leaf, SegmentLeaf))
        membership.reads = tuple(dict.fromkeys(leaf.segment_id for leaf in read))
        for source in membership.sources():
            self._users.setdefault(source, []).append(name)
        membership.program = program(condition, lambda leaf: self._source(leaf, taken))
        return membership

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

        self._rank = {segment.id: place for place, segment in enumerate(catalog)}
        followed = (name for name in self._held if name not in self._rank)
        self._order = [*followed, *sorted(self._rank, key=rank)]

    def _resting_on(self, defined: Collection[str]) -> set[str]:
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
        moved: dict[str, tuple[Bitmap, Bitmap]],
    ) -> tuple[str, ...]:
        if delta.cause not in {Cause.DATA, Cause.TIME, Cause.MERGED}:
            return ()
        contacts = delta.entered | delta.left
        return tuple(self._paths_touching(delta.segment_id, contacts, moved))

    def _paths_touching(
        self,
        segment_id: str,
        contacts: Bitmap,
        moved: dict[str, tuple[Bitmap, Bitmap]],
    ) -> Iterator[str]:
        for path, leaf in self._held[segment_id].paths:
            if isinstance(leaf, SegmentLeaf):
                entered, left = moved.get(leaf.segment_id, _NOBODY)
                if entered.intersect(contacts) or left.intersect(contacts):
                    yield path
            else:
                answer = self.answers.get(leaf)
                if answer in self._changed and self._changed[answer].intersect(contacts):
                    yield path

    def load(self, view: View, catalog: Catalog, at: int, members: Callable[[str], Bitmap]) -> None:
        """Take over the members that a snapshot held; leaves are answered anew."""
        self.answers.at = at
        for segment in catalog:
            self._held[segment.id] = Membership(members(segment.id))
        for segment in catalog:
            self._hold(segment.id, segment.condition, view)
        self._reorder(catalog)

    def follow(self, name: str, condition: Condition, view: View) -> Bitmap:
        """Return who satisfies *condition*, kept right from the first call with *name* on.

        It is no segment: nobody is told when it changes. *condition* reads no segments.
        """
        held = self._held.get(name)
        if held is None:
            held = self._hold(name, condition, view)
            held.members = _all_of(held, view)
            self._order.insert(0, name)
        return held.members

    def recheck(self, view: View, catalog: Catalog) -> tuple[Delta, ...]:
        """Compare all members with their conditions; correct and return what differs."""
        moved: dict[str, tuple[Bitmap, Bitmap]] = {}
        for segment_id in self._order:
            held = self._held[segment_id]
            now = _all_of(held, view)
            differing = now ^ held.members
            if differing:
                moved[segment_id] = (differing & now, differing - now)
                held.members = now
        return tuple(
            Delta(segment.id, Cause.DEFINITION, *moved[segment.id])
            for segment in catalog
            if segment.id in moved
        )


def _all_of(held: Membership, view: View) -> Bitmap:
    """Evaluate over all contacts, into a bitmap of its own: a program may return what it got."""
    return held.program(Bitmap(view.universe(), optimize=False))


_NOBODY = (Bitmap(), Bitmap())
