"""Answers of leaves, kept across reads within a budget of bytes and never stale.

An entry is right at one version of the store's `WriteLog` and at one instant. What was written
since, and whom time moved, is asked again when the leaf is next used; everybody else's answer
stands. An unused entry costs nothing but its bytes.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from segsvc.bitmap import Bitmap, Faces, are_few, combine, copied, room_for
from segsvc.bitmap.combine import Form
from segsvc.condition.moving import moves, turns_at_midnight
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf
from segsvc.condition.view import View
from segsvc.index import WriteLog

_MS_PER_CONTACT = 5e-5
_LEAST = 1_024
"""An answer in doubt for so few contacts is always patched, else only where that is cheaper."""

_ENTRY_BYTES = 500
_FULL_AGAIN_FROM = 0.97
_UNUSED = 2
_WANTED_AFTER = 2
_MOST_ASKED = 4_096


class LiveLeaves(Protocol):
    """Answers of leaves that are maintained anyway, because segments use them."""

    def current(self, leaf: AnyLeaf, at: int) -> Bitmap | None:
        """Return who satisfies *leaf* at *at* by the newest data, not to be changed."""

    def members(self, leaf: SegmentLeaf, at: int) -> tuple[Bitmap, int] | None:
        """Return who is in a segment, and a version that changes when its members do."""


@dataclass(slots=True)
class _Entry:
    """An answer, right at *version* and from *at* to before *due* (None: for good).

    *version* is of the `WriteLog`; for a segment, of its members.
    """

    answer: Faces
    version: int
    at: int
    due: int | None
    owned: bool = True
    """Whether its bytes are there for this answer alone: not while it is the segment's bitmap."""
    nbytes: int = 0
    used: int = 0


class LeafCache:
    """Answers of all stores of a process.

    Where there is no more room, those asked for only once are dropped, then those not asked for
    the longest.
    """

    def __init__(self, limit_bytes: int, form: Form = Form.AUTO) -> None:
        self.limit_bytes = limit_bytes
        """What they may take."""
        self._form = form
        self._held: OrderedDict[tuple[WriteLog, AnyLeaf], _Entry] = OrderedDict()
        """The least recently used first."""
        self._once: OrderedDict[tuple[WriteLog, AnyLeaf], None] = OrderedDict()
        """Of those, whose answers were never asked for again; the oldest first."""
        self._clock = 0
        self._asked: OrderedDict[tuple[WriteLog, AnyLeaf], int] = OrderedDict()
        self.nbytes = 0
        """Bytes of all answers held."""

    def __len__(self) -> int:
        return len(self._held)

    def nbytes_of(self, log: WriteLog) -> int:
        """Return the bytes of the answers of one store."""
        return sum(entry.nbytes for (held, _), entry in self._held.items() if held is log)

    def of(self, log: WriteLog, view: View, live: LiveLeaves, at: int) -> CachedLeaves:
        """Return the answers of one store for a read at *at*."""
        return CachedLeaves(self, log, view, live, at)

    def get(self, key: tuple[WriteLog, AnyLeaf]) -> _Entry | None:
        """Return an entry, as used just now."""
        entry = self._held.get(key)
        if entry is not None:
            self._use(key, entry)
            self._once.pop(key, None)
        return entry

    def _use(self, key: tuple[WriteLog, AnyLeaf], entry: _Entry) -> None:
        self._clock += 1
        entry.used = self._clock
        self._held.move_to_end(key)

    def put(self, key: tuple[WriteLog, AnyLeaf], entry: _Entry) -> None:
        """Hold an entry if it fits."""
        self.drop(key)
        if entry.answer.nbytes + _ENTRY_BYTES <= self.limit_bytes:
            self._held[key] = entry
            self._once[key] = None
            self._use(key, entry)
            self.weigh(entry)

    def weigh(self, entry: _Entry) -> None:
        """Count the bytes of a held entry again; make room over the limit.

        New answers make room for each other first: most are never asked for again.
        """
        self._count(entry)
        while self.nbytes > self.limit_bytes and len(self._once) > 1:
            self.drop(next(iter(self._once)))
        if self.nbytes > self.limit_bytes:
            room = self.limit_bytes * _FULL_AGAIN_FROM  # not a walk through all at each new answer
            self._drop_unused(room)
            self._thin(room)
            while self.nbytes > room:
                self.drop(next(iter(self._held)))

    def _count(self, entry: _Entry) -> None:
        weight = (entry.answer.nbytes if entry.owned else 0) + _ENTRY_BYTES
        self.nbytes += weight - entry.nbytes
        entry.nbytes = weight

    def _thin(self, room: float) -> None:
        """Give up words of sparse sets, as many as need be: their bitmaps are worth more room."""
        for entry in self._held.values():
            if self.nbytes <= room:
                break
            if entry.answer.is_made and entry.answer.has_words and not entry.answer.is_dense:
                entry.answer.to_bitmap()
                self._count(entry)

    def settle(self, entry: _Entry) -> None:
        """Hold an answer that is asked for again in the form that suits it.

        Words combine fastest. Those of sparse sets take more bytes than their bitmaps, and longer
        to make: they are made where that drives out nothing that is still asked for. What was only
        counted so far is made.
        """
        answer = entry.answer
        suits = answer.suits_words and combine.may_go_in_words(answer.limit, self._form)
        if answer.is_made and answer.has_words == suits:
            return
        if not suits:
            answer.to_bitmap()
        elif answer.is_dense or self._has_room(8 * room_for(answer.limit) - entry.nbytes):
            answer.to_words()
            entry.owned = True
        self.weigh(entry)

    def _has_room(self, more: int) -> bool:
        """Whether *more* bytes fit, once answers that nobody asks for any longer are dropped."""
        self._drop_unused(self.limit_bytes - more)
        return self.nbytes + more <= self.limit_bytes

    def _drop_unused(self, room: float) -> None:
        """Drop answers, down to *room* bytes, while each other one was asked for some times since.

        Where more are asked for in turn than fit, none is such a one, and nothing is made only to
        be given up.
        """
        while self.nbytes > room and self._held:
            key = next(iter(self._held))
            if self._clock - self._held[key].used <= _UNUSED * len(self._held):
                break
            self.drop(key)

    def drop(self, key: tuple[WriteLog, AnyLeaf]) -> None:
        """Forget an entry."""
        self._once.pop(key, None)
        gone = self._held.pop(key, None)
        if gone is not None:
            self.nbytes -= gone.nbytes

    def forget(self, log: WriteLog) -> None:
        """Forget everything of one store."""
        for key in [key for key in self._held if key[0] is log]:
            self.drop(key)

    def ask(self, key: tuple[WriteLog, AnyLeaf]) -> int:
        """Return how often a leaf that is not held was asked for before."""
        before = self._asked.pop(key, 0)
        self._asked[key] = before + 1
        if len(self._asked) > _MOST_ASKED:
            self._asked.popitem(last=False)
        return before

    @property
    def is_on(self) -> bool:
        """Whether anything is ever held."""
        return self.limit_bytes > 0


