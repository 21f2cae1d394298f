"""Slots of the filter catalog: what an editor asks for, which operators, which values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    PropertyDefinition,
    ValueType,
)
from segsvc.v1 import condition_pb2, schema_pb2

Suggested = list[schema_pb2.ValueSuggestion]
_Kind = schema_pb2.WindowKind
_PLAIN_UNITS = ("HOUR", "DAY", "WEEK")
_CALENDAR_UNITS = (*_PLAIN_UNITS, "MONTH", "YEAR")
_SPANS: Mapping[str, tuple[str, ...]] = {
    "IN_THE_LAST": _CALENDAR_UNITS,
    "MORE_THAN_AGO": _PLAIN_UNITS,
    "BETWEEN_AGO": _PLAIN_UNITS,
    "IN_THE_NEXT": _PLAIN_UNITS,
}


class Suggests(Protocol):
    """Finds the values of a source with most contacts."""

    def __call__(self, source: schema_pb2.SuggestionSource) -> Suggested:
        """Return as many as the editor asked for."""


def _all_of(wrapper: Any, without: tuple[str, ...] = ()) -> list[Any]:
    """Return the numbers of an enum in order, but for its zero and those that end so."""
    return [
        number for name, number in wrapper.items() if number and not name.endswith(without or "?")
    ]


_TEXT = _all_of(condition_pb2.TextOperator)
_NUMBER = _all_of(condition_pb2.NumberOperator)
_MEASURE = _all_of(condition_pb2.NumberOperator, ("_SET",))
_BOOLEAN = _all_of(condition_pb2.BooleanOperator)
_TEXT_SET = _all_of(condition_pb2.TextSetOperator)
_PRESENCE = _all_of(condition_pb2.Presence)
_ANNIVERSARY = _all_of(schema_pb2.AnniversaryKind)
_INSTANT_WINDOWS = _all_of(_Kind, ("_EVER",))
_EVENT_WINDOWS = _all_of(_Kind, ("_IN_THE_NEXT",))
_TIME_WINDOWS = _all_of(_Kind, ("_IN_THE_NEXT", "_EVER"))


def _choices(kinds: list[Any]) -> list[schema_pb2.WindowChoice]:
    found = []
    for kind in kinds:
        name = _Kind.Name(kind).removeprefix("WINDOW_KIND_")
        units = [f"TIME_UNIT_{unit}" for unit in _SPANS.get(name, ())]
        found.append(schema_pb2.WindowChoice(kind=kind, units=units))
    return found


class Slots:
    """Makes slots; values are suggested once per source."""

    def __init__(self, suggest: Suggests) -> None:
        self._suggest = suggest
        self._known: dict[bytes, Suggested] = {}

    def attribute(self, held: AttributeDefinition, path: str) -> schema_pb2.FilterSlot:
        """Return the slot of an attribute's test."""
        slot = _test_slot(held.type, path, held.title or held.name, held.scale)
        slot.allowed_values.extend(held.values)
        if held.type in {ValueType.TEXT, ValueType.KEY, ValueType.TEXT_SET}:
            self._fill(slot, schema_pb2.SuggestionSource(attribute=held.name))
        return slot

    def clause(
        self, behavior: BehaviorDefinition, held: PropertyDefinition, *, optional: bool
    ) -> schema_pb2.FilterSlot:
        """Return the where slot of a property."""
        slot = _test_slot(held.type, "behavior.where", held.title or held.name, held.scale)
        slot.optional, slot.property = optional, held.name
        if held.type.is_textual:
            named = schema_pb2.PropertyName(behavior=behavior.name, property=held.name)
            self._fill(slot, schema_pb2.SuggestionSource(property=named))
        return slot

    def where(self, behavior: BehaviorDefinition) -> list[schema_pb2.FilterSlot]:
        """Return optional where slots for all properties."""
        return [self.clause(behavior, held, optional=True) for held in behavior.properties]

    def _fill(self, slot: schema_pb2.FilterSlot, source: schema_pb2.SuggestionSource) -> None:
        key = source.SerializeToString(deterministic=True)
        if key not in self._known:
            self._known[key] = self._suggest(source)
        slot.suggestion_source.CopyFrom(source)
        slot.top_values.extend(self._known[key])

    def anniversary(self, path: str) -> schema_pb2.FilterSlot:
        """Return the slot of an anniversary test."""
        return schema_pb2.FilterSlot(
            path=path,
            kind=schema_pb2.SLOT_KIND_ANNIVERSARY,
            title="Anniversary",
            anniversaries=_ANNIVERSARY,
        )

    def negation(self, path: str, title: str) -> schema_pb2.FilterSlot:
        """Return a yes or no slot."""
        return schema_pb2.FilterSlot(
            path=path, kind=schema_pb2.SLOT_KIND_NEGATION, title=title, optional=True
        )

    def window(self, path: str, title: str) -> schema_pb2.FilterSlot:
        """Return the optional slot of an event window."""
        return schema_pb2.FilterSlot(
            path=path,
            kind=schema_pb2.SLOT_KIND_WINDOW,
            title=title,
            optional=True,
            windows=_choices(_EVENT_WINDOWS),
        )

    def behavior_window(self) -> schema_pb2.FilterSlot:
        """Return the slot of a behavior's window."""
        return self.window("behavior.window", "When")

    def measure(self, path: str, title: str, scale: int) -> schema_pb2.FilterSlot:
        """Return the slot of a measured number."""
        return schema_pb2.FilterSlot(
            path=path,
            kind=schema_pb2.SLOT_KIND_NUMBER,
            title=title,
            number_operators=_MEASURE,
            scale=scale,
        )

    def measure_window(self, path: str, title: str) -> schema_pb2.FilterSlot:
        """Return the slot of a first or last time."""
        return schema_pb2.FilterSlot(
            path=path,
            kind=schema_pb2.SLOT_KIND_WINDOW,
            title=title,
            windows=_choices(_TIME_WINDOWS),
        )

    def segment(self, path: str) -> schema_pb2.FilterSlot:
        """Return the slot of another segment."""
        slot = schema_pb2.FilterSlot(path=path, kind=schema_pb2.SLOT_KIND_SEGMENT, title="Segment")
        self._fill(slot, schema_pb2.SuggestionSource(segments=True))
        return slot

    def sample(self, percent: str, salt: str) -> list[schema_pb2.FilterSlot]:
        """Return the two slots of a sample."""
        return [
            schema_pb2.FilterSlot(path=percent, kind=schema_pb2.SLOT_KIND_PERCENT, title="Percent"),
            schema_pb2.FilterSlot(
                path=salt, kind=schema_pb2.SLOT_KIND_SALT, title="Salt", optional=True
            ),
        ]


