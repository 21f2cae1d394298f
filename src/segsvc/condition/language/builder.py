"""From the parse tree to the condition tree, with the store's schema at hand."""

from __future__ import annotations

from lark import Token
from lark.tree import Meta
from lark.visitors import v_args

from segsvc.condition.attribute import AttributeLeaf, AttributeTest
from segsvc.condition.behavior import BehaviorLeaf, Where
from segsvc.condition.boolean import BooleanTest
from segsvc.condition.instant import InstantTest
from segsvc.condition.language.choices import behaviors_with, choose, did_you_mean, operators
from segsvc.condition.language.node import Node
from segsvc.condition.language.operands import Asked, Clause, OperandBuilder, candidates_of
from segsvc.condition.language.syntax_error import SyntaxReason
from segsvc.condition.measure import Measure, MeasureKind
from segsvc.condition.net_spend import NetSpendLeaf
from segsvc.condition.number import NumberTest
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.text import TextTest
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not
from segsvc.domain.schema import AttributeDefinition, BehaviorDefinition, Schema, ValueType
from segsvc.domain.window import Window

MAX_NESTING = 200
"""Levels a text may nest; more than any condition has, also one made by inlining segments."""

_MeasureDraft = tuple[Token | None, Measure]


@v_args(inline=True, meta=True)
class TreeBuilder(OperandBuilder):
    """Builds the tree of the condition *text* over *schema*."""

    def __init__(self, text: str, schema: Schema, field: str) -> None:
        super().__init__(text, field)
        self._schema = schema

    # Groups.

    def start(self, meta: Meta, node: Node) -> Node:
        """Read a whole text."""
        return node

    def all_of(self, meta: Meta, *children: Node) -> Node:
        """Read ``a and b``."""
        return self._group(meta, AllOf(tuple(child.condition for child in children)), children)

    def any_of(self, meta: Meta, *children: Node) -> Node:
        """Read ``a or b``."""
        return self._group(meta, AnyOf(tuple(child.condition for child in children)), children)

    def negation(self, meta: Meta, child: Node) -> Node:
        """Read ``not a``."""
        return self._group(meta, Not(child.condition), (child,))

    def _group(self, meta: Meta, condition: Condition, children: tuple[Node, ...]) -> Node:
        level = 1 + max(child.level for child in children)
        if level > MAX_NESTING:
            self._fail(
                meta.start_pos,
                meta.end_pos,
                f"nests deeper than {MAX_NESTING} levels",
                SyntaxReason.LIMIT_EXCEEDED,
            )
        return Node(condition, meta.start_pos, meta.end_pos, level, children)

    # Leaves.

    def attribute(self, meta: Meta, name: Token, asked: Asked) -> Node:
        """Read ``country is "x"``."""
        definition = self.attribute_named(name)
        test = self._choose(name, asked, definition.type, "attribute", meta.end_pos)
        return _leaf(meta, AttributeLeaf(definition.name, test))

    def behavior(
        self,
        meta: Meta,
        negation: Token | None,
        name: Token,
        where: tuple[Clause, ...] | None,
        window: Window | None,
        measure: _MeasureDraft | None,
    ) -> Node:
        """Read ``has done visited today with count > 1``."""
        definition = self.behavior_named(name)
        clauses = tuple(self._where(definition, clause) for clause in where or ())
        measured = None if measure is None else self._measured(definition, measure)
        has_not = negation is not None
        return _leaf(meta, BehaviorLeaf(definition.name, clauses, window, measured, has_not))

    def net_spend(self, meta: Meta, window: Window | None, test: NumberTest) -> Node:
        """Read ``net spend today > 5``."""
        return _leaf(meta, NetSpendLeaf(test, window))

    def in_segment(self, meta: Meta, segment_id: Token) -> Node:
        """Read ``in segment "seg-3"``."""
        return _leaf(meta, SegmentLeaf(self._string(segment_id)))

    def not_in_segment(self, meta: Meta, segment_id: Token) -> Node:
        """Read ``not in segment "seg-3"``."""
        return _leaf(meta, SegmentLeaf(self._string(segment_id), not_in=True))

    def sample(self, meta: Meta, percent: Token, salt: Token | None) -> Node:
        """Read ``sample 10% salted "x"``."""
        salted = "" if salt is None else self._string(salt)
        return _leaf(meta, SampleLeaf(salted, self._number(percent)))

    # Measures; their property is looked up once the behavior is known.

    def count(self, meta: Meta, test: NumberTest) -> _MeasureDraft:
        """Read ``count > 1``."""
        return None, Measure(MeasureKind.COUNT, test)

    def reduction(self, meta: Meta, kind: Token, name: Token, test: NumberTest) -> _MeasureDraft:
        """Read ``sum of value > 5``."""
        return name, Measure(MeasureKind(kind.lower()), test, self._name(name))

    def first_time(self, meta: Meta, window: Window) -> _MeasureDraft:
        """Read ``first time today``."""
        return None, Measure(MeasureKind.FIRST_TIME, window=window)

    def last_time(self, meta: Meta, window: Window) -> _MeasureDraft:
        """Read ``last time today``."""
        return None, Measure(MeasureKind.LAST_TIME, window=window)

    # What the schema says.

    def attribute_named(self, name: Token) -> AttributeDefinition:
        """Return the attribute that *name* names, or raise the error on *name*."""
        plain = self._name(name)
        found = self._schema.attributes.get(plain)
        if found is not None:
            return found
        description = f"the store has no attribute {plain!r}"
        behaviors = behaviors_with(plain, self._schema)
        if behaviors:
            description += f"; it is a property of {behaviors[0]}: say it in 'where (...)'"
        elif plain in self._schema.behaviors:
            description += f"; it is a behavior: 'has done {plain}'"
        else:
            description += did_you_mean(plain, self._schema.attributes)
        reason = SyntaxReason.ATTRIBUTE_UNKNOWN
        self._fail(name.start_pos, name.end_pos, description, reason)

    def behavior_named(self, name: Token) -> BehaviorDefinition:
        """Return the behavior that *name* names, or raise the error on *name*."""
        plain = self._name(name)
        found = self._schema.behaviors.get(plain)
        if found is None:
            hint = did_you_mean(plain, self._schema.behaviors)
            description = f"the store has no behavior {plain!r}{hint}"
            reason = SyntaxReason.BEHAVIOR_UNKNOWN
            self._fail(name.start_pos, name.end_pos, description, reason)
        return found

    def _where(self, behavior: BehaviorDefinition, clause: Clause) -> Where:
        wanted = self.property_type(behavior, clause.property)
        test = self._choose(clause.property, clause.asked, wanted, "property", clause.end)
        assert isinstance(test, TextTest | NumberTest | InstantTest | BooleanTest)
        return Where(self._name(clause.property), test)

    def _measured(self, behavior: BehaviorDefinition, draft: _MeasureDraft) -> Measure:
        name, measure = draft
        if name is not None:
            wanted = self.property_type(behavior, name)
            if wanted is not ValueType.NUMBER:
                self._fail(
                    name.start_pos,
                    name.end_pos,
                    f"{measure.of!r} is a {wanted} property; only numbers have a {measure.kind}",
                    SyntaxReason.TYPE_WRONG,
                )
        return measure

    def property_type(self, behavior: BehaviorDefinition, name: Token) -> ValueType:
        """Return the type of the property that *name* names, or raise the error on *name*."""
        found = behavior.property(self._name(name))
        if found is None:
            known = [held.name for held in behavior.properties]
            hint = did_you_mean(self._name(name), known)
            if not hint:
                hint = f"; it has {', '.join(known)}" if known else "; it has no properties"
            self._fail(
                name.start_pos,
                name.end_pos,
                f"{behavior.name} has no property {self._name(name)!r}{hint}",
                SyntaxReason.PROPERTY_UNKNOWN,
            )
        return found.type

    def _choose(
        self, name: Token, asked: Asked, wanted: ValueType, what: str, end: int
    ) -> AttributeTest:
        test = choose(candidates_of(asked), wanted)
        if test is None:
            start = _next_word(self._text, name.end_pos or 0)
            article = "an" if wanted.value[0] in "aeiou" else "a"
            description = (
                f"{self._name(name)!r} is {article} {wanted} {what}; it takes {operators(wanted)}"
            )
            self._fail(start, end, description, SyntaxReason.TYPE_WRONG)
        return test


def _leaf(meta: Meta, condition: Condition) -> Node:
    return Node(condition, meta.start_pos, meta.end_pos)


def _next_word(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
