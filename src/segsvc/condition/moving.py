"""Whether time alone ever changes a leaf's answer."""

from __future__ import annotations

from segsvc.condition.anniversary import AnniversaryKind, AnniversaryTest
from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.presence import Presence
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AnyLeaf
from segsvc.domain.crossing import moves as window_moves
from segsvc.domain.window import Window


def moves(leaf: AnyLeaf) -> bool:
    """Whether an answer may change though nothing is written; told without asking the index."""
    match leaf:
        case AttributeLeaf(_, InstantTest(window) | DateTest(window)):
            return _moves(window)
        case AttributeLeaf(_, AnniversaryTest(kind)):
            return kind is not AnniversaryKind.IN_MONTH
        case BehaviorLeaf(_, where, window, measure):
            measured = None if measure is None else measure.window
            tests = [clause.test for clause in where if isinstance(clause.test, InstantTest)]
            return any(map(_moves, (window, measured, *(held.test for held in tests))))
        case NetSpendLeaf(_, window):
            return _moves(window)
        case SegmentLeaf():
            return True
        case _:
            return False


def turns_at_midnight(leaf: AnyLeaf) -> bool:
    """Whether an answer of a moving leaf changes at local midnights only, and all at once."""
    return isinstance(leaf, AttributeLeaf) and not isinstance(leaf.test, InstantTest)


def _moves(window: Window | Presence | None) -> bool:
    return window is not None and not isinstance(window, Presence) and window_moves(window)
