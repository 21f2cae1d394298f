"""What is odd about a valid condition: parts that never or always match, or change nothing.

A warning is never wrong: it holds whatever the store contains, at the given instant and later. Not
every oddity is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf
from segsvc.condition.check import child_path, children_of, node_path
from segsvc.condition.date import DateTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberTest
from segsvc.condition.possible import moments
from segsvc.condition.possible.deeds import selects
from segsvc.condition.possible.moments import Boxes, Clock
from segsvc.condition.possible.together import (
    Claim,
    Judge,
    Literal,
    literal_of,
    spread_literals,
)
from segsvc.condition.presence import Presence
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not, describe
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.schema import Schema
from segsvc.domain.window import After, AfterDate, Between, BetweenDates, OnDate, Window, bounds

MOST_LEVELS = 100
"""Deeper trees (only inlining makes them) are not looked at."""

_MOST_SIBLINGS = 20
_SHOWN_LEAVES, _SHOWN_CHARACTERS = 3, 80


class WarningCode(StrEnum):
    """What a warning says, for programs."""

    CONTRADICTION = "contradiction"
    """The node can never match."""
    ALWAYS_TRUE = "always true"
    """The node always matches."""
    EMPTY_WINDOW = "empty window"
    """Nothing can lie in the window."""
    WINDOW_IN_FUTURE = "window in future"
    """Events can only lie in the window later."""
    DUPLICATE_LEAF = "duplicate leaf"
    """The same child stands in the same group before."""
    REDUNDANT = "redundant"
    """The child changes nothing next to its siblings."""


@dataclass(frozen=True, slots=True)
class Warning:
    """One oddity: where it is, what it is, and the words an editor shows."""

    path: str
    code: WarningCode
    description: str


def warnings(
    condition: Condition,
    schema: Schema,
    at: int,
    calendar: LocalCalendar,
    prefix: str = "condition",
) -> list[Warning]:
    """Return the warnings about *condition*, which `condition.check` finds nothing wrong with.

    They hold at *at* and every later instant, but for WINDOW_IN_FUTURE, which says that its time
    has not come.
    """
    nodes = _nodes(condition, prefix)
    if nodes is None:
        return []
    finder = _Finder(schema, Clock(at, calendar))
    return [warning for path, node in nodes for warning in finder.about(path, node)]


def _nodes(condition: Condition, prefix: str) -> list[tuple[str, Condition]] | None:
    """Return every node from left to right; None when the tree is too deep."""
    found: list[tuple[str, Condition]] = []
    waiting = [(prefix, condition, 1)]
    while waiting:
        path, node, level = waiting.pop()
        if level > MOST_LEVELS:
            return None
        found.append((path, node))
        below = [
            (child_path(path, node, place), child, level + 1)
            for place, child in enumerate(children_of(node))
        ]
        waiting.extend(reversed(below))
    return found


class _Finder:
    """Finds the warnings about single nodes."""

    def __init__(self, schema: Schema, clock: Clock) -> None:
        self._schema = schema
        self._clock = clock
        self._judge = Judge(schema, clock)

    def about(self, path: str, node: Condition) -> Iterator[Warning]:
        """Yield the warnings about *node* itself; its children get their own."""
        here = node_path(path, node)
        for field, window, boxes, days in _windows(node):
            yield from self._about_window(f"{here}.{field}", window, boxes, days)
        never = self._judge.never(Claim(node))
        always = not never and self._judge.never(Claim(node, complemented=True))
        if never:
            yield Warning(path, WarningCode.CONTRADICTION, self._why(node, never=True))
        if always:
            yield Warning(path, WarningCode.ALWAYS_TRUE, self._why(node, never=False))
        if isinstance(node, AllOf | AnyOf):
            repeats = list(_repeats(path, node))
            yield from repeats
            if not never and not always:
                yield from self._redundant(path, node, {held.path for held in repeats})

    def _about_window(
        self, path: str, window: Window, boxes: Boxes, days: bool
    ) -> Iterator[Warning]:
        if moments.is_empty(window, self._clock, boxes, days=days):
            text = "this window is empty: nothing can ever lie in it"
            yield Warning(path, WarningCode.EMPTY_WINDOW, text)
        elif boxes is moments.EVENTS and isinstance(window, _FIXED):
            first, _ = bounds(window, self._clock.at, self._clock.calendar)
            if first > self._clock.at:
                text = "this window has not begun yet: no event lies in it before then"
                yield Warning(path, WarningCode.WINDOW_IN_FUTURE, text)

    # Why a node never or always matches, in words.

    def _why(self, node: Condition, *, never: bool) -> str:
        start = "no contact can ever match this" if never else "every contact matches this"
        match node:
            case Not():
                return f"{start}: what it excludes {'always' if never else 'never'} matches"
            case AllOf() | AnyOf():
                return f"{start}: {self._why_group(node, never=never)}"
            case _:
                return f"{start}: {self._why_leaf(node, never=never)}"

    def _why_group(self, node: AllOf | AnyOf, *, never: bool) -> str:
        if isinstance(node, AllOf) != never:
            return (
                f"{'none' if never else 'each'} of its parts {'ever' if never else 'always'} does"
            )
        clash = self._judge.clash(spread_literals(node, complemented=not never))
        if len(clash) > 1:
            said = "these exclude each other" if never else "one of these is always true"
            return f"{said}: {_said(clash, negate=not never)}"
        if any(self._judge.never(Claim(child, not never)) for child in node.children):
            return f"one of its parts {'never' if never else 'always'} does"
        return "its parts exclude each other" if never else "one of its parts is always true"

    def _why_leaf(self, leaf: AnyLeaf, *, never: bool) -> str:
        match leaf:
            case AttributeLeaf(name, NumberTest()):
                scale = self._schema.attributes[name].scale
                return f"{name} is kept with {scale} digits after the point, in 64 bits"
            case AttributeLeaf(name, InstantTest() | DateTest()):
                return f"no {name} can lie in its window"
            case AttributeLeaf(name) if self._schema.attributes[name].values:
                allowed = ", ".join(self._schema.attributes[name].values)
                return f"{name} is only ever {_cut(allowed)}"
            case SampleLeaf():
                return "the sample holds nobody" if never else "the sample holds everybody"
            case BehaviorLeaf(name):
                behavior = self._schema.behaviors[name]
                if not selects(behavior, (), leaf.window, self._clock):
                    return "no event can lie in its window"
                if not selects(behavior, leaf.where, leaf.window, self._clock):
                    return "no single event can satisfy all its clauses"
        return f"its comparison holds for {'no' if never else 'every'} value there can be"

    # Children that change nothing.

    def _redundant(self, path: str, node: AllOf | AnyOf, repeated: set[str]) -> Iterator[Warning]:
        subjects: dict[tuple[object, ...], list[tuple[str, Condition]]] = {}
        for place, child in enumerate(node.children):
            literal, where = literal_of(child), child_path(path, node, place)
            if literal is not None and where not in repeated:
                subjects.setdefault(literal.subject, []).append((where, child))
        for held in subjects.values():
            if 2 <= len(held) <= _MOST_SIBLINGS:
                yield from self._redundant_of_one_subject(held, isinstance(node, AllOf))

    def _redundant_of_one_subject(
        self, held: list[tuple[str, Condition]], all_of: bool
    ) -> Iterator[Warning]:
        left = [
            (path, child)
            for path, child in held
            if not self._judge.never(Claim(child))
            and not self._judge.never(Claim(child, complemented=True))
        ]
        found = []
        for path, child in reversed(left.copy()):
            others = [other for place, other in left if place != path]
            if others and self._judge.never(
                Claim(child, complemented=all_of),
                *(Claim(other, complemented=not all_of) for other in others),
            ):
                left.remove((path, child))
                relation = (
                    "is true whenever the rest is" if all_of else "is true only when the rest is"
                )
                text = f"this changes nothing here: it {relation} ({_cut(describe(others[0]))})"
                found.append(Warning(path, WarningCode.REDUNDANT, text))
        yield from reversed(found)


_FIXED = (After, AfterDate, Between, BetweenDates, OnDate)


def _windows(node: Condition) -> Iterator[tuple[str, Window, Boxes, bool]]:
    """Yield (field, window, what it is about, whether that is days) of a leaf's windows."""
    match node:
        case AttributeLeaf(_, InstantTest(window)) if not isinstance(window, Presence):
            yield "test.window", window, moments.INSTANTS, False
        case AttributeLeaf(_, DateTest(window)) if not isinstance(window, Presence):
            yield "test.window", window, moments.DATES, True
        case NetSpendLeaf(_, window) if window is not None:
            yield "window", window, moments.EVENTS, False
        case BehaviorLeaf():
            if node.window is not None:
                yield "window", node.window, moments.EVENTS, False
            for place, clause in enumerate(node.where):
                if isinstance(clause.test, InstantTest) and not isinstance(
                    clause.test.test, Presence
                ):
                    field = f"where[{place}].instant.window"
                    yield field, clause.test.test, moments.INSTANTS, False
            if node.measure is not None and node.measure.window is not None:
                field = f"measure.{node.measure.kind.replace(' ', '_')}"
                yield field, node.measure.window, moments.EVENTS, False


def _repeats(path: str, node: AllOf | AnyOf) -> Iterator[Warning]:
    seen: dict[Condition, int] = {}
    for place, child in enumerate(node.children):
        first = seen.setdefault(child, place)
        if first != place:
            text = f"this is the same as part {first + 1} of the group and changes nothing"
            yield Warning(child_path(path, node, place), WarningCode.DUPLICATE_LEAF, text)


def _said(literals: tuple[Literal, ...], *, negate: bool) -> str:
    shown = [
        f"not ({_cut(literal.leaf.describe())})"
        if literal.complemented != negate
        else _cut(literal.leaf.describe())
        for literal in literals[:_SHOWN_LEAVES]
    ]
    more = len(literals) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _cut(words: str) -> str:
    return words if len(words) <= _SHOWN_CHARACTERS else f"{words[:_SHOWN_CHARACTERS]}..."
