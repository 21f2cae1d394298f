"""What runs for a condition: And and Or over positive leaves, and one flag for the complement.

A Not costs nothing: it turns the flag, and meets And and Or by De Morgan's laws. Every And has an
operand that is not complemented and an Or has no other, so no complement in the universe is ever
made; a complemented plan is counted by subtraction. Nested groups of one kind are one group, and
equal operands are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from segsvc.condition.polarity import positive
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not


class Both(NamedTuple):
    """The contacts of all *positives* (at least one) but not of any of *negatives*."""

    positives: tuple[Node, ...]
    negatives: tuple[Node, ...] = ()


class Either(NamedTuple):
    """The contacts of any of *parts* (at least two)."""

    parts: tuple[Node, ...]


Node: TypeAlias = Both | Either | AnyLeaf


class Plan(NamedTuple):
    """The contacts of *node*, or all others when *complemented*."""

    node: Node
    complemented: bool = False


_GROUPS = (AllOf, AnyOf, Not)
_positive = lru_cache(maxsize=4_096)(positive)
"""Leaves come back in one tree after another, and decoding remembers them too."""


def compile_condition(condition: Condition) -> Plan:
    """Return the plan of a condition."""
    return Plan(*_compiled(condition, turned=False))


def _compiled(condition: Condition, *, turned: bool) -> tuple[Node, bool]:
    """Return the plan of *condition*, or of its complement when *turned*."""
    if isinstance(condition, AllOf):
        return _all(condition.children, turned, turned=False)
    if isinstance(condition, AnyOf):
        return _all(condition.children, not turned, turned=True)
    if isinstance(condition, Not):
        return _compiled(condition.child, turned=not turned)
    node, complemented = _positive(condition)
    return node, complemented is not turned


def _all(children: tuple[Condition, ...], complemented: bool, *, turned: bool) -> tuple[Node, bool]:
    """Return the And of *children*, or of their complements when *turned*; or all others."""
    positives: dict[Node, None] = {}
    negatives: dict[Node, None] = {}
    for child in children:
        if not isinstance(child, _GROUPS):
            leaf, is_negation = _positive(child)
            (positives if is_negation is turned else negatives)[leaf] = None
            continue
        node, is_negative = _compiled(child, turned=turned)
        if isinstance(node, Both) and not is_negative:
            positives.update(dict.fromkeys(node.positives))
            negatives.update(dict.fromkeys(node.negatives))
        elif isinstance(node, Either) and is_negative:
            negatives.update(dict.fromkeys(node.parts))
        else:
            (negatives if is_negative else positives)[node] = None
    if not positives:
        parts = tuple(negatives)
        return (Either(parts) if len(parts) > 1 else parts[0]), not complemented
    if len(positives) == 1 and not negatives:
        return next(iter(positives)), complemented
    return Both(tuple(positives), tuple(negatives)), complemented


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
