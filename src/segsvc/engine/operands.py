"""What each child of an And or Or is worth."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.bitmap import Bitmap
from segsvc.condition.tree import AllOf, AnyOf
from segsvc.plan.execute import Execution


@dataclass(frozen=True, slots=True)
class OperandCount:
    """Contacts of a child alone, of the whole without it, and of the children up to it."""

    alone: int
    without: int
    running: int


def operand_counts(run: Execution, tree: AllOf | AnyOf) -> tuple[int, list[OperandCount]]:
    """Return the count of *tree* and the counts of its children, in order."""
    answers = [run.members(child) for child in tree.children]
    is_and = isinstance(tree, AllOf)
    universe = run.view.universe()
    before = _running(answers, is_and, universe)
    after = _running(answers[::-1], is_and, universe)[::-1]
    total = len(before[-1])
    found = []
    for place, answer in enumerate(answers):
        left, right = before[place], after[place + 1]
        without = len(left & right) if is_and else len(left | right)
        found.append(OperandCount(len(answer), without, len(before[place + 1])))
    return total, found


def _running(answers: list[Bitmap], is_and: bool, universe: Bitmap) -> list[Bitmap]:
    """Return the combination of the first 0, 1, 2 ... answers."""
    held = [universe.copy() if is_and else Bitmap()]
    for answer in answers:
        held.append(held[-1] & answer if is_and else held[-1] | answer)
    return held
