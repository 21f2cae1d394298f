"""A segment's condition over kept answers: who, of the contacts in doubt, is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, Self, TypeVar

from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not

Source = TypeVar("Source")
"""What keeps the answer of a leaf."""

Read = TypeVar("Read", covariant=True)


class Contacts(Protocol):
    """A set of contacts: bitmaps, and ints with a bit per contact."""

    def __and__(self, other: Self, /) -> Self: ...
    def __or__(self, other: Self, /) -> Self: ...
    def __xor__(self, other: Self, /) -> Self: ...
    def __bool__(self) -> bool: ...


C = TypeVar("C", bound=Contacts)


class Program(Protocol[Read]):
    """Returns who of some contacts satisfies the condition, given how to read a source."""

    def __call__(self, among: C, read: Callable[[Read], C]) -> C:
        """Ask about *among*, who may be returned itself."""
        ...


def program(condition: Condition, source: Callable[[AnyLeaf], Source]) -> Program[Source]:
    """Compile *condition*; *source* says what keeps the answer of each leaf.

    For a segment leaf that is its segment, also when the leaf is negated.
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


def _read(source: Source) -> Program[Source]:
    return lambda among, read: among & read(source)


def _not(part: Program[Source]) -> Program[Source]:
    return lambda among, read: among ^ part(among, read)


def _all(parts: list[Program[Source]]) -> Program[Source]:
    def run(among: C, read: Callable[[Source], C]) -> C:
        for part in parts:
            if not among:
                break
            among = part(among, read)
        return among

    return run


def _any(parts: list[Program[Source]]) -> Program[Source]:
    def run(among: C, read: Callable[[Source], C]) -> C:
        left = among
        for part in parts:
            left = left ^ part(left, read)
        return among ^ left

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
