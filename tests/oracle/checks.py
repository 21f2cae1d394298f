"""What is asked of the service and must be as the oracle has it."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from segsvc.bitmap import Bitmap
from segsvc.condition import tree
from segsvc.engine.state import SegmentReader
from segsvc.rpc.decode import condition as decode
from segsvc.v1 import condition_pb2, evaluation_pb2, evaluation_service_pb2
from tests.oracle.draws.moments import LAST, later
from tests.oracle.draws.writes import IDS
from tests.oracle.meaning import Meaning
from tests.oracle.turns import turns_of
from tests.oracle.twin import Twin
from tests.oracle.values import same
from tests.oracle.world import children


def check_condition(twin: Twin, data: st.DataObject, condition: condition_pb2.Condition) -> None:
    """Check every answer about *condition*."""
    now = Meaning(twin.world, twin.world.at)
    expected = now.members(condition)
    target = condition_pb2.Target(condition=condition)
    assert twin.members(target) == expected
    check_count(twin, target, len(expected))
    _check_future(twin, data, condition)
    _check_nodes(twin, condition)
    if twin.world.contacts:
        chosen = data.draw(st.sampled_from(sorted(twin.world.contacts)))
        check_contact(twin, condition, chosen)


def check_leaves_within(
    twin: Twin, data: st.DataObject, condition: condition_pb2.Condition
) -> None:
    """Check, inside the process, that an answer for some contacts is part of that for all."""
    state = twin.served.engine.store(twin.id)
    view, universe = SegmentReader(state).view, sorted(state.index.contacts.universe)
    some = st.lists(st.sampled_from(universe), unique=True) if universe else st.just([])
    within = Bitmap(data.draw(some))
    for leaf in tree.leaves(decode.condition(condition, "condition")):
        everybody = leaf.matches(view, twin.world.at, None)
        assert leaf.matches(view, twin.world.at, within.copy()) == everybody & within


def check_segments(twin: Twin) -> None:
    """Check the members of every saved segment, and who is in which."""
    world = twin.world
    now = Meaning(world, world.at)
    members = {held: now.members(world.segments[held]) for held in sorted(world.segments)}
    for held, expected in members.items():
        target = condition_pb2.Target(segment_id=held)
        assert twin.members(target) == expected
        assert sorted(twin.listed(target, 2 + len(expected) // 3)) == sorted(expected)
        check_count(twin, target, len(expected))
    asked = [*IDS, "nobody"]
    request = evaluation_service_pb2.CheckMembershipRequest(
        store_id=twin.id, contact_ids=asked, segment_ids=list(members)
    )
    answer = twin.served.evaluation.CheckMembership(request)
    assert [
        (held.contact_id, held.known, list(held.segment_ids)) for held in answer.memberships
    ] == [
        (
            held,
            world.find(held) is not None,
            [name for name, inside in members.items() if world.resolve(held) in inside],
        )
        for held in asked
    ]


def check_count(twin: Twin, target: condition_pb2.Target, expected: int) -> None:
    """Check how many there are now."""
    request = evaluation_service_pb2.CountRequest(store_id=twin.id, target=target)
    answer = twin.served.evaluation.Count(request)
    assert answer.contact_count == expected
    assert answer.universe_count == len(twin.world.contacts)
    assert answer.as_of.seconds == twin.world.at


def _check_future(twin: Twin, data: st.DataObject, condition: condition_pb2.Condition) -> None:
    at = data.draw(later(twin.world))
    request = evaluation_service_pb2.CountRequest(
        store_id=twin.id, target=condition_pb2.Target(condition=condition)
    )
    request.as_of.seconds = at
    answer = twin.served.evaluation.Count(request)
    assert answer.contact_count == len(Meaning(twin.world, at).members(condition))


def nodes(
    condition: condition_pb2.Condition, path: str = "condition", depth: int = 0
) -> Iterator[tuple[str, int, condition_pb2.Condition]]:
    """Yield every node with its path and depth, parents first."""
    yield path, depth, condition
    for below, child in children(condition):
        yield from nodes(child, f"{path}.{below}", depth + 1)


def _check_nodes(twin: Twin, condition: condition_pb2.Condition) -> None:
    request = evaluation_service_pb2.ExplainConditionRequest(store_id=twin.id, condition=condition)
    answer = twin.served.evaluation.ExplainCondition(request)
    now = Meaning(twin.world, twin.world.at)
    assert [(held.path, held.contact_count) for held in answer.nodes] == [
        (path, len(now.members(node))) for path, _, node in nodes(condition)
    ]
    assert answer.contact_count == answer.nodes[0].contact_count


def check_contact(twin: Twin, condition: condition_pb2.Condition, contact_id: str) -> None:
    """Check what every node says of one contact, why, and for how long."""
    request = evaluation_service_pb2.ExplainContactRequest(
        store_id=twin.id, contact_id=contact_id, condition=condition
    )
    answer = twin.served.evaluation.ExplainContact(request)
    now = Meaning(twin.world, twin.world.at)
    assert [(held.path, held.depth, held.matches) for held in answer.nodes] == [
        (path, depth, now.matches(node, contact_id)) for path, depth, node in nodes(condition)
    ]
    assert answer.contact_id == contact_id
    assert answer.matches == answer.nodes[0].matches
    assert answer.next_change_time == answer.nodes[0].next_change_time
    for shown, (_, _, node) in zip(answer.nodes, nodes(condition), strict=True):
        assert shown.leaf == (not children(node))
        if shown.leaf:
            _check_facts(shown, now, node, contact_id)
        _check_next_change(twin, shown, node, contact_id)


def _check_facts(
    shown: evaluation_pb2.NodeTruth,
    now: Meaning,
    leaf: condition_pb2.Condition,
    contact_id: str,
) -> None:
    facts = now.facts(leaf, contact_id)
    assert [held.name for held in shown.actual_values] == list(facts)
    for held in shown.actual_values:
        value = held.value if held.HasField("value") else None
        assert same(value, facts[held.name]), (held, facts)


def _check_next_change(
    twin: Twin,
    shown: evaluation_pb2.NodeTruth,
    node: condition_pb2.Condition,
    contact_id: str,
) -> None:
    """Nothing turns before the moment that is told, and the answer turns then."""
    world, end = twin.world, LAST
    if shown.HasField("next_change_time"):
        end = shown.next_change_time.seconds
        assert world.at < end <= LAST
        assert Meaning(world, end).matches(node, contact_id) != shown.matches
    for moment in turns_of(world, node, contact_id):
        if world.at < moment < end:
            assert Meaning(world, moment).matches(node, contact_id) == shown.matches, moment
