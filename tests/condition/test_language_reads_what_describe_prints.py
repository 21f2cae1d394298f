"""The text form goes both ways."""

from hypothesis import given, settings

from segsvc.condition.check import check
from segsvc.condition.language import parse, parse_with_spans
from segsvc.condition.tree import Condition, describe
from tests.condition.strategies import WIDE_SCHEMA, conditions, leaves


@settings(max_examples=400, deadline=None)
@given(leaves())
def test_every_leaf_is_read_back(leaf: Condition) -> None:
    assert check(leaf, WIDE_SCHEMA) == []
    assert parse(describe(leaf), WIDE_SCHEMA) == leaf


@settings(max_examples=150, deadline=None)
@given(conditions())
def test_every_tree_is_read_back(condition: Condition) -> None:
    text = describe(condition)
    read = parse_with_spans(text, WIDE_SCHEMA)
    assert read.condition == condition
    assert describe(read.condition) == text
    for start, end in read.spans.values():
        assert 0 <= start < end <= len(text)
