"""The deltas that a store must tell, worked out by the oracle alone, revision by revision."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence

from segsvc.bitmap import Bitmap, ordinals_of
from segsvc.engine.state import StoreState
from segsvc.segment.delta import Cause, Changes
from tests.oracle.calendar import Calendar
from tests.oracle.meaning import Meaning
from tests.oracle.twin import Twin
from tests.oracle.world import Footprint, World

HOUR = 3_600
MANY = 30
"""Ticks, or steps between them, of which each is asked about; of more only as many."""

Members = dict[str, frozenset[str]]
Deltas = dict[tuple[str, Cause], tuple[frozenset[str], frozenset[str]]]


class Ledger:
    """Holds the deltas of a store against the oracle, and remembers who was in when."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.revision = twin.state.revision
        self.members: Members = {}
        self.at = twin.world.at
        self.times = {self.revision: self.at}
        """When each revision was that changed something or was the newest."""
        self.gone: list[tuple[int, frozenset[str]]] = []
        """Who was deleted or merged away, at which revision; the ids may be in use again."""
        self._past = copy.deepcopy(twin.world)

    def follow(self, told: Iterable[Changes], *, steps_known: bool) -> None:
        """Check the changes since the last call, in which at most one write was applied.

        Args:
            steps_known: whether time moved on from where it stood at the last call.
        """
        state, world = self.twin.state, self.twin.world
        changes = {held.revision: held for held in told}
        written = self.twin.written_at if self.twin.written_at > self.revision else 0
        if written:
            changes.setdefault(written, Changes(written, state.at, ()))
        ticks = [held for held in changes if held != written]
        asked = set(_some(ticks))
        for revision in sorted(changes):
            held = changes[revision]
            assert self.revision < revision <= state.revision
            assert self.at <= held.at
            before = world if written and revision > written else self._past
            if steps_known:
                self._check_steps(before, held.at, is_tick=revision != written)
            if revision == written:
                self._check(held, world, world.footprint)
            elif revision in asked:
                self._check(held, before, Footprint())
            self._apply(held)
        if steps_known:
            self._check_steps(world, state.memberships.at, is_tick=False)
        self._settle(state, world)

    def still_known(self, members: frozenset[str], revision: int) -> frozenset[str]:
        """Return those of some contacts of *revision* who are still the same contacts."""
        later = (gone for upon, gone in self.gone if upon > revision)
        return members.difference(*later)

    def _settle(self, state: StoreState, world: World) -> None:
        self.revision, self.at = state.revision, state.memberships.at
        self.times[self.revision] = state.at
        now = Meaning(world, self.at)
        expected = {name: frozenset(now.members(held)) for name, held in world.segments.items()}
        assert self.members == expected
        self._past = copy.deepcopy(world)

    def _check(self, held: Changes, world: World, footprint: Footprint) -> None:
        now = Meaning(world, held.at)
        after = {name: frozenset(now.members(tree)) for name, tree in world.segments.items()}
        assert self._told(held) == _due(self.members, after, world, footprint), held.revision

    def _told(self, held: Changes) -> Deltas:
        state = self.twin.state
        found: Deltas = {}
        for delta in held.deltas:
            key = delta.segment_id, delta.cause
            assert key not in found, "one delta for each cause"
            found[key] = ids_of(state, delta.entered), ids_of(state, delta.left)
        return found

    def _apply(self, held: Changes) -> None:
        for (name, _), (entered, left) in self._told(held).items():
            known = self.members.get(name, frozenset())
            assert not entered & known, "nobody enters twice without leaving"
            assert left <= known, "only members leave"
            self.members[name] = (known - left) | entered
        if held.revision == self.twin.written_at:
            footprint, contacts = self.twin.world.footprint, self.twin.world.contacts
            merged_away = footprint.merged - contacts.keys()
            self.gone.append((held.revision, footprint.deleted | merged_away))
            for name in self.members.keys() - self.twin.world.segments:
                assert not self.members.pop(name), "everybody leaves a deleted segment"
        self.revision, self.at = held.revision, held.at
        self.times[held.revision] = held.at

    def _check_steps(self, world: World, to: int, *, is_tick: bool) -> None:
        """Check that no step of time up to *to* changed anything but the tick at *to*."""
        steps = _steps(world.calendar, self.at, to)
        if is_tick:
            assert to in steps, "time moves in steps of an hour that end at midnight"
        for step in _some([held for held in steps if held < to]):
            then = Meaning(world, step)
            for name, known in self.members.items():
                assert then.members(world.segments[name]) == known, (name, step)


def ids_of(state: StoreState, members: Bitmap) -> frozenset[str]:
    """Return the ids of contacts, also of those who are gone."""
    return frozenset(state.index.contacts.ids_of(ordinals_of(members)))


def _due(before: Members, after: Members, world: World, footprint: Footprint) -> Deltas:
    """Return the deltas that lead from *before* to *after* in one revision."""
    found: Deltas = {}
    defined = _resting_on(world, footprint.defined)
    for name in {**before, **after}:
        was, now = before.get(name, frozenset()), after.get(name, frozenset())
        is_defined = footprint.redrawn or name in defined
        for contact_id in was ^ now:
            cause = _cause(contact_id, footprint, is_defined=is_defined)
            entered, left = found.get((name, cause), (frozenset(), frozenset()))
            came, went = frozenset({contact_id} & now), frozenset({contact_id} & was)
            found[name, cause] = entered | came, left | went
        if name in footprint.defined and was == now:
            found[name, Cause.DEFINITION] = frozenset(), frozenset()
    return found


def _cause(contact_id: str, footprint: Footprint, *, is_defined: bool) -> Cause:
    if contact_id in footprint.merged:
        return Cause.MERGED
    if contact_id in footprint.deleted:
        return Cause.CONTACT_DELETED
    if is_defined:
        return Cause.DEFINITION
    return Cause.DATA if contact_id in footprint.written else Cause.TIME


def _resting_on(world: World, defined: frozenset[str]) -> set[str]:
    """Return the segments in *defined* and all that refer to them, over any number of steps."""
    return {
        name
        for name in {*world.segments, *defined}
        if name in defined or (name in world.segments and world.reachable(name) & defined)
    }


def _steps(calendar: Calendar, start: int, target: int) -> Sequence[int]:
    """Return where the steps from *start* to *target* end."""
    return list(_ends(calendar, start, target))


def _ends(calendar: Calendar, start: int, target: int) -> Iterator[int]:
    day = calendar.day(start) + 1
    while start < target:
        while calendar.start(day) <= start:
            day += 1
        start = min(start + HOUR, calendar.start(day), target)
        yield start


def _some(places: Sequence[int]) -> Sequence[int]:
    """Return at most about `MANY` of *places*, the first and the last among them."""
    if len(places) <= MANY:
        return places
    return [*places[:: len(places) // MANY], places[-1]]
