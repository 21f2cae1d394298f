"""Answers of leaves, kept right as data arrives and as time passes, shared by all segments."""

from __future__ import annotations

from collections.abc import Iterator

from segsvc.bitmap import Bitmap, add_to, copied, size_of
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf, Condition, leaves
from segsvc.condition.view import View
from segsvc.index import Touched


class LeafAnswer:
    """One leaf and the contacts for whom it is true at the instant of its `LeafAnswers`.

    Attributes:
        members: changed in place.
        uses: how many segments (and builds) need it.
        due: no answer changes by time alone before this instant; None: never.
        blank: the answer for a new contact nothing was written of that the leaf reads; None: not
            known yet, or not the same for all.
        unasked: ordinals (maybe of nobody) that have no answer yet, because the leaf is being
            built; everybody else is kept right.
    """

    __slots__ = ("blank", "due", "leaf", "members", "unasked", "uses")

    def __init__(self, leaf: AnyLeaf, unasked: range) -> None:
        self.leaf = leaf
        self.unasked = unasked
        self.members = Bitmap()
        self.uses = 0
        self.due: int | None = None
        self.blank: bool | None = None

    def put(self, contacts: Bitmap, holds: Bitmap) -> Bitmap:
        """Let the answer be *holds* among *contacts*; return whose answer that changed."""
        changed: Bitmap = (self.members & contacts) ^ holds
        if changed:
            left = changed - holds
            if left:
                self.members -= left
            add_to(self.members, changed & holds)
        return changed