class CachedLeaves:
    """`plan.execute.KeptLeaves` of one store for one read."""

    def __init__(
        self, cache: LeafCache, log: WriteLog, view: View, live: LiveLeaves, at: int
    ) -> None:
        self._cache = cache
        self._log = log
        self._view = view
        self._live = live
        self._at = at

    def find(self, leaf: AnyLeaf) -> Faces | None:
        """See `KeptLeaves.find`."""
        if isinstance(leaf, SegmentLeaf):
            return self._segment(leaf)
        key = (self._log, leaf)
        entry = self._cache.get(key)
        if entry is not None and entry.version == self._log.version and self._is_in_time(entry):
            self._cache.settle(entry)
            return entry.answer
        live = self._live.current(leaf, self._at)
        if live is not None and are_few(len(live), self._view.limit):
            return Faces(live, self._view.limit)
        if entry is not None and self._renew(entry, leaf, live):
            self._cache.settle(entry)
            return entry.answer
        if live is None:
            return None
        answer = Faces(copied(live), self._view.limit)
        self.keep(leaf, answer)
        return answer

    def _segment(self, leaf: SegmentLeaf) -> Faces | None:
        """Return the members of a segment: its bitmap, or words while they are the same."""
        found = self._live.members(leaf, self._at)
        if found is None:
            return None
        members, version = found
        limit, key = self._view.limit, (self._log, leaf)
        entry = self._cache.get(key)
        if entry is not None and entry.version == version and entry.answer.limit == limit:
            self._cache.settle(entry)
            return entry.answer
        answer = Faces(members, limit)
        if self._cache.is_on:
            self._cache.put(key, _Entry(answer, version, self._at, None, owned=False))
        return answer

    def keep(self, leaf: AnyLeaf, answer: Faces) -> None:
        """See `KeptLeaves.keep`. Segment leaves are not kept: their members are."""
        if not self._cache.is_on or isinstance(leaf, SegmentLeaf):
            return
        entry = _Entry(answer, self._log.version, self._at, self._due(leaf))
        self._cache.put((self._log, leaf), entry)

    def is_wanted(self, leaf: AnyLeaf) -> bool:
        """See `KeptLeaves.is_wanted`."""
        return self._cache.is_on and self._cache.ask((self._log, leaf)) >= _WANTED_AFTER

    def _is_in_time(self, entry: _Entry) -> bool:
        return entry.at <= self._at and (entry.due is None or self._at < entry.due)

    def _renew(self, entry: _Entry, leaf: AnyLeaf, live: Bitmap | None) -> bool:
        """Make an entry right for this read; false when the leaf is better asked anew."""
        in_time = self._is_in_time(entry)
        doubtful = self._log.since(leaf.reads(), entry.version)
        if doubtful is None:
            return False
        if not in_time:
            if turns_at_midnight(leaf) or not self._view.times_at_hand(leaf.reads()):
                return False
            doubtful = doubtful | leaf.flips(self._view, entry.at, self._at)
        among = doubtful & self._view.universe()
        if len(among) > _LEAST and (len(among) * _MS_PER_CONTACT > leaf.cost(self._view, self._at)):
            return False
        if doubtful:
            holds = live & among if live is not None else leaf.matches(self._view, self._at, among)
            entry.answer = entry.answer.patched(doubtful, holds, self._view.limit)
            self._cache.weigh(entry)
        if not in_time or doubtful:
            entry.at, entry.due = self._at, self._due(leaf)
        entry.version = self._log.version
        return True

    def _due(self, leaf: AnyLeaf) -> int | None:
        """Return up to which instant an answer of now holds, as far as is told cheaply."""
        if not moves(leaf):
            return None
        if turns_at_midnight(leaf) or self._view.times_at_hand(leaf.reads()):
            return leaf.next_flip(self._view, self._at)
        return self._at + 1
