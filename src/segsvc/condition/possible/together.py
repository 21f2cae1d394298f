"""Whether several leaves can be true of one contact at once, and whether a tree ever can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.net_spend import PLACED, TAKEN_BACK, NetSpendLeaf
from segsvc.condition.possible import ranges
from segsvc.condition.possible.deeds import deeds_are_possible
from segsvc.condition.possible.moments import Clock
from segsvc.condition.possible.values import interval_of, value_is_possible
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not
from segsvc.domain.schema import Schema

_MOST_WORK = 50_000
"""Leaves looked at for one condition; after that nothing more is called impossible."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A node that is claimed to be true, or *complemented*: to be false."""

    node: Condition
    complemented: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    """A leaf that is claimed to be true, or *complemented*: to be false."""

    leaf: AnyLeaf
    complemented: bool

    @property
    def subject(self) -> tuple[object, ...]:
        """What it speaks of; literals of different subjects never exclude each other."""
        match self.leaf:
            case AttributeLeaf(name):
                return ("attribute", name)
            case BehaviorLeaf(name):
                return ("behavior", name)
            case SegmentLeaf(segment_id):
                return ("segment", segment_id)
            case SampleLeaf(salt):
                return ("sample", salt)
            case NetSpendLeaf(_, window):
                return ("net spend", window)


Literals = tuple[Literal, ...]


class Judge:
    """Decides for one condition what is impossible, with a bounded amount of work."""

    def __init__(self, schema: Schema, clock: Clock) -> None:
        self._schema = schema
        self._clock = clock
        self._work = 0

    def clash(self, literals: Iterable[Literal]) -> Literals:
        """Return literals of one subject that exclude each other; () when none are found."""
        subjects: dict[tuple[object, ...], list[Literal]] = {}
        for literal in literals:
            subjects.setdefault(literal.subject, []).append(literal)
        for held in subjects.values():
            distinct = tuple(dict.fromkeys(held))
            if not self._is_possible(distinct):
                return distinct
        return ()

    def never(self, *claims: Claim) -> bool:
        """Whether no contact can satisfy all *claims*, from now on."""
        return self._never(claims, {})

    def _never(self, claims: Sequence[Claim], known: dict[tuple[object, ...], Literals]) -> bool:
        literals, choices = _spread(claims)
        added: dict[tuple[object, ...], Literals] = {}
        for literal in literals:
            subject = literal.subject
            held = added.get(subject, known.get(subject, ()))
            added[subject] = held if literal in held else (*held, literal)
        if not all(map(self._is_possible, added.values())):
            return True
        together = {**known, **added}
        return any(all(self._never((claim,), together) for claim in choice) for choice in choices)

    def _is_possible(self, literals: Literals) -> bool:
        self._work += sum(map(_weight, literals))
        if self._work > _MOST_WORK:
            return True
        claimed = {literal.leaf for literal in literals if not literal.complemented}
        if any(literal.complemented and literal.leaf in claimed for literal in literals):
            return False
        match literals[0].leaf:
            case AttributeLeaf(name):
                asked = [
                    (literal.leaf.test, literal.complemented)
                    for literal in literals
                    if isinstance(literal.leaf, AttributeLeaf)
                ]
                return value_is_possible(self._schema.attributes[name], asked, self._clock)
            case BehaviorLeaf(name):
                deeds = [
                    (literal.leaf, literal.complemented)
                    for literal in literals
                    if isinstance(literal.leaf, BehaviorLeaf)
                ]
                return deeds_are_possible(self._schema.behaviors[name], deeds, self._clock)
            case _:
                return bool(self._left(literals))

    def _left(self, literals: Literals) -> ranges.Ranges:
        """Return what is left of a net spend, of a hash, or of membership (0 or 1)."""
        left: ranges.Ranges = ((0, 1),)
        if isinstance(literals[0].leaf, NetSpendLeaf):
            left = ranges.UNBOUNDED
        elif isinstance(literals[0].leaf, SampleLeaf):
            left = ((0, 2**64 - 1),)
        for literal in literals:
            match literal.leaf:
                case NetSpendLeaf(test):
                    asked = interval_of(test, literal.complemented)
                    left = ranges.whole(left, [asked], self._spend_scale())
                case SampleLeaf():
                    narrow = ranges.outside if literal.complemented else ranges.inside
                    left = narrow(left, 0, literal.leaf.below - 1)
                case SegmentLeaf(_, not_in):
                    member = int(not_in == literal.complemented)
                    left = ranges.inside(left, member, member)
        return left

    def _spend_scale(self) -> int:
        scales = [0]
        for name in (PLACED, *TAKEN_BACK):
            behavior = self._schema.behaviors.get(name)
            definition = behavior.property("value") if behavior is not None else None
            if definition is not None:
                scales.append(definition.scale)
        return max(scales)


def _weight(literal: Literal) -> int:
    values = getattr(getattr(literal.leaf, "test", None), "values", ())
    return 1 + len(values) // 16


def _spread(claims: Sequence[Claim]) -> tuple[list[Literal], list[list[Claim]]]:
    """Split claims into literals that all hold, and choices of which at least one holds."""
    literals: list[Literal] = []
    choices: list[list[Claim]] = []
    waiting = list(reversed(claims))
    while waiting:
        claim = waiting.pop()
        match claim.node:
            case Not(child):
                waiting.append(Claim(child, not claim.complemented))
            case AllOf(children) | AnyOf(children):
                below = [Claim(child, claim.complemented) for child in children]
                if isinstance(claim.node, AnyOf) == claim.complemented or len(below) == 1:
                    waiting.extend(reversed(below))
                else:
                    choices.append(below)
            case leaf:
                literals.append(Literal(leaf, claim.complemented))
    return literals, choices


def literal_of(node: Condition) -> Literal | None:
    """Return *node* as a literal when it is a leaf, or a Not over one."""
    complemented = False
    while isinstance(node, Not):
        node, complemented = node.child, not complemented
    return None if isinstance(node, AllOf | AnyOf) else Literal(node, complemented)


def spread_literals(node: Condition, *, complemented: bool = False) -> list[Literal]:
    """Return the literals that hold whenever *node* (or its complement) does."""
    return _spread((Claim(node, complemented),))[0]
