"""What runs for a condition: And and Or over positive leaves, and one flag for the complement.

A Not costs nothing: it turns the flag, and meets And and Or by De Morgan's laws. Every And has an
operand that is not complemented and an Or has no other, so no complement in the universe is ever
made; a complemented plan is counted by subtraction. Nested groups of one kind are one group, and
equal operands are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from segsvc.condition.polarity import positive
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not


@dataclass(frozen=True, slots=True)
class Both:
    """The contacts of all *positives* (at least one) but not of any of *negatives*."""

    positives: tuple[Node, ...]
    negatives: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """The contacts of any of *parts* (at least two)."""

    parts: tuple[Node, ...]


Node: TypeAlias = Both | Either | AnyLeaf


@dataclass(frozen=True, slots=True)
class Plan:
    """The contacts of *node*, or all others when *complemented*."""

    node: Node
    complemented: bool = False


def compile_condition(condition: Condition) -> Plan:
    """Return the plan of a condition."""
    match condition:
        case AllOf(children):
            return _all(map(compile_condition, children))
        case AnyOf(children):
            return _turned(_all(_turned(compile_condition(child)) for child in children))
        case Not(child):
            return _turned(compile_condition(child))
        case _:
            return Plan(*positive(condition))


def _turned(plan: Plan) -> Plan:
    return Plan(plan.node, not plan.complemented)


def _all(plans: Iterable[Plan]) -> Plan:
    positives: dict[Node, None] = {}
    negatives: dict[Node, None] = {}
    for plan in plans:
        match plan:
            case Plan(Both(held, less), False):
                positives.update(dict.fromkeys(held))
                negatives.update(dict.fromkeys(less))
            case Plan(Either(parts), True):
                negatives.update(dict.fromkeys(parts))
            case Plan(node, complemented):
                (negatives if complemented else positives)[node] = None
    if not positives:
        parts = tuple(negatives)
        return Plan(Either(parts) if len(parts) > 1 else parts[0], complemented=True)
    if len(positives) == 1 and not negatives:
        return Plan(next(iter(positives)))
    return Plan(Both(tuple(positives), tuple(negatives)))


def leaves_of(node: Node) -> Iterator[AnyLeaf]:
    """Yield every leaf of a node, repeats included."""
    match node:
        case Both(positives, negatives):
            for child in (*positives, *negatives):
                yield from leaves_of(child)
        case Either(parts):
            for child in parts:
                yield from leaves_of(child)
        case _:
            yield node
