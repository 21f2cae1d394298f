"""Write the condition of a segment into those that read it, and keep what comes out readable.

A chain of conditions written into each other nests deeper than any of them. Readers of protobuf
refuse messages nested deeper than 100, and a level takes two. So a condition that gets too deep is
turned into an equal one that is shallower: for a part S of a condition F in which S stands under
an even number of Nots, F = F[S:=false] or (S and F[S:=true]); under an odd number
F = F[S:=true] or (not S and F[S:=false]). A cut in the middle halves the levels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from segsvc.condition.check import children_of
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not, depth, leaves
from segsvc.domain.errors import LimitExceeded

MAX_LEVELS = 40
"""Levels of a condition made by inlining; below stand 7 more messages, above at most 4."""

MAX_TEXT_BYTES = 2**20
"""Bytes of the leaves of a condition made by inlining, each in its text form."""

MAX_LEAVES = 5_000
"""Leaves of a condition made by inlining, repeats included."""

_MIN_WAY = 6
"""A cut adds up to three levels, so a shorter way is not worth one."""

_MIN_LEVELS = 4
_ROOM = 4 * MAX_LEAVES
"""Leaves that may be looked at in all while a condition is pressed."""

Truth: TypeAlias = Condition | bool
"""A condition, or what holds for everybody or nobody."""


def inline(condition: Condition, segment_id: str, replacement: Condition) -> Condition:
    """Put *replacement* in place of every leaf that reads *segment_id*; membership stays.

    Raises:
        LimitExceeded: what comes out is beyond `MAX_TEXT_BYTES` or `MAX_LEAVES`.
    """
    times = sum(
        isinstance(leaf, SegmentLeaf) and leaf.segment_id == segment_id
        for leaf in leaves(condition)
    )
    outer, inner = _size(condition), _size(replacement)
    _check_size(outer[0] + times * inner[0], outer[1] + times * inner[1])
    return shallow(_put(condition, segment_id, replacement), MAX_LEVELS)


def shallow(condition: Condition, levels: int) -> Condition:
    """Return a condition of at most so many *levels* that is true for the same contacts.

    Raises:
        LimitExceeded: it would be beyond `MAX_TEXT_BYTES` or `MAX_LEAVES`, or there is no way.
    """
    found = _Press().pressed(condition, levels)
    _check_size(*_size(found))
    return found


def _check_size(size: int, count: int) -> None:
    if size > MAX_TEXT_BYTES:
        raise LimitExceeded("bytes of a condition made by inlining", MAX_TEXT_BYTES, size)
    if count > MAX_LEAVES:
        raise LimitExceeded("leaves of a condition made by inlining", MAX_LEAVES, count)


def _size(condition: Condition) -> tuple[int, int]:
    """Return the bytes of all leaves in their text form, and how many leaves there are."""
    known: dict[AnyLeaf, int] = {}
    total = count = 0
    for leaf in leaves(condition):
        if leaf not in known:
            known[leaf] = len(leaf.describe().encode())
        total += known[leaf]
        count += 1
    return total, count


def _put(condition: Condition, segment_id: str, replacement: Condition) -> Condition:
    match condition:
        case AllOf(children) | AnyOf(children):
            put = [_put(child, segment_id, replacement) for child in children]
            if all(new is old for new, old in zip(put, children, strict=True)):
                return condition
            return type(condition)(
                tuple(
                    part
                    for new, old in zip(put, children, strict=True)
                    for part in ((new,) if new is old else _parts(new, type(condition)))
                )
            )
        case Not(child):
            inner = _put(child, segment_id, replacement)
            return condition if inner is child else _negated(inner)
        case SegmentLeaf(held, not_in) if held == segment_id:
            return _negated(replacement) if not_in else replacement
        case _:
            return condition


def _parts(condition: Condition, kind: type[AllOf | AnyOf]) -> tuple[Condition, ...]:
    """Return the operands that *condition* contributes to a group of *kind*."""
    return children_of(condition) if isinstance(condition, kind) else (condition,)


def _negated(condition: Condition) -> Condition:
    return condition.child if isinstance(condition, Not) else Not(condition)


def _opposite(truth: Truth) -> Truth:
    return not truth if isinstance(truth, bool) else _negated(truth)


def _group(kind: type[AllOf | AnyOf], operands: Iterable[Truth]) -> Truth:
    """Join operands, leaving out those that decide nothing."""
    deciding = kind is AnyOf
    kept: list[Condition] = []
    for operand in operands:
        if operand is deciding:
            return deciding
        if not isinstance(operand, bool):
            kept.extend(_parts(operand, kind))
    if len(kept) < 2:
        return kept[0] if kept else not deciding
    return kind(tuple(dict.fromkeys(kept)))


def _rebuilt(node: Condition, change: Callable[[Condition], Truth]) -> Truth:
    """Return *node* with every child changed."""
    match node:
        case AllOf(children) | AnyOf(children):
            return _group(type(node), map(change, children))
        case Not(child):
            return _opposite(change(child))
        case _:
            return node


class _Press:
    """Presses one condition; counts what it looks at, so that it ends soon."""

    def __init__(self) -> None:
        self._seen = 0

    def pressed(self, node: Condition, levels: int) -> Condition:
        """Return an equal condition of at most *levels*."""
        if depth(node) <= levels:
            return node
        self._seen += sum(1 for _ in leaves(node))
        if levels < _MIN_LEVELS or self._seen > _ROOM:
            raise LimitExceeded("levels of a condition made by inlining", MAX_LEVELS, depth(node))
        way = _way(node, levels)
        if len(way) < _MIN_WAY:
            return _some(_rebuilt(node, lambda child: self.pressed(child, levels - 1)))
        way = way[: min(len(way), depth(node) // 2) + 1]
        inner, negated = way[-1], sum(isinstance(held, Not) for held in way[:-1]) % 2 == 1
        without, given = (_with(way, truth) for truth in (negated, not negated))
        held = _opposite(inner) if negated else inner
        return _some(
            _group(
                AnyOf,
                (
                    self._part(without, levels - 1),
                    _group(AllOf, (self._part(held, levels - 2), self._part(given, levels - 2))),
                ),
            )
        )

    def _part(self, truth: Truth, levels: int) -> Truth:
        return truth if isinstance(truth, bool) else self.pressed(truth, levels)


def _some(truth: Truth) -> Condition:
    assert not isinstance(truth, bool), "only parts of a condition become constant by a cut"
    return truth


def _way(node: Condition, levels: int) -> list[Condition]:
    """Return the nodes from *node* down, as long as a single child of each is too deep."""
    way = [node]
    while True:
        room = levels - len(way)
        deep = [child for child in children_of(way[-1]) if depth(child) > max(room, 0)]
        if len(deep) != 1:
            return way
        way.append(deep[0])


def _with(way: list[Condition], truth: Truth) -> Truth:
    """Return the first node of *way* with *truth* in place of the last."""

    def put(place: int, child: Condition) -> Truth:
        if child is not way[place]:
            return child
        return truth if place == len(way) - 1 else _rebuilt(child, partial(put, place + 1))

    return put(0, way[0])
