"""From who moved to what is told of it: the deltas of one segment by cause, and their leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from segsvc.bitmap import Bitmap
from segsvc.index import Touched
from segsvc.segment.delta import Cause, Delta
from segsvc.segment.leaf_answers import LeafAnswer
from segsvc.segment.membership import Membership, Source
from segsvc.segment.sweep import Move, Sweep


class _Share(NamedTuple):
    """The part of a segment's changes that has one cause; *lost* are contacts who are gone."""

    cause: Cause
    came: int
    went: int
    lost: Bitmap


_NOBODY = Bitmap()
_STAYED = Move(0, 0, _NOBODY, _NOBODY)


class Telling:
    """What one revision tells of every segment.

    Args:
        sweep: of the revision.
        lost: members who are gone, by segment.
        changed: whose answers differ from those at the last revision, by leaf.
    """

    def __init__(
        self,
        sweep: Sweep,
        lost: dict[Membership, Bitmap],
        touched: Touched,
        changed: dict[LeafAnswer, Bitmap],
    ) -> None:
        self._sweep = sweep
        self._lost = lost
        self._touched = touched
        self._changed = changed
        bits = sweep.lanes.bits
        self._merged = bits(touched.merged) if touched.merged else 0
        self._written = bits(touched.written()) if sweep.moved else 0
        self._differing: dict[Source, int] = {}

    def moved(self) -> Iterator[str]:
        """Yield the ids of segments that somebody entered or left."""
        for held in (*self._sweep.moved, *self._lost):
            yield held.name

    def deltas(self, held: Membership, *, defined: bool) -> list[Delta]:
        """Return the deltas of one segment, of each cause at most one.

        Args:
            defined: whether who changed for no other reason did so by definition.
        """
        move = self._sweep.moved.get(held, _STAYED)
        lost = self._lost.get(held, _NOBODY)
        return [self._delta(held, move, share) for share in self._shares(move, lost, defined)]

    def _shares(self, move: Move, lost: Bitmap, defined: bool) -> Iterator[_Share]:
        """Yield everybody once, by the first cause that fits (SEMANTICS section 6)."""
        came, went = move.came, move.went
        merged = lost & self._touched.merged if lost else lost
        if self._merged or merged:
            share = _Share(Cause.MERGED, came & self._merged, went & self._merged, merged)
            if share.came or share.went or merged:
                yield share
            came, went = came & ~self._merged, went & ~self._merged
        if lost != merged:
            yield _Share(Cause.CONTACT_DELETED, 0, 0, lost - merged)
        if defined and (came or went):
            yield _Share(Cause.DEFINITION, came, went, _NOBODY)
            return
        if (came | went) & self._written:
            yield _Share(Cause.DATA, came & self._written, went & self._written, _NOBODY)
        came, went = came & ~self._written, went & ~self._written
        if came or went:
            yield _Share(Cause.TIME, came, went, _NOBODY)

    def _delta(self, held: Membership, move: Move, share: _Share) -> Delta:
        if (share.came, share.went) == (move.came, move.went):
            entered, left = move.entered, move.left
        else:
            bitmap = self._sweep.lanes.bitmap
            entered, left = bitmap(share.came), bitmap(share.went)
        if share.lost:
            left = left | share.lost
        return Delta(held.name, share.cause, entered, left, tuple(self._leaves(held, share)))

    def _leaves(self, held: Membership, share: _Share) -> Iterator[str]:
        """Yield the paths of the leaves whose answers changed for those who have this cause."""
        if share.cause in {Cause.DATA, Cause.TIME, Cause.MERGED}:
            moved = share.came | share.went
            for path, source in held.paths:
                if self._differ(source) & moved or (
                    share.lost and self._losers(source).intersect(share.lost)
                ):
                    yield path

    def _losers(self, source: Source) -> Bitmap:
        return self._lost.get(source, _NOBODY) if isinstance(source, Membership) else _NOBODY

    def _differ(self, source: Source) -> int:
        """Return who differs in what *source* keeps, of the contacts in doubt."""
        found = self._differing.get(source)
        if found is None:
            if isinstance(source, LeafAnswer):
                changed = self._changed.get(source)
                found = 0 if changed is None else self._sweep.lanes.bits(changed)
            else:
                move = self._sweep.moved.get(source, _STAYED)
                found = move.came | move.went
            self._differing[source] = found
        return found