def _test_slot(value_type: ValueType, path: str, title: str, scale: int) -> schema_pb2.FilterSlot:
    slot = schema_pb2.FilterSlot(path=path, title=title)
    match value_type:
        case ValueType.NUMBER:
            slot.kind, slot.scale = schema_pb2.SLOT_KIND_NUMBER, scale
            slot.number_operators.extend(_NUMBER)
        case ValueType.BOOLEAN:
            slot.kind = schema_pb2.SLOT_KIND_BOOLEAN
            slot.boolean_operators.extend(_BOOLEAN)
        case ValueType.INSTANT:
            slot.kind = schema_pb2.SLOT_KIND_INSTANT
            slot.presences.extend(_PRESENCE)
            slot.windows.extend(_choices(_INSTANT_WINDOWS))
        case ValueType.DATE:
            slot.kind = schema_pb2.SLOT_KIND_DATE
            slot.presences.extend(_PRESENCE)
            slot.windows.extend(_choices(_INSTANT_WINDOWS))
        case ValueType.TEXT_SET:
            slot.kind = schema_pb2.SLOT_KIND_TEXT_SET
            slot.text_set_operators.extend(_TEXT_SET)
        case _:
            slot.kind = schema_pb2.SLOT_KIND_TEXT
            slot.text_operators.extend(_TEXT)
    return slot
