"""Answer a condition with bitmap operations, cheapest first.

An And starts with what costs least for each contact it rules out. Once few contacts are left, the
other operands are answered within them; while they are many, operands are packed words, combined
in one walk at the end, of which only the count is kept if that is all that is asked for. Equal
leaves are answered once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter_ns
from typing import Protocol, TypeAlias

from segsvc.bitmap import Bitmap, Expression, Faces, blocks, from_words
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not, describe
from segsvc.condition.view import View
from segsvc.plan.compile import Both, Either, Node, compile_condition
from segsvc.plan.order import Estimate, Operand, ordered

PUSH_DOWN = 32
"""A leaf is answered within what is left when that is under 1 / PUSH_DOWN of the universe."""

_ALWAYS_PUSHED = 32
_LEAST_FOR_WORDS = 131_072
_GUESSED_SHARE = 0.3
_WORTH_JOINING_MS = 0.5


class Form(StrEnum):
    """How sets are combined: dense ones of large stores as words, or all in one form."""

    AUTO = "auto"
    WORDS = "words"
    ROARING = "roaring"


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


Found: TypeAlias = Faces | blocks.Both | blocks.Either
"""An answer, or words that are still to be combined to one."""


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

    def __post_init__(self) -> None:
        self._total = len(self.view.universe())

    def members(self, condition: Condition, within: Bitmap | None = None) -> Bitmap:
        """Return the contacts (of *within*) for whom *condition* is true; do not change it."""
        plan = compile_condition(condition)
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
        plan = compile_condition(condition)
        count = self._count(self._found(plan.node))
        return self._total - count if plan.complemented else count

    def knows(self, leaf: AnyLeaf) -> bool:
        """Whether the answer of *leaf* is at hand."""
        return self._known(leaf) is not None

    # An answer over the whole store.

    def _found(self, node: Node) -> Found:
        match node:
            case Both():
                return self._both(node)
            case Either(parts):
                return self._either(parts)
            case _:
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
        known = self._answers.get(leaf) if self._answers else None
        if known is None and self.kept is not None:
            started = perf_counter_ns()
            known = self.kept.find(leaf)
            if known is not None and self.steps is not None:
                self._answers[leaf] = known  # so that it is told of once
                self._note("kept leaf", leaf, known, None, 0.0, started)
        return known

    def _either(self, parts: tuple[Node, ...]) -> Found:
        started = perf_counter_ns()
        found = [self._found(part) for part in parts]
        answer: Found
        if any(map(self._in_words, found)):
            answer = blocks.Either(tuple(map(self._expression, found)))
        else:
            answer = Faces(Bitmap.union(*map(self._bitmap, found)), self.view.limit)
        self._note("or", f"{len(parts)} operands", answer, None, 0.0, started)
        return answer

    def _both(self, node: Both) -> Found:
        started = perf_counter_ns()
        left: Bitmap | None = None
        joined: list[Found] = []
        less: list[Found] = []
        kept = 1.0
        for operand in ordered(node, self._estimate):
            if left is None and joined and self._joins_before(operand, kept):
                left = self._bitmap(self._combined(joined, less))
            if left is None:
                found = self._found(operand.node) if operand.known is None else operand.known
                kept *= operand.kept
                if operand.negative:
                    less.append(found)
                elif self._in_words(found):
                    joined.append(found)
                else:
                    left = self._less(self._among(joined, self._bitmap(found)), less)
            elif left:
                left = self._step(operand, left)
        answer = self._combined(joined, less) if left is None else Faces(left, self.view.limit)
        operands = len(node.positives) + len(node.negatives)
        self._note("and", f"{operands} operands", answer, None, 0.0, started)
        return answer

    @staticmethod
    def _joins_before(operand: Operand, kept: float) -> bool:
        """Whether what is there is worth combining, to answer *operand* within what is left."""
        return operand.cost > _WORTH_JOINING_MS and kept * PUSH_DOWN <= 1

    def _combined(self, joined: list[Found], less: list[Found]) -> blocks.Both:
        return blocks.Both(tuple(map(self._expression, joined)), tuple(map(self._expression, less)))

    def _among(self, joined: list[Found], left: Bitmap) -> Bitmap:
        for found in joined:
            left = found.among(left) if isinstance(found, Faces) else left & self._bitmap(found)
        return left

    def _less(self, left: Bitmap, less: list[Found]) -> Bitmap:
        for found in less:
            left = left - self._among([found], left)
        return left

    # An answer within some contacts.

    def _narrow(self, node: Node, left: Bitmap) -> Bitmap:
        """Return who of *left* is in *node*."""
        started, within = perf_counter_ns(), left
        match node:
            case Both(positives, negatives):
                for operand in ordered(node, self._estimate):
                    if left:
                        left = self._step(operand, left)
                operands = len(positives) + len(negatives)
                self._note("and", f"{operands} operands", left, within, 0.0, started)
                return left
            case Either(parts):
                found = Bitmap()
                for part in parts:
                    found = found | self._narrow(part, left - found)
                self._note("or", f"{len(parts)} operands", found, within, 0.0, started)
                return found
            case _:
                return self._leaf_within(node, left)

    def _step(self, operand: Operand, left: Bitmap) -> Bitmap:
        found = self._narrow(operand.node, left)
        return left - found if operand.negative else found

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
        few = len(left)
        if few > _ALWAYS_PUSHED and few * PUSH_DOWN > self._total:
            return False
        return self.kept is None or not self.kept.is_wanted(leaf)

    # Forms.

    def _in_words(self, found: Found) -> bool:
        if not isinstance(found, Faces) or self.form is Form.WORDS:
            return True
        if self.form is Form.ROARING or found.limit < _LEAST_FOR_WORDS:
            return False
        return found.is_dense

    def _expression(self, found: Found) -> Expression:
        if not isinstance(found, Faces):
            return found
        return found.words if self._in_words(found) else found.bitmap

    def _bitmap(self, found: Found) -> Bitmap:
        if isinstance(found, Faces):
            return found.bitmap
        return from_words(blocks.fill(found, self._room))

    def _count(self, found: Found) -> int:
        return found.count if isinstance(found, Faces) else blocks.count_of(found, self._room)

    @property
    def _room(self) -> int:
        return blocks.room_for(self.view.limit)

    # What is known beforehand, and what is told afterwards.

    def _estimate(self, leaf: AnyLeaf) -> Estimate:
        known = self._known(leaf)
        if known is None:
            return Estimate(leaf.cost(self.view, self.at), _GUESSED_SHARE)
        return Estimate(0.0, known.count / max(self._total, 1), known)

    def _note(
        self,
        operation: str,
        what: str | AnyLeaf,
        found: Found | Bitmap,
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

    def _form(self, found: Found | Bitmap) -> str:
        """Say in which form *found* is combined."""
        if not isinstance(found, Bitmap):
            if self._in_words(found):
                return "words"
            found = self._bitmap(found)
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
