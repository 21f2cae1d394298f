"""Invalid conditions are refused whole, with the path of every wrong field."""

from decimal import Decimal

import pytest

from segsvc.condition.attribute import AttributeLeaf
from segsvc.condition.behavior import BehaviorLeaf, Where
from segsvc.condition.boolean import BooleanOperator, BooleanTest
from segsvc.condition.check import MAX_DEPTH, MAX_LEAVES, check, require_valid
from segsvc.condition.number import NumberOperator, NumberTest
from segsvc.condition.sample import SampleLeaf
from segsvc.condition.text import MAX_VALUES, TextOperator, TextTest
from segsvc.condition.text_set import TextSetOperator, TextSetTest
from segsvc.condition.tree import AllOf, AnyOf, Condition, Not
from segsvc.domain.errors import ConditionInvalid
from segsvc.domain.window import BetweenAgo, InTheNext, MoreThanAgo, Span, TimeUnit
from tests.condition.strategies import WIDE_SCHEMA

VIP = AttributeLeaf("vip", BooleanTest(BooleanOperator.TRUE))


def nested(levels: int) -> Condition:
    condition: Condition = VIP
    for _ in range(levels - 1):
        condition = Not(condition)
    return condition


def scores(count: int) -> AllOf:
    return AllOf(
        tuple(
            AttributeLeaf("score", NumberTest(NumberOperator.EQUAL, Decimal(place)))
            for place in range(count)
        )
    )


def test_every_wrong_field_is_named_with_its_path() -> None:
    week, day = Span(1, TimeUnit.WEEK), Span(1, TimeUnit.DAY)
    condition = AllOf(
        (
            VIP,
            AttributeLeaf("vip", NumberTest(NumberOperator.EQUAL, Decimal(1))),
            AnyOf(
                (
                    AttributeLeaf("tags", TextSetTest(TextSetOperator.ANY_OF, ())),
                    AttributeLeaf("contry", TextTest(TextOperator.IS, ("x",))),
                    Not(BehaviorLeaf("visited", window=InTheNext(day))),
                    Not(AnyOf(())),
                )
            ),
            BehaviorLeaf(
                "order_placed",
                (Where("coupon_id", TextTest(TextOperator.IS, ("",))),),
                BetweenAgo(week, day),
            ),
            BehaviorLeaf("visited", window=MoreThanAgo(Span(1, TimeUnit.MONTH))),
            SampleLeaf("", Decimal(101)),
        )
    )
    inner = "condition.all_of.children[2].any_of.children"
    assert [held.field for held in check(condition, WIDE_SCHEMA)] == [
        "condition.all_of.children[1].number.attribute",
        f"{inner}[0].text_set.test.values",
        f"{inner}[1].text.attribute",
        f"{inner}[2].not.child.behavior.window.in_the_next",
        f"{inner}[3].not.child.any_of.children",
        "condition.all_of.children[3].behavior.where[0].text.values[0]",
        "condition.all_of.children[3].behavior.window.between_ago",
        "condition.all_of.children[4].behavior.window.more_than_ago.unit",
        "condition.all_of.children[5].sample.percent",
    ]


def test_paths_begin_with_the_prefix_or_with_the_tree() -> None:
    condition = AllOf((SampleLeaf("", Decimal(-1)),))
    (at_root,) = check(condition, WIDE_SCHEMA, "")
    (deeper,) = check(condition, WIDE_SCHEMA, "target.condition")
    assert at_root.field == "all_of.children[0].sample.percent"
    assert deeper.field == "target.condition.all_of.children[0].sample.percent"


def test_sixteen_levels_are_allowed_and_seventeen_are_not() -> None:
    assert check(nested(MAX_DEPTH), WIDE_SCHEMA) == []
    (violation,) = check(nested(MAX_DEPTH + 1), WIDE_SCHEMA)
    assert violation.field == "condition" + ".not.child" * MAX_DEPTH
    assert check(nested(MAX_DEPTH + 1), WIDE_SCHEMA, limited=False) == []


def test_a_tree_deeper_than_the_stack_is_refused_calmly() -> None:
    assert len(check(nested(50_000), WIDE_SCHEMA)) == 1


def test_equal_leaves_count_once() -> None:
    full = scores(MAX_LEAVES)
    assert check(AnyOf((full, full)), WIDE_SCHEMA) == []
    (violation,) = check(AnyOf((full, VIP)), WIDE_SCHEMA)
    assert violation.field == "condition"
    assert "501 different leaves" in violation.description
    assert check(AnyOf((full, VIP)), WIDE_SCHEMA, limited=False) == []


@pytest.mark.parametrize(("count", "problems"), [(0, 1), (1, 0), (MAX_VALUES, 0), (10_001, 1)])
def test_an_any_of_holds_one_to_ten_thousand_values(count: int, problems: int) -> None:
    test = TextTest(TextOperator.ANY_OF, tuple(map(str, range(count))))
    assert len(check(AttributeLeaf("country", test), WIDE_SCHEMA)) == problems


def test_a_valid_condition_may_run_and_another_may_not() -> None:
    require_valid(VIP, WIDE_SCHEMA)
    with pytest.raises(ConditionInvalid) as refused:
        require_valid(AllOf((SampleLeaf("", Decimal(101)), AnyOf(()))), WIDE_SCHEMA)
    assert len(refused.value.violations) == 2
