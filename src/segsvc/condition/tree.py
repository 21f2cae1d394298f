"""The condition tree: AllOf, AnyOf and Not over leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf

AnyLeaf: TypeAlias = AttributeLeaf | BehaviorLeaf | NetSpendLeaf | SegmentLeaf | SampleLeaf
"""The union of all leaf kinds."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """True when every child is; needs at least one."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True when some child is; needs at least one."""

    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The live contacts for whom the child is not true."""

    child: Condition


Condition: TypeAlias = AllOf | AnyOf | Not | AnyLeaf


def leaves(condition: Condition) -> Iterator[AnyLeaf]:
    """Yield every leaf, from left to right, repeats included."""
    match condition:
        case AllOf(children) | AnyOf(children):
            for child in children:
                yield from leaves(child)
        case Not(child):
            yield from leaves(child)
        case _:
            yield condition


def depth(condition: Condition) -> int:
    """Return the levels of the tree; a lone leaf is 1."""
    match condition:
        case AllOf(children) | AnyOf(children):
            return 1 + max(map(depth, children), default=0)
        case Not(child):
            return 1 + depth(child)
        case _:
            return 1


def describe(condition: Condition) -> str:
    """Say *condition* in the text form, which `segsvc.condition.language` reads back."""
    match condition:
        case AllOf(children):
            return _joined("and", children)
        case AnyOf(children):
            return _joined("or", children)
        case Not(child):
            return f"not ({describe(child)})"
        case _:
            return condition.describe()


def _joined(word: str, children: tuple[Condition, ...]) -> str:
    if len(children) == 1:
        return f"{'all' if word == 'and' else 'any'} ({describe(children[0])})"
    return f" {word} ".join(_operand(child) for child in children)


def _operand(child: Condition) -> str:
    words = describe(child)
    many = isinstance(child, AllOf | AnyOf) and len(child.children) > 1
    return f"({words})" if many else words
