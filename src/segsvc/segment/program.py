"""A segment's condition over kept answers: who, of some contacts, is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from segsvc.bitmap import Bitmap
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not

Program: TypeAlias = Callable[[Bitmap], Bitmap]
"""Returns who of the contacts given satisfies the condition; does not change what it is given."""

Source: TypeAlias = Callable[[], Bitmap]
"""Returns the contacts for whom a leaf is true, or the members of a segment, as they are now."""


def program(condition: Condition, source: Callable[[AnyLeaf], Source]) -> Program:
    """Compile *condition*; *source* says where the answer of each leaf is found.

    For a segment leaf that is the members of its segment, also when the leaf is negated.
    """
    match condition:
        case AllOf(children):
            return _all([program(child, source) for child in children])
        case AnyOf(children):
            return _any([program(child, source) for child in children])
        case Not(child):
            return _not(program(child, source))
        case SegmentLeaf(_, not_in) if not_in:
            return _not(_read(source(condition)))
        case _:
            return _read(source(condition))


def _read(members: Source) -> Program:
    return lambda among: members() & among


def _not(part: Program) -> Program:
    return lambda among: among - part(among)


def _all(parts: list[Program]) -> Program:
    def run(among: Bitmap) -> Bitmap:
        for part in parts:
            if not among:
                break
            among = part(among)
        return among

    return run


def _any(parts: list[Program]) -> Program:
    first, *rest = parts

    def run(among: Bitmap) -> Bitmap:
        found = first(among)
        for part in rest:
            found = found | part(among - found)
        return found

    return run


def holds_for_none(condition: Condition) -> bool:
    """Whether *condition* is true for a contact who is in no leaf's answer and in no segment."""
    match condition:
        case AllOf(children):
            return all(map(holds_for_none, children))
        case AnyOf(children):
            return any(map(holds_for_none, children))
        case Not(child):
            return not holds_for_none(child)
        case SegmentLeaf(_, not_in):
            return not_in
        case _:
            return False


def leaf_paths(condition: Condition, path: str = "") -> Iterator[tuple[str, AnyLeaf]]:
    """Yield each leaf with its path of proto names, which is empty for a lone leaf."""
    start = f"{path}." if path else ""
    match condition:
        case AllOf(children):
            for place, child in enumerate(children):
                yield from leaf_paths(child, f"{start}all_of.children[{place}]")
        case AnyOf(children):
            for place, child in enumerate(children):
                yield from leaf_paths(child, f"{start}any_of.children[{place}]")
        case Not(child):
            yield from leaf_paths(child, f"{start}not.child")
        case _:
            yield path, condition
