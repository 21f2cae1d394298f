"""Every kind, operator, window and unit of the contract is drawn, wherever it may stand."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from segsvc.v1 import condition_pb2
from tests.oracle.draws.conditions import GROUPS, conditions, kinds, leaves
from tests.oracle.history import fresh, save
from tests.oracle.profiles import DEEP, QUICK
from tests.serving import Served

LEAVES = [held for held in kinds() if held not in GROUPS]
ROUNDS = 40
"""Each draws 900 leaves; what none of them holds is taken as never drawn."""
_PLACES_WITHOUT_FUTURE = {
    "BehaviorCondition.window",
    "NetSpendCondition.window",
    "Measure.first_time",
    "Measure.last_time",
}
_MEASURES = {"NetSpendCondition.test", "Measure.count", "PropertyMeasure.test"}
_PRESENCE = {"NUMBER_OPERATOR_SET", "NUMBER_OPERATOR_NOT_SET"}


def _key(place: str, message: Descriptor, choice: str) -> str:
    """Name a choice: by where it stands, for those that mean something else elsewhere."""
    stands = place if message.name in {"Window", "NumberTest", "TextTest", "Where"} else ""
    return f"{stands or message.name} {choice}"


def _asked(place: str, message: Descriptor, seen: frozenset[str]) -> Iterator[str]:
    """Yield every choice there is below *message*, as it stands at *place* in its parent."""
    for field in message.fields:
        here = f"{message.name}.{field.name}"
        if place in _PLACES_WITHOUT_FUTURE and field.name == "in_the_next":
            continue
        if field.containing_oneof is not None:
            yield _key(place, message, field.name)
        if field.type == FieldDescriptor.TYPE_ENUM and message.name != "Window":
            for value in field.enum_type.values[1:]:
                if not (place in _MEASURES and value.name in _PRESENCE):
                    yield _key(place, message, value.name)
        elif field.type == FieldDescriptor.TYPE_ENUM:
            yield from (f"Window.calendar {value.name}" for value in field.enum_type.values[1:])
        elif field.type == FieldDescriptor.TYPE_MESSAGE and here not in seen:
            yield from _asked(here, field.message_type, seen | {here})


def _drawn(place: str, message: Message) -> Iterator[str]:
    """Yield the choices that *message* makes."""
    kind = message.DESCRIPTOR
    for field, value in message.ListFields():
        if field.containing_oneof is not None:
            yield _key(place, kind, field.name)
        if field.type == FieldDescriptor.TYPE_ENUM:
            name = field.enum_type.values_by_number[value].name
            in_window = kind.name == "Window"
            yield f"Window.calendar {name}" if in_window else _key(place, kind, name)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for below in (value,) if isinstance(value, Message) else value:
                yield from _drawn(f"{kind.name}.{field.name}", below)


def test_draws_cover_the_contract(served: Served) -> None:
    missing = set(_asked("", condition_pb2.Condition.DESCRIPTOR, frozenset()))
    worlds = []

    @settings(QUICK, max_examples=1)
    @given(st.data())
    def begin(data: st.DataObject) -> None:
        twin = fresh(served, data)
        save(twin, data)
        worlds.append(twin.world)

    @settings(DEEP, max_examples=60, database=None)
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        world, segments = worlds[0], sorted(worlds[0].segments)
        leaf = st.sampled_from((*["behavior"] * 12, *["net_spend"] * 3, *LEAVES)).flatmap(
            lambda kind: leaves(world, kind, segments)
        )
        for held in data.draw(st.lists(leaf, min_size=15, max_size=15)):
            missing.difference_update(_drawn("", held))
        missing.difference_update(_drawn("", data.draw(conditions(world, segments))))

    begin()
    for number in range(ROUNDS):
        if missing:
            seed(number)(draw)()
    assert sorted(missing) == []
