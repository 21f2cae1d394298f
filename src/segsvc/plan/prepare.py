"""What can be done ahead of a condition in short pieces, so that its answer stalls nobody."""

from __future__ import annotations

from collections.abc import Iterator

from segsvc.condition.tree import Condition, leaves
from segsvc.condition.view import View


def prepare(view: View, condition: Condition, at: int) -> Iterator[None]:
    """Do `Leaf.prepare` of every leaf of *condition*, once each."""
    for leaf in dict.fromkeys(leaves(condition)):
        yield from leaf.prepare(view, at)
