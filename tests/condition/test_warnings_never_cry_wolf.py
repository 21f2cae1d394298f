"""A warning holds for whatever people there are, now and later."""

from hypothesis import given, settings
from hypothesis import strategies as st

from segsvc.condition.check import child_path, children_of
from segsvc.condition.tree import AllOf, AnyLeaf, AnyOf, Condition, Not
from segsvc.condition.warnings import WarningCode, warnings
from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.schema import BehaviorDefinition, Schema
from tests.condition.people import People, World
from tests.condition.strategies import (
    WIDE_SCHEMA,
    attribute_leaves,
    behavior_leaves,
    conditions,
    leaves,
    trees,
)

BERLIN = LocalCalendar("Europe/Berlin")
NOW = 1_700_000_000


def _nodes(condition: Condition, path: str) -> dict[str, Condition]:
    found = {path: condition}
    for place, child in enumerate(children_of(condition)):
        found |= _nodes(child, child_path(path, condition, place))
    return found


def _without(condition: Condition, path: str, gone: str) -> Condition:
    """Return *condition* without the child at *gone*."""
    kept = tuple(
        _without(child, child_path(path, condition, place), gone)
        for place, child in enumerate(children_of(condition))
        if child_path(path, condition, place) != gone
    )
    match condition:
        case AllOf():
            return AllOf(kept)
        case AnyOf():
            return AnyOf(kept)
        case Not():
            return Not(kept[0])
    return condition


def assert_sound(condition: Condition, at: int, later: int, seed: int) -> None:
    """Check every warning about *condition* on made-up people."""
    nodes = _nodes(condition, "condition")
    found = warnings(condition, WIDE_SCHEMA, at, BERLIN)
    for moment in (at, at + later):
        world = World(WIDE_SCHEMA, BERLIN, moment)
        for person in People(world, condition, seed).some(25):
            for warning in found:
                if warning.code is WarningCode.CONTRADICTION:
                    assert not world.matches(nodes[warning.path], person), warning
                elif warning.code is WarningCode.ALWAYS_TRUE:
                    assert world.matches(nodes[warning.path], person), warning
                elif warning.code in {WarningCode.REDUNDANT, WarningCode.DUPLICATE_LEAF}:
                    less = _without(condition, "condition", warning.path)
                    same = world.matches(condition, person) == world.matches(less, person)
                    assert same, warning


moments = st.integers(NOW - 10**8, NOW + 10**8)
delays = st.integers(0, 3 * 10**8) | st.integers(0, 10**6)
seeds = st.integers(0, 2**32)


@settings(max_examples=100, deadline=None)
@given(conditions(), moments, delays, seeds)
def test_warnings_about_any_condition_hold(
    condition: Condition, at: int, later: int, seed: int
) -> None:
    assert_sound(condition, at, later, seed)


def _crowded(schema: Schema) -> st.SearchStrategy[Condition]:
    """Draw conditions about a single attribute or behavior, where leaves meet."""
    attributes = [Schema.of([held], ()) for held in schema.attributes.values()]
    behaviors = [
        BehaviorDefinition("quiz_taken", properties=(held,))
        for held in schema.behaviors["quiz_taken"].properties
    ]
    return st.one_of(
        st.sampled_from(attributes).flatmap(lambda only: trees(_about(only, attribute=True))),
        st.sampled_from(behaviors).flatmap(
            lambda only: trees(_about(Schema.of((), [only]), attribute=False), max_leaves=5)
        ),
    )


def _about(schema: Schema, *, attribute: bool) -> st.SearchStrategy[AnyLeaf]:
    return attribute_leaves(schema) if attribute else behavior_leaves(schema)


@settings(max_examples=300, deadline=None)
@given(_crowded(WIDE_SCHEMA), moments, delays, seeds)
def test_warnings_about_one_subject_hold(
    condition: Condition, at: int, later: int, seed: int
) -> None:
    assert_sound(condition, at, later, seed)


@given(leaves())
@settings(max_examples=200, deadline=None)
def test_a_leaf_and_its_complement_are_always_noticed(leaf: AnyLeaf) -> None:
    both = warnings(AllOf((leaf, Not(leaf))), WIDE_SCHEMA, NOW, BERLIN)
    either = warnings(AnyOf((leaf, Not(leaf))), WIDE_SCHEMA, NOW, BERLIN)
    assert ("condition", WarningCode.CONTRADICTION) in {(held.path, held.code) for held in both}
    assert ("condition", WarningCode.ALWAYS_TRUE) in {(held.path, held.code) for held in either}
