"""Explain one contact: true or false per node, the values behind it, and when that next turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segsvc.bitmap import Bitmap
from segsvc.condition.anniversary import AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not, describe, leaves
from segsvc.condition.view import Actual, View
from segsvc.domain.calendar import LAST_INSTANT
from segsvc.plan.execute import Execution, children_of

MAX_EDGES = 5_000
"""How many instants are tried before a next change is given up as too far away."""

_HORIZON = 9 * 366 * 86_400
"""Anniversaries repeat within eight years of leap days; a turn later than that never comes."""


@dataclass(frozen=True, slots=True)
class NodeTruth:
    """What one node says of one contact.

    *next_change* is the instant at which time alone next turns *holds*; None: never. *depth* is 0
    at the root.
    """

    path: str
    label: str
    holds: bool
    actuals: tuple[Actual, ...]
    next_change: int | None
    depth: int
    leaf: bool


def explain_contact(
    view: View, condition: Condition, ordinal: int, at: int, path: str
) -> list[NodeTruth]:
    """Return what every node of *condition* says of one contact, parents first."""
    return list(_truths(view, condition, ordinal, at, path, 0))


def _truths(
    view: View, condition: Condition, ordinal: int, at: int, path: str, depth: int
) -> Iterator[NodeTruth]:
    is_leaf = False
    actuals: tuple[Actual, ...] = ()
    if not isinstance(condition, AllOf | AnyOf | Not):
        is_leaf, actuals = True, condition.actuals(view, ordinal, at)
    yield NodeTruth(
        path,
        describe(condition),
        holds(view, condition, ordinal, at),
        actuals,
        next_change(view, condition, ordinal, at),
        depth,
        is_leaf,
    )
    for child_path, child in children_of(condition, path):
        yield from _truths(view, child, ordinal, at, child_path, depth + 1)


def holds(view: View, condition: Condition, ordinal: int, at: int) -> bool:
    """Whether *condition* is true for one live contact at *at*."""
    return bool(Execution(view, at).members(condition, Bitmap([ordinal])))


def next_change(view: View, condition: Condition, ordinal: int, at: int) -> int | None:
    """Return the first instant after *at* at which time alone turns *condition* for one contact.

    Walks from edge to edge: between two edges of its leaves no answer can turn.
    """
    now = holds(view, condition, ordinal, at)
    instant, last_far = at, at + _HORIZON
    for _ in range(MAX_EDGES):
        edge = next_edge(view, condition, ordinal, instant)
        if edge is None or edge > LAST_INSTANT:
            return None  # no Timestamp can say what comes after the year 9999
        if holds(view, condition, ordinal, edge) is not now:
            return edge
        if edge > last_far and not _has_single_edge(view, condition, ordinal, instant):
            return None
        instant = edge
    return None


def next_edge(view: View, condition: Condition, ordinal: int, after: int) -> int | None:
    """Return the first instant after *after* at which some leaf may turn."""
    edges = (leaf.next_edge(view, ordinal, after) for leaf in dict.fromkeys(leaves(condition)))
    return min((edge for edge in edges if edge is not None), default=None)


def _has_single_edge(view: View, condition: Condition, ordinal: int, after: int) -> bool:
    """Whether a leaf that does not repeat every year still has an edge to come."""
    return any(
        leaf.next_edge(view, ordinal, after) is not None
        for leaf in dict.fromkeys(leaves(condition))
        if not (isinstance(leaf, AttributeLeaf) and isinstance(leaf.test, AnniversaryTest))
    )
