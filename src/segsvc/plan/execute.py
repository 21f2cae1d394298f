"""Answer a condition with bitmap operations, cheapest first.

What is at hand is combined as it is (`segsvc.bitmap.combine`), in one go at the end, of which only
the count is kept if that is all that is asked for. Where leaves must be asked first, an And starts
with what costs least for each contact it rules out, and once few contacts are left the others are
answered within them. Equal leaves are answered once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import Protocol

from segsvc.bitmap import Bitmap, Expression, Faces, combine
from segsvc.bitmap.combine import Form
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not, describe
from segsvc.condition.view import View
from segsvc.plan.compile import Both, Either, Node, Plan, compile_condition
from segsvc.plan.order import Estimate, Operand, ordered

PUSH_DOWN = 32
"""A leaf is answered within what is left when that is under 1 / PUSH_DOWN of the universe."""

_ALWAYS_PUSHED = 32
_GUESSED_SHARE = 0.3
_JOIN_MS = 0.1
_JOIN_MS_PER_MILLION = 0.15
"""What it takes to find out who is left, about."""

_NARROW_MS = 0.03
_NARROW_MS_PER_CONTACT = 8e-6
"""What an answer within some contacts takes, about."""

_DOUBT = 4
"""By how much the share of those who are left may be guessed too high."""

_GROUPS = (Both, Either)


class KeptLeaves(Protocol):
    """Answers of leaves from earlier runs, as they are now."""

    def find(self, leaf: AnyLeaf) -> Faces | None:
        """Return the answer of *leaf* if it is at hand."""

    def keep(self, leaf: AnyLeaf, answer: Faces) -> None:
        """Keep an answer for later runs."""

    def is_wanted(self, leaf: AnyLeaf) -> bool:
        """Whether *leaf* is asked for so often that its whole answer is worth having."""


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
    kept: KeptLeaves | None = None
    form: Form = Form.AUTO
    _answers: dict[AnyLeaf, Faces] = field(default_factory=dict)
    _total: int = field(init=False)
    _planned: tuple[Condition, Plan] | None = None
    _ready: tuple[Node | None, Expression | None] = (None, None)
    """What was found at hand last."""

    def __post_init__(self) -> None:
        self._total = len(self.view.universe())

    def members(self, condition: Condition, within: Bitmap | None = None) -> Bitmap:
        """Return the contacts (of *within*) for whom *condition* is true; do not change it."""
        plan = self.plan(condition)
        if within is None:
            found = self._bitmap(self._found(plan.node))
        else:
            found = self._narrow(plan.node, within)
        if not plan.complemented:
            return found
        started = perf_counter_ns()
        rest = (self.view.universe() if within is None else within) - found
        self._note("not", "complement", Faces(rest, self.view.limit), within, 0.0, started)
        return rest

    def count(self, condition: Condition) -> int:
        """Return how many contacts satisfy *condition*."""
        plan = self.plan(condition)
        count = self._count(self._found(plan.node))
        return self._total - count if plan.complemented else count

    def plan(self, condition: Condition) -> Plan:
        """Return the plan of *condition*; that of the last one is kept."""
        if self._planned is None or self._planned[0] is not condition:
            self._planned = condition, compile_condition(condition)
        return self._planned[1]

    def knows(self, node: Node) -> bool:
        """Whether no leaf of *node* need be asked."""
        return self._at_hand(node) is not None

    def _at_hand(self, node: Node) -> Expression | None:
        """Return what *node* comes to if no leaf of it need be asked."""
        if self._ready[0] is node:
            return self._ready[1]
        found: Expression | None
        if isinstance(node, Both):
            positives, negatives = map(self._all_at_hand, node)
            if positives is None or negatives is None:
                return None
            found = combine.Both(positives, negatives)
        elif isinstance(node, Either):
            parts = self._all_at_hand(node.parts)
            if parts is None:
                return None
            found = combine.Either(parts)
        else:
            return self._known(node)
        self._ready = node, found
        return found

    def _all_at_hand(self, nodes: tuple[Node, ...]) -> tuple[Expression, ...] | None:
        found = []
        for node in nodes:
            held = self._at_hand(node) if isinstance(node, _GROUPS) else self._known(node)
            if held is None:
                return None
            found.append(held)
        return tuple(found)

    # An answer over the whole store.

    def _found(self, node: Node) -> Expression:
        """Return what *node* comes to: one answer, or several that are still to be combined."""
        if isinstance(node, Both):
            return self._both(node)
        if isinstance(node, Either):
            started = perf_counter_ns()
            answer = combine.Either(tuple(map(self._found, node.parts)))
            self._note("or", f"{len(node.parts)} operands", answer, None, 0.0, started)
            return answer
        return self._leaf(node)

    def _leaf(self, leaf: AnyLeaf) -> Faces:
        known = self._known(leaf)
        if known is None:
            estimated = leaf.cost(self.view, self.at) if self.steps is not None else 0.0
            started = perf_counter_ns()
            known = leaf.holders(self.view, self.at)
            self._note("leaf", leaf, known, None, estimated, started)
            self._answers[leaf] = known
            if self.kept is not None:
                self.kept.keep(leaf, known)
        return known

    def _known(self, leaf: AnyLeaf) -> Faces | None:
        known = self._answers.get(leaf)
        if known is None and self.kept is not None:
            started = perf_counter_ns()
            known = self.kept.find(leaf)
            if known is not None:
                self._answers[leaf] = known
                self._note("kept leaf", leaf, known, None, 0.0, started)
        return known

    def _both(self, node: Both) -> Expression:
        started = perf_counter_ns()
        answer = self._at_hand(node)
        if answer is None:
            answer = self._asked(node)
        elif self.steps is not None:  # each part is told of
            answer = combine.Both(*(tuple(map(self._found, held)) for held in node))
        self._note("and", f"{_width(node)} operands", answer, None, 0.0, started)
        return answer

    def _asked(self, node: Both) -> Expression:
        """Return the And of operands some of which must be asked, in the order that suits them."""
        joined: list[Expression] = []
        less: list[Expression] = []
        kept, operands = 1.0, ordered(node, self._estimate)
        for place, operand in enumerate(operands):
            if joined and self._narrows(operand, joined, kept):
                left = self._bitmap(combine.Both(tuple(joined), tuple(less)))
                if self._are_few(len(left)):
                    return Faces(self._stepped(operands[place:], left), self.view.limit)
                joined, less, kept = [Faces(left, self.view.limit)], [], len(left) / self._total
            (less if operand.negative else joined).append(self._found(operand.node))
            kept *= operand.kept
        return combine.Both(tuple(joined), tuple(less))

    def _narrows(self, operand: Operand, joined: list[Expression], kept: float) -> bool:
        """Whether to find out who is left, to answer *operand* within those alone."""
        if self.knows(operand.node):
            return False
        fewest = min(
            (held.count for held in joined if isinstance(held, Faces)), default=self._total
        )
        if self._are_few(fewest):
            return operand.cost > _NARROW_MS + _NARROW_MS_PER_CONTACT * fewest
        joining = _JOIN_MS + _JOIN_MS_PER_MILLION * self._total / 1e6
        narrow = _NARROW_MS + _NARROW_MS_PER_CONTACT * kept * self._total
        return operand.cost > joining + narrow and kept * PUSH_DOWN <= _DOUBT

    def _are_few(self, count: int) -> bool:
        return count * PUSH_DOWN <= self._total

    def _stepped(self, operands: list[Operand], left: Bitmap) -> Bitmap:
        for operand in operands:
            if left:
                found = self._narrow(operand.node, left)
                left = left - found if operand.negative else found
        return left

    # An answer within some contacts.

    def _narrow(self, node: Node, left: Bitmap) -> Bitmap:
        """Return who of *left* is in *node*."""
        started, within = perf_counter_ns(), left
        match node:
            case Both():
                left = self._stepped(ordered(node, self._estimate), left)
                self._note("and", f"{_width(node)} operands", left, within, 0.0, started)
                return left
            case Either(parts):
                found = Bitmap()
                for part in parts:
                    found = found | self._narrow(part, left - found)
                self._note("or", f"{len(parts)} operands", found, within, 0.0, started)
                return found
            case _:
                return self._leaf_within(node, left)

    def _leaf_within(self, leaf: AnyLeaf, left: Bitmap) -> Bitmap:
        known = self._known(leaf)
        if known is None and self._is_pushed(leaf, left):
            estimated = leaf.cost(self.view, self.at) if self.steps is not None else 0.0
            started = perf_counter_ns()
            found = leaf.matches(self.view, self.at, left)
            self._note("leaf", leaf, found, left, estimated, started)
            return found
        return (self._leaf(leaf) if known is None else known).among(left)

    def _is_pushed(self, leaf: AnyLeaf, left: Bitmap) -> bool:
        if len(left) > _ALWAYS_PUSHED and not self._are_few(len(left)):
            return False
        return self.kept is None or not self.kept.is_wanted(leaf)

    # Forms.

    def _bitmap(self, found: Expression) -> Bitmap:
        return combine.members(found, self.view.limit, self.form)

    def _count(self, found: Expression) -> int:
        return combine.count(found, self.view.limit, self.form)

    # What is known beforehand, and what is told afterwards.

    def _estimate(self, leaf: AnyLeaf) -> Estimate:
        known = self._known(leaf)
        if known is None:
            return Estimate(leaf.cost(self.view, self.at), _GUESSED_SHARE)
        return Estimate(0.0, known.count / max(self._total, 1))

    def _note(
        self,
        operation: str,
        what: str | AnyLeaf,
        found: Expression | Bitmap,
        within: Bitmap | None,
        estimated_ms: float,
        started: int,
    ) -> None:
        if self.steps is not None:
            took = (perf_counter_ns() - started) / 1_000
            count = len(found) if isinstance(found, Bitmap) else self._count(found)
            size = None if within is None else len(within)
            form = self._form(found)
            label = what if isinstance(what, str) else describe(what)
            self.steps.append(Step(operation, label, count, size, estimated_ms, took, form))

    def _form(self, found: Expression | Bitmap) -> str:
        """Say in which form *found* is combined."""
        if not isinstance(found, Bitmap):
            if combine.goes_in_words(found, self.view.limit, self.form):
                return "words"
            found = self._bitmap(found)
        kinds = found.get_statistics()
        sizes = {
            "roaring arrays": kinds["n_values_array_containers"],
            "roaring bitsets": kinds["n_values_bitset_containers"],
            "roaring runs": kinds["n_values_run_containers"],
        }
        return max(sizes, key=lambda name: sizes[name]) if found else "empty"


def _width(node: Both) -> int:
    return len(node.positives) + len(node.negatives)


@dataclass(frozen=True, slots=True)
class NodeCount:
    """How many contacts satisfy one node of a condition, alone."""

    path: str
    label: str
    count: int


def node_counts(run: Execution, condition: Condition, path: str) -> Iterator[NodeCount]:
    """Count every node of *condition*, parents first; *path* is the field path of its root."""
    yield NodeCount(path, describe(condition), run.count(condition))
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
