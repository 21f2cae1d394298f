"""In which order the operands of an And run: cheap and selective ones first."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from segsvc.condition.tree import AnyLeaf
from segsvc.plan.compile import Both, Either, Node

NODE_MS = 0.02
"""What combining one operand costs, whatever it is."""


class Estimate(NamedTuple):
    """A guess of milliseconds, and of the share of all contacts (0..1) in the answer."""

    cost: float
    share: float


class Operand(NamedTuple):
    """One operand of an And; *kept* is the share of contacts that it leaves over."""

    node: Node
    negative: bool
    cost: float
    kept: float

    @property
    def rank(self) -> tuple[float, float]:
        """Milliseconds for each contact ruled out; of equals the one that rules out more."""
        return self.cost / max(1 - self.kept, 0.01), self.kept


def ordered(node: Both, of_leaf: Callable[[AnyLeaf], Estimate]) -> list[Operand]:
    """Return the operands of *node* in the order to run them."""
    operands = [
        *(_operand(child, of_leaf, negative=False) for child in node.positives),
        *(_operand(child, of_leaf, negative=True) for child in node.negatives),
    ]
    return sorted(operands, key=lambda operand: operand.rank)


def _operand(node: Node, of_leaf: Callable[[AnyLeaf], Estimate], *, negative: bool) -> Operand:
    cost, share = estimate(node, of_leaf)
    return Operand(node, negative, cost, 1 - share if negative else share)


def estimate(node: Node, of_leaf: Callable[[AnyLeaf], Estimate]) -> Estimate:
    """Guess what *node* costs and holds, as if its leaves had nothing to do with each other."""
    match node:
        case Both(positives, negatives):
            held = [estimate(child, of_leaf) for child in positives]
            less = [estimate(child, of_leaf) for child in negatives]
            share = prod(part.share for part in held) * prod(1 - part.share for part in less)
            return Estimate(_cost([*held, *less]), share)
        case Either(parts):
            held = [estimate(child, of_leaf) for child in parts]
            return Estimate(_cost(held), 1 - prod(1 - part.share for part in held))
        case _:
            return of_leaf(node)


def _cost(parts: list[Estimate]) -> float:
    return sum(part.cost for part in parts) + NODE_MS * len(parts)