class LeafAnswers:
    """Every leaf of every segment, once. Segment leaves are not here: they read memberships."""

    def __init__(self) -> None:
        self.at = 0
        """The instant that the answers hold for, and up to which time is counted in."""
        self.due: int | None = None
        """The first instant at which time alone may change an answer; None: never."""
        self._held: dict[AnyLeaf, LeafAnswer] = {}
        self._readers: dict[tuple[str, str], dict[LeafAnswer, None]] = {}

    def __len__(self) -> int:
        return len(self._held)

    @property
    def nbytes(self) -> int:
        """Bytes held by the answers, about."""
        return sum(size_of(held.members) for held in self)

    def __iter__(self) -> Iterator[LeafAnswer]:
        return iter(self._held.values())

    def get(self, leaf: AnyLeaf) -> LeafAnswer | None:
        """Return the answer of a leaf that some segment uses."""
        return self._held.get(leaf)

    def current(self, leaf: AnyLeaf, at: int) -> Bitmap | None:
        """Return who satisfies *leaf* at *at*, if that is maintained; not to be changed."""
        held = self._held.get(leaf) if self._held else None
        if held is None or len(held.unasked) or at < self.at:
            return None
        return held.members if held.due is None or at < held.due else None

    def take(self, leaf: AnyLeaf, view: View) -> LeafAnswer:
        """Return the whole answer of *leaf* for one more use."""
        held = self.hold(leaf, view)
        if len(held.unasked):
            self.ask(held, view, None)
        return held

    def hold(self, leaf: AnyLeaf, view: View) -> LeafAnswer:
        """Return the answer of *leaf* for one more use; a new one has nobody's yet."""
        held = self._held.get(leaf)
        if held is None:
            held = self._held[leaf] = LeafAnswer(leaf, range(view.limit))
            for name in _fields(leaf):
                self._readers.setdefault(name, {})[held] = None
            held.due = leaf.next_flip(view, self.at)
            self._find_due()
        held.uses += 1
        return held

    def ask(self, held: LeafAnswer, view: View, limit: int | None) -> None:
        """Answer for the next *limit* ordinals that have no answer yet; None: for everybody."""
        universe = view.universe()
        if limit is None:
            held.members = copied(held.leaf.matches(view, self.at, None))
            held.unasked = range(0)
            return
        among = Bitmap(held.unasked[:limit]) & universe
        held.put(among, held.leaf.matches(view, self.at, among))
        held.unasked = held.unasked[limit:]

    def _find_due(self) -> None:
        dues = [held.due for held in self if held.due is not None]
        self.due = min(dues, default=None)

    def drop(self, held: LeafAnswer) -> None:
        """Give up one use; an unused answer is forgotten."""
        held.uses -= 1
        if not held.uses:
            del self._held[held.leaf]
            for name in _fields(held.leaf):
                del self._readers[name][held]
            self._find_due()

    def refresh(
        self, view: View, touched: Touched, at: int, *, everything: bool = False
    ) -> dict[LeafAnswer, Bitmap]:
        """Bring all answers to the instant *at*, after writes touched contacts.

        Args:
            everything: whether all answers are doubtful, as after a change of the time zone.

        Returns:
            Whose answers changed, by leaf; contacts who are gone aside.
        """
        universe = view.universe()
        gone = touched.retired() - universe
        if gone:
            for held in self:
                held.members -= gone
        doubtful = self._doubtful(view, touched, self.at, at)
        if everything:
            doubtful = dict.fromkeys(self, universe)
        changed = {}
        for held, contacts in doubtful.items():
            among = contacts & universe
            if among:
                differing = held.put(among, held.leaf.matches(view, at, among))
                if differing:
                    changed[held] = differing
        self._renew_due(list(self._changes_when(touched, at, everything=everything)), view, at)
        self.at = at
        return changed

    def _renew_due(self, doubtful: list[LeafAnswer], view: View, at: int) -> None:
        """Ask answers anew when they are due; the others are looked at if the first was theirs."""
        was_first = [held for held in doubtful if held.due is not None and held.due == self.due]
        for held in doubtful:
            held.due = held.leaf.next_flip(view, at)
            if held.due is not None and (self.due is None or held.due < self.due):
                self.due = held.due
        if was_first:
            self._find_due()

    def _doubtful(
        self, view: View, touched: Touched, since: int, at: int
    ) -> dict[LeafAnswer, Bitmap]:
        """Return which contacts must be asked again, by leaf."""
        found: dict[LeafAnswer, Bitmap] = {}
        for name, contacts in _written(touched):
            for held in self._readers.get(name, ()):
                found[held] = found[held] | contacts if held in found else contacts
        for held in self._due_by(at):
            flips = held.leaf.flips(view, since, at)
            found[held] = found[held] | flips if held in found else flips
        if touched.created:
            for held in self:
                if held.blank is False:
                    continue
                blank = touched.created - found[held] if held in found else touched.created
                if blank and self._holds_for_blank(held, view, at, blank) is not False:
                    found[held] = found[held] | blank if held in found else blank
        return found

    def _due_by(self, at: int) -> list[LeafAnswer]:
        """Return the answers that time may have changed by *at*."""
        if self.due is None or self.due > at:
            return []
        return [held for held in self if held.due is not None and held.due <= at]

    def _holds_for_blank(self, held: LeafAnswer, view: View, at: int, blank: Bitmap) -> bool | None:
        if held.blank is None and not isinstance(held.leaf, SampleLeaf):
            held.blank = bool(held.leaf.matches(view, at, Bitmap([blank.min()])))
        return held.blank

    def _changes_when(self, touched: Touched, at: int, *, everything: bool) -> Iterator[LeafAnswer]:
        """Yield the answers that may be due at another instant now."""
        if everything:
            yield from self
            return
        stale = dict.fromkeys(self._due_by(at))
        for name, _ in _written(touched):
            stale.update(self._readers.get(name, {}))
        yield from stale


def own_leaves(condition: Condition) -> tuple[AnyLeaf, ...]:
    """Return the different leaves of *condition* that have answers here."""
    return tuple(
        leaf for leaf in dict.fromkeys(leaves(condition)) if not isinstance(leaf, SegmentLeaf)
    )


def _fields(leaf: AnyLeaf) -> Iterator[tuple[str, str]]:
    reads = leaf.reads()
    for name in sorted(reads.attributes):
        yield "attribute", name
    for name in sorted(reads.behaviors):
        yield "behavior", name


def _written(touched: Touched) -> Iterator[tuple[tuple[str, str], Bitmap]]:
    for name, contacts in touched.attributes.items():
        yield ("attribute", name), contacts
    for name, contacts in touched.behaviors.items():
        yield ("behavior", name), contacts
