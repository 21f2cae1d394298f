"""Members of every segment, maintained: after each revision exactly those of its instant.

A revision costs what it touched. Leaves that read a written field are asked again about the
contacts written, leaves that time moved about the contacts it moved; whose answer changed is put
to the segments that use the leaf, and whose membership changed to the segments that read those.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush

from segsvc.bitmap import Bitmap, copied, size_of
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf, Condition
from segsvc.condition.view import View
from segsvc.index import Touched
from segsvc.segment.catalog import Catalog
from segsvc.segment.delta import Cause, Delta
from segsvc.segment.leaf_answers import LeafAnswer, LeafAnswers, own_leaves
from segsvc.segment.membership import Membership, Source
from segsvc.segment.program import holds_for_none, leaf_paths, program
from segsvc.segment.sweep import Sweep
from segsvc.segment.telling import Telling

_SETTLED_EVERY = 16
"""Revisions after which those who moved are put into a bitmap that nobody read meanwhile."""


class Memberships:
    """The members of all segments of one store at one instant, and what they rest on."""

    def __init__(self) -> None:
        self.answers = LeafAnswers()
        self._held: dict[str, Membership] = {}
        self._order: list[Membership] = []
        """Everything held, behind what it reads."""
        self._place: dict[Membership, int] = {}
        """In that order."""
        self._rank: dict[str, int] = {}
        """Places of the segments in the catalog."""
        self._users: dict[Source, list[Membership]] = {}
        self._changed: dict[LeafAnswer, Bitmap] = {}
        """Whose answers differ from those at the last revision."""
        self._settled = 0

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

    def version(self, segment_id: str) -> int:
        """Return what was never told of other members, of this or another segment."""
        return self._held[segment_id].version

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
        ended = {held: self._remove(held) for held in removed}
        if defined or removed:
            self._reorder(catalog)
        lost = self._lose(touched.retired() - view.universe())
        new = {self._held[segment_id] for segment_id in defined}
        sweep, anew = self._sweep(view, touched, changed, new)
        by_definition = {*self._held.values()} if everything else new | self._reading(new)
        telling = Telling(sweep, lost, touched, self._changed)
        deltas = [*self._deltas(telling, anew, defined, by_definition)]
        for segment_id, members in ended.items():
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
        telling: Telling,
        anew: dict[Membership, tuple[Bitmap, Bitmap]],
        defined: Collection[str],
        by_definition: Collection[Membership],
    ) -> Iterator[Delta]:
        """Yield the deltas of segments that are there, in the order of the catalog."""
        named = {*telling.moved(), *defined} & self._rank.keys()
        for segment_id in sorted(named, key=self._rank.__getitem__):
            held = self._held[segment_id]
            told = telling.deltas(held, defined=held in by_definition)
            if any(anew.get(held, ())):
                told.append(Delta(segment_id, Cause.DEFINITION, *anew[held]))
            yield from told
            if segment_id in defined and not told:
                yield Delta(segment_id, Cause.DEFINITION, Bitmap(), Bitmap())

    def _lose(self, gone: Bitmap) -> dict[Membership, Bitmap]:
        """Let nobody who is gone be a member; return who was one."""
        lost = {held: held.members & gone for held in self._held.values()} if gone else {}
        for held, members in lost.items():
            held.members -= members
        return {held: members for held, members in lost.items() if members}

    def _sweep(
        self,
        view: View,
        touched: Touched,
        changed: dict[LeafAnswer, Bitmap],
        new: Collection[Membership],
    ) -> tuple[Sweep, dict[Membership, tuple[Bitmap, Bitmap]]]:
        """Put changed answers to the segments that use them, and bring their members up to date.

        Returns:
            What moved, and who entered and left those whose condition is new, if that was asked
            apart: about everybody, in bitmaps.
        """
        universe = view.universe()
        doubtful = {user for answer in changed for user in self._users.get(answer, ())}
        contacts = Bitmap.union(Bitmap(), *changed.values())
        if touched.created:
            blank = [held for held in self._held.values() if held.holds_for_none]
            if blank:
                doubtful.update(blank)
                contacts |= touched.created
        anew: dict[Membership, tuple[Bitmap, Bitmap]] = {}
        if new and (touched.merged or self._reading(doubtful.union(new)).intersection(new)):
            doubtful.update(new)
            contacts = universe
        else:
            doubtful.difference_update(new)
            anew = {held: _asked_anew(held, universe) for held in new}
        imagined = {held for held in anew if held in self._users and any(anew[held])}
        for held in imagined:
            doubtful.update(self._users[held])
            contacts = Bitmap.union(contacts, *anew[held])
        sweep = Sweep(contacts & universe, touched.created, changed)
        for held, moved in anew.items():
            before = copied(held.members) if held in imagined else None
            held.move(*moved)
            if before is not None:
                sweep.imagine(held, held.members, before)
        for held in self._changing(sweep, doubtful, new):
            held.move(sweep.moved[held].entered, sweep.moved[held].left)
        self._settle_some()
        return sweep, anew

    def _changing(
        self, sweep: Sweep, doubtful: set[Membership], new: Collection[Membership] = ()
    ) -> Iterator[Membership]:
        """Visit *doubtful*, and who reads those that change; yield who changes.

        Each is visited behind what it reads. Nobody else costs anything, however many there are.
        """
        waiting = [self._place[held] for held in doubtful]
        heapify(waiting)
        while waiting:
            held = self._order[heappop(waiting)]
            if sweep.visit(held, is_new=held in new):
                yield held
                for user in self._users.get(held, ()):
                    if user not in doubtful:
                        doubtful.add(user)
                        heappush(waiting, self._place[user])

    def _settle_some(self) -> None:
        """Settle the next of all memberships, each one every so many revisions."""
        self._settled = (self._settled + 1) % _SETTLED_EVERY
        for held in self._order[self._settled :: _SETTLED_EVERY]:
            held.settle()

    def _hold(self, name: str, condition: Condition, view: View) -> Membership:
        """Let what is held under *name* follow from *condition*; its members stay what they are."""
        held = self._held.setdefault(name, Membership(name, Bitmap()))
        taken = {leaf: self.answers.take(leaf, view) for leaf in own_leaves(condition)}

        def source(leaf: AnyLeaf) -> Source:
            return self._held[leaf.segment_id] if isinstance(leaf, SegmentLeaf) else taken[leaf]

        self._release(held)
        held.condition = condition
        held.program = program(condition, source)
        held.paths = tuple((path, source(leaf)) for path, leaf in leaf_paths(condition))
        held.answers = tuple(taken.values())
        read = (found for _, found in held.paths if isinstance(found, Membership))
        held.reads = tuple(dict.fromkeys(read))
        held.holds_for_none = holds_for_none(condition)
        for found in held.sources():
            self._users.setdefault(found, []).append(held)
        return held

    def _release(self, held: Membership) -> None:
        for source in held.sources():
            users = self._users[source]
            users.remove(held)
            if not users:
                del self._users[source]
        for answer in held.answers:
            self.answers.drop(answer)
        held.answers, held.reads = (), ()

    def _remove(self, segment_id: str) -> Bitmap:
        gone = self._held.pop(segment_id)
        self._release(gone)
        return gone.members

    def _reorder(self, catalog: Catalog) -> None:
        """Put segments behind those they read."""
        ranks: dict[str, int] = {}

        def rank(segment_id: str) -> int:
            if segment_id not in ranks:
                reads = self._held[segment_id].reads
                ranks[segment_id] = 1 + max((rank(held.name) for held in reads), default=0)
            return ranks[segment_id]

        self._rank = {segment.id: place for place, segment in enumerate(catalog)}
        followed = (name for name in self._held if name not in self._rank)
        self._put_in_order([*followed, *sorted(self._rank, key=rank)])

    def _put_in_order(self, names: Iterable[str]) -> None:
        self._order = [self._held[name] for name in names]
        self._place = {held: place for place, held in enumerate(self._order)}

    def _reading(self, sources: Collection[Membership]) -> set[Membership]:
        """Return all that read one of *sources*, over any number of steps."""
        found: set[Membership] = set()
        if sources:
            for held in self._order:
                if any(read in found or read in sources for read in held.reads):
                    found.add(held)
        return found

    def imagine(self, segment_id: str, members: Bitmap) -> dict[str, tuple[Bitmap, Bitmap]]:
        """Return who would enter and leave, by segment, if a segment had other *members*.

        The segment itself comes first, then those that read it, over any number of steps, whose
        members would change too. Nothing is changed; only contacts who differ are asked about.
        """
        changed = self._held[segment_id]
        before = changed.members
        changes = {segment_id: (members - before, before - members)}
        doubtful = set(self._users.get(changed, ()))
        if doubtful:
            sweep = Sweep(members ^ before, Bitmap(), {})
            sweep.imagine(changed, members, before)
            for held in self._changing(sweep, doubtful):
                changes[held.name] = sweep.moved[held].entered, sweep.moved[held].left
        return changes

    def load(self, view: View, catalog: Catalog, at: int, members: Callable[[str], Bitmap]) -> None:
        """Take over the members that a snapshot held; leaves are answered anew."""
        self.answers.at = at
        for segment in catalog:
            self._held[segment.id] = Membership(segment.id, members(segment.id))
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
            everybody: Bitmap = view.universe()
            found = held.program(everybody, lambda source: source.members)
            held.members = copied(found) if found is everybody else found
            self._put_in_order([name, *(before.name for before in self._order)])
        return held.members

    def recheck(self, view: View, catalog: Catalog) -> tuple[Delta, ...]:
        """Compare all members with their conditions; correct and return what differs."""
        sweep = Sweep(view.universe(), Bitmap(), {})
        moved: dict[str, tuple[Bitmap, Bitmap]] = {}
        for held in self._order:
            if sweep.visit(held, is_new=True):
                moved[held.name] = sweep.moved[held].entered, sweep.moved[held].left
                held.members ^= moved[held.name][0] | moved[held.name][1]
        return tuple(
            Delta(segment.id, Cause.DEFINITION, *moved[segment.id])
            for segment in catalog
            if segment.id in moved
        )


def _asked_anew(held: Membership, everybody: Bitmap) -> tuple[Bitmap, Bitmap]:
    """Return who enters and who leaves *held* by its condition; it is not changed."""
    members = held.members
    now = held.program(everybody, lambda source: source.members)
    return now - members, members - now
