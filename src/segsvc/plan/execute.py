"""Answer a condition with bitmap operations, cheapest first.

An AllOf starts with the cheapest child and hands what is left over to the next as `within`, as
soon as it is small enough that gathering beats a scan. Equal leaves are answered once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter_ns

from segsvc.bitmap import Bitmap
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not, describe
from segsvc.condition.view import View

PUSH_DOWN = 32
"""A leaf is answered within what is left when that is under 1 / PUSH_DOWN of the universe."""

_NODE_COST = 0.02


@dataclass(frozen=True, slots=True)
class Step:
    """One executed operation: what it did, in which form, how long it took."""

    operation: str
    label: str
    cardinality: int
    within: int | None
    estimated_ms: float
    microseconds: float
    representation: str


@dataclass(slots=True)
class Execution:
    """One run of one or more conditions over a view at one instant.

    *steps* collects what was done, in order, when it is a list.
    """

    view: View
    at: int
    steps: list[Step] | None = None
    _answers: dict[AnyLeaf, Bitmap] = field(default_factory=dict)

    def members(self, condition: Condition, within: Bitmap | None = None) -> Bitmap:
        """Return the contacts (of *within*) for whom *condition* is true; do not change it."""
        match condition:
            case AllOf(children):
                return self._all_of(children, within)
            case AnyOf(children):
                return self._any_of(children, within)
            case Not(child):
                return self._not(child, within)
            case _:
                return self._leaf(condition, within)

    def count(self, condition: Condition) -> int:
        """Return how many contacts satisfy *condition*."""
        if not isinstance(condition, AllOf) or len(condition.children) < 2:
            return len(self.members(condition))
        *first, last = self._ordered(condition.children)
        left = self._narrow(first, None)
        if self._pushes(left) or self.steps is not None:
            return len(self._narrow([last], left))
        if isinstance(last, Not):
            return len(left) - int(left.intersection_cardinality(self.members(last.child)))
        return int(left.intersection_cardinality(self.members(last)))

    def cost(self, condition: Condition) -> float:
        """Guess the milliseconds that *condition* takes over the whole store."""
        match condition:
            case AllOf(children) | AnyOf(children):
                return _NODE_COST * len(children) + sum(map(self.cost, children))
            case Not(child):
                return _NODE_COST + self.cost(child)
            case _:
                return 0.0 if condition in self._answers else condition.cost(self.view, self.at)

    def _ordered(self, children: tuple[Condition, ...]) -> list[Condition]:
        return sorted(children, key=self.cost)

    def _pushes(self, left: Bitmap) -> bool:
        return len(left) * PUSH_DOWN <= len(self.view.universe())

    def _all_of(self, children: tuple[Condition, ...], within: Bitmap | None) -> Bitmap:
        started = perf_counter_ns()
        left = self._narrow(self._ordered(children), within)
        self._note("and", f"{len(children)} operands", left, within, 0.0, started)
        return left

    def _narrow(self, ordered: list[Condition], within: Bitmap | None) -> Bitmap:
        left = within
        for child in ordered:
            if left is not None and not left:
                break
            narrow = left if left is not None and self._pushes(left) else within
            if isinstance(child, Not):
                base = self.view.universe() if left is None else left
                left = base - self.members(child.child, narrow)
            else:
                answer = self.members(child, narrow)
                left = answer if left is None or narrow is left else left & answer
        assert left is not None, "an AllOf has a child"
        return left

    def _any_of(self, children: tuple[Condition, ...], within: Bitmap | None) -> Bitmap:
        started = perf_counter_ns()
        found = Bitmap.union(*(self.members(child, within) for child in children))
        self._note("or", f"{len(children)} operands", found, within, 0.0, started)
        return found

    def _not(self, child: Condition, within: Bitmap | None) -> Bitmap:
        started = perf_counter_ns()
        base = self.view.universe() if within is None else within
        found = base - self.members(child, within)
        self._note("not", "complement", found, within, 0.0, started)
        return found

    def _leaf(self, leaf: AnyLeaf, within: Bitmap | None) -> Bitmap:
        known = self._answers.get(leaf)
        if known is not None:
            return known if within is None else known & within
        estimated = leaf.cost(self.view, self.at) if self.steps is not None else 0.0
        started = perf_counter_ns()
        found = leaf.matches(self.view, self.at, within)
        self._note("leaf", describe(leaf), found, within, estimated, started)
        if within is None:
            self._answers[leaf] = found
        return found

    def _note(
        self,
        operation: str,
        label: str,
        found: Bitmap,
        within: Bitmap | None,
        estimated_ms: float,
        started: int,
    ) -> None:
        if self.steps is not None:
            size = None if within is None else len(within)
            took = (perf_counter_ns() - started) / 1_000
            self.steps.append(
                Step(operation, label, len(found), size, estimated_ms, took, _form(found))
            )


def _form(found: Bitmap) -> str:
    """Say in which Roaring containers most of *found* lies."""
    kinds = found.get_statistics()
    sizes = {
        "roaring arrays": kinds["n_values_array_containers"],
        "roaring bitsets": kinds["n_values_bitset_containers"],
        "roaring runs": kinds["n_values_run_containers"],
    }
    return max(sizes, key=lambda name: sizes[name]) if found else "empty"


@dataclass(frozen=True, slots=True)
class NodeCount:
    """How many contacts satisfy one node of a condition, alone."""

    path: str
    label: str
    count: int


def node_counts(run: Execution, condition: Condition, path: str) -> Iterator[NodeCount]:
    """Count every node of *condition*, parents first; *path* is the field path of its root."""
    yield NodeCount(path, describe(condition), len(run.members(condition)))
    for child_path, child in children_of(condition, path):
        yield from node_counts(run, child, child_path)


def children_of(condition: Condition, path: str) -> Iterator[tuple[str, Condition]]:
    """Yield the children of a node with the field paths that the contract gives them."""
    match condition:
        case AllOf(children):
            for place, child in enumerate(children):
                yield f"{path}.all_of.children[{place}]", child
        case AnyOf(children):
            for place, child in enumerate(children):
                yield f"{path}.any_of.children[{place}]", child
        case Not(child):
            yield f"{path}.not.child", child
        case _:
            return
