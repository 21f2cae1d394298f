"""What can be done ahead of a condition in short pieces, so that its answer stalls nobody."""

from __future__ import annotations

from collections.abc import Iterator

from segsvc.condition.tree import Condition
from segsvc.plan.compile import leaves_of
from segsvc.plan.execute import Execution


def prepare(run: Execution, condition: Condition) -> Iterator[None]:
    """Do `Leaf.prepare` of every leaf of *condition* that *run* does not know, once each."""
    node = run.plan(condition).node
    if run.knows(node):
        return
    for leaf in dict.fromkeys(leaves_of(node)):
        if not run.knows(leaf):
            yield from leaf.prepare(run.view, run.at)
