"""What is wrong with a condition, as field paths of the contract. Invalid ones never run."""

from __future__ import annotations

from collections.abc import Iterator

from segsvc.condition.anniversary import AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.boolean import BooleanTest
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberTest
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.text import MAX_VALUES, TextTest
from segsvc.condition.text_set import TextSetTest
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not
from segsvc.domain.errors import ConditionInvalid, Violation
from segsvc.domain.schema import Schema

MAX_LEAVES = 500
"""Different leaves of one condition; equal leaves are one."""

MAX_DEPTH = 16
"""Levels of one condition; a lone leaf is 1."""

_TEST_FIELDS: dict[type, str] = {
    TextTest: "text",
    NumberTest: "number",
    InstantTest: "instant",
    DateTest: "date",
    AnniversaryTest: "anniversary",
    BooleanTest: "boolean",
    TextSetTest: "text_set",
}
_NODE_FIELDS: dict[type, str] = {
    AllOf: "all_of",
    AnyOf: "any_of",
    Not: "not",
    BehaviorLeaf: "behavior",
    NetSpendLeaf: "net_spend",
    SegmentLeaf: "segment",
    SampleLeaf: "sample",
}


def node_path(path: str, node: Condition) -> str:
    """Return the path of the kind of *node*, which stands at *path*: ``condition.all_of``."""
    if isinstance(node, AttributeLeaf):
        return _joined(path, _TEST_FIELDS[type(node.test)])
    return _joined(path, _NODE_FIELDS[type(node)])


def child_path(path: str, node: Condition, place: int) -> str:
    """Return the path of a child of *node*: ``condition.all_of.children[2]``."""
    child = "child" if isinstance(node, Not) else f"children[{place}]"
    return f"{node_path(path, node)}.{child}"


def children_of(node: Condition) -> tuple[Condition, ...]:
    """Return the children of *node*; a leaf has none."""
    match node:
        case AllOf(children) | AnyOf(children):
            return children
        case Not(child):
            return (child,)
        case _:
            return ()


def check(
    condition: Condition, schema: Schema, prefix: str = "condition", *, limited: bool = True
) -> list[Violation]:
    """Return everything that is wrong with *condition*, in the order of its tree.

    *prefix* is the path of the condition itself; "" gives paths relative to it. The limits on
    leaves and levels are left out when not *limited*: conditions made by inlining are exempt.
    Whether a referenced segment exists is for the segment catalog to say.
    """
    found: list[Violation] = []
    different: set[AnyLeaf] = set()
    too_deep: str | None = None
    for path, node, level in _walk(condition, prefix, MAX_DEPTH if limited else None):
        if isinstance(node, AllOf | AnyOf):
            if not node.children:
                where = f"{node_path(path, node)}.children"
                found.append(Violation(where, "needs at least one child", "MISSING"))
        elif not isinstance(node, Not):
            different.add(node)
            at = node_path(path, node)
            found += _leaf_violations(node, schema, at)
        if limited and level == MAX_DEPTH and too_deep is None and children_of(node):
            too_deep = child_path(path, node, 0)
    if too_deep is not None:
        deeper = f"is deeper than {MAX_DEPTH} levels"
        found.append(Violation(too_deep, deeper, "LIMIT_EXCEEDED"))
    if limited and len(different) > MAX_LEAVES:
        has = f"has {len(different):,} different leaves; at most {MAX_LEAVES} are allowed"
        found.append(Violation(prefix, has, "LIMIT_EXCEEDED"))
    return found


def _is_known_to_fit(condition: Condition, schema: Schema) -> bool:
    """Whether nothing can be wrong: every leaf was checked before, and no limit is near."""
    waiting, nodes = [(condition, 1)], 0
    while waiting:
        node, level = waiting.pop()
        nodes += 1
        children = children_of(node)
        if children:
            if level >= MAX_DEPTH or nodes > MAX_LEAVES:
                return False
            waiting += [(child, level + 1) for child in children]
        elif isinstance(node, AllOf | AnyOf | Not) or _fits.get(node) is not schema:
            return False
    return nodes <= MAX_LEAVES


def _leaf_violations(leaf: AnyLeaf, schema: Schema, path: str) -> list[Violation]:
    if _fits.get(leaf) is schema:
        return []
    found = [
        Violation(_joined(path, problem.path), problem.description, problem.reason)
        for problem in leaf.check(schema)
    ]
    if not found:
        if len(_fits) >= _MOST_KNOWN:
            _fits.clear()
        _fits[leaf] = schema
    return found


_MOST_KNOWN = 4_096
_fits: dict[AnyLeaf, Schema] = {}
"""Leaves that were found right by the schema they were last checked against."""


def require_valid(
    condition: Condition, schema: Schema, prefix: str = "condition", *, limited: bool = True
) -> None:
    """Raise unless *condition* may be evaluated.

    Raises:
        ConditionInvalid: with all violations that `check` finds.
    """
    if limited and _is_known_to_fit(condition, schema):
        return
    violations = check(condition, schema, prefix, limited=limited)
    if violations:
        raise ConditionInvalid(tuple(violations))


def _walk(
    condition: Condition, prefix: str, deepest: int | None
) -> Iterator[tuple[str, Condition, int]]:
    """Yield (path, node, level) from left to right, not below the level *deepest*.

    A loop and no recursion: what is checked may be deeper than Python's stack.
    """
    waiting = [(prefix, condition, 1)]
    while waiting:
        path, node, level = waiting.pop()
        yield path, node, level
        if level != deepest:
            below = [
                (child_path(path, node, place), child, level + 1)
                for place, child in enumerate(children_of(node))
            ]
            waiting.extend(reversed(below))


def _joined(path: str, field: str) -> str:
    return f"{path}.{field}" if path and field else path or field


__all__ = [
    "MAX_DEPTH",
    "MAX_LEAVES",
    "MAX_VALUES",
    "check",
    "child_path",
    "children_of",
    "node_path",
    "require_valid",
]
