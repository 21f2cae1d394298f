"""A compiled plan is its condition: Not as a flag, De Morgan, flattening, equal leaves once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.text import TextOperator, TextTest
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not
from segsvc.plan.compile import Both, Either, Node, compile_condition, leaves_of

COUNTRIES = ("DE", "FR", "IT")


def is_country(value: str) -> AttributeLeaf:
    return AttributeLeaf("country", TextTest(TextOperator.IS, (value,)))


def is_not(value: str) -> AttributeLeaf:
    return AttributeLeaf("country", TextTest(TextOperator.IS_NOT, (value,)))


LEAVES = st.builds(is_country, st.sampled_from(COUNTRIES)) | st.builds(
    is_not, st.sampled_from(COUNTRIES)
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.builds(Not, below),
        st.builds(AllOf, st.lists(below, min_size=1, max_size=4).map(tuple)),
        st.builds(AnyOf, st.lists(below, min_size=1, max_size=4).map(tuple)),
    ),
    max_leaves=12,
)


def holds(condition: Condition, truths: dict[str, bool]) -> bool:
    match condition:
        case AllOf(children):
            return all(holds(child, truths) for child in children)
        case AnyOf(children):
            return any(holds(child, truths) for child in children)
        case Not(child):
            return not holds(child, truths)
        case AttributeLeaf(_, TextTest(operator, (value,))):
            return truths[value] == (operator is TextOperator.IS)
    raise AssertionError(condition)


def node_holds(node: Node, truths: dict[str, bool]) -> bool:
    match node:
        case Both(positives, negatives):
            return all(node_holds(held, truths) for held in positives) and not any(
                node_holds(held, truths) for held in negatives
            )
        case Either(parts):
            return any(node_holds(held, truths) for held in parts)
        case _:
            return holds(node, truths)


@given(CONDITIONS, st.tuples(*[st.booleans()] * 3))
def test_a_plan_holds_when_its_condition_does(
    condition: Condition, drawn: tuple[bool, ...]
) -> None:
    truths = dict(zip(COUNTRIES, drawn, strict=True))
    plan = compile_condition(condition)
    assert (node_holds(plan.node, truths) != plan.complemented) == holds(condition, truths)


@given(CONDITIONS)
def test_plans_are_in_one_form(condition: Condition) -> None:
    def check(node: Node) -> None:
        match node:
            case Both(positives, negatives):
                assert positives
                assert len(positives) + len(negatives) > 1
                assert len({*positives}) == len(positives)
                assert not any(isinstance(held, Both) for held in positives)
                assert not any(isinstance(held, Either) for held in negatives)
                for held in (*positives, *negatives):
                    check(held)
            case Either(parts):
                assert len({*parts}) == len(parts) > 1
                assert not any(isinstance(held, Either) for held in parts)
                for held in parts:
                    check(held)

    plan = compile_condition(condition)
    check(plan.node)
    assert all(leaf.test.operator is TextOperator.IS for leaf in leaves_of(plan.node))


def test_operators_of_other_types_that_read_alike_are_told_apart() -> None:
    unset = AttributeLeaf("is_member", BooleanTest(BooleanOperator.NOT_SET))
    plan = compile_condition(unset)
    assert plan.complemented
    assert plan.node == AttributeLeaf("is_member", BooleanTest(BooleanOperator.SET))
    assert plan.node.test.operator is BooleanOperator.SET
