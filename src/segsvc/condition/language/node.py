"""A condition together with the place of the text it was read from."""

from __future__ import annotations

from dataclasses import dataclass

from segsvc.condition.tree import Condition


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the tree and the characters start..end-1 it stands on."""

    condition: Condition
    start: int
    end: int
    level: int = 1
    children: tuple[Node, ...] = ()
