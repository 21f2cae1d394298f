"""The filter catalog: everything a segment editor draws, from the schema of a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    FilterType,
    PropertyDefinition,
    Schema,
    ValueType,
)
from segsvc.rpc.encode.filter_slots import Slots
from segsvc.rpc.encode.schema import filter_type
from segsvc.v1 import condition_pb2, schema_pb2

_GROUP_TITLES = {
    FilterType.PROPERTIES: "Customer properties",
    FilterType.MEMBERSHIP: "Membership",
    FilterType.EMAIL_CHANNEL: "E-mail channel",
    FilterType.SMS_CHANNEL: "SMS channel",
    FilterType.CONSUMER_BEHAVIOR: "Consumer behavior",
    FilterType.ACTIVE_BEHAVIOR: "Active behavior",
    FilterType.CUSTOMER_LIFECYCLE: "Customer lifecycle",
    FilterType.SMARTPUSH_EVENTS: "SmartPush events",
    FilterType.OTHERS: "Others",
}

_TITLES = {
    "order_placed.count": "Number of orders",
    "order_placed.first_time": "First order",
    "order_placed.last_time": "Latest order",
    "order_placed.value.sum": "Total spend",
    "order_placed.value.average": "Average order value",
    "order_placed.value.minimum": "Smallest order",
    "order_placed.value.maximum": "Largest order",
    "order_placed.product_ids": "Purchased product",
    "order_placed.categories": "Purchased category",
    "visited.last_time": "Last visit",
    "visited.count": "Number of visits",
}

_MEASURES = {
    "sum": "total",
    "average": "average",
    "minimum": "smallest",
    "maximum": "largest",
}


@dataclass(frozen=True, slots=True)
class Catalog:
    """Builds the groups of one store's catalog; *slots* knows operators and suggestions."""

    schema: Schema
    slots: Slots

    def groups(self, wanted: FilterType | None) -> list[schema_pb2.FilterGroup]:
        """Return all groups, or the one *wanted*, in the order to show."""
        return [
            schema_pb2.FilterGroup(
                filter_type=filter_type(held),
                title=_GROUP_TITLES[held],
                fields=self._fields(held),
            )
            for held in FilterType
            if wanted in {None, held}
        ]

    def _fields(self, group: FilterType) -> Iterator[schema_pb2.FilterField]:
        for attribute in _ordered(self.schema.attributes.values(), group):
            yield from self._attribute(attribute)
        for behavior in _ordered(self.schema.behaviors.values(), group):
            yield from self._behavior(behavior)
        if group is FilterType.CONSUMER_BEHAVIOR:
            yield self._net_spend()
        if group is FilterType.OTHERS:
            yield self._segment()
            yield self._sample()

    def _attribute(self, held: AttributeDefinition) -> Iterator[schema_pb2.FilterField]:
        kind = _LEAVES[held.type]
        yield _field(
            held.name,
            held.title or held.name,
            schema_pb2.FIELD_KIND_ATTRIBUTE,
            {kind: {"attribute": held.name}},
            [self.slots.attribute(held, f"{kind}.test")],
            held.description,
        )
        if held.type is ValueType.DATE:
            yield _field(
                f"{held.name}.anniversary",
                f"{held.title or held.name}: anniversary",
                schema_pb2.FIELD_KIND_ATTRIBUTE,
                {"anniversary": {"attribute": held.name}},
                [self.slots.anniversary("anniversary.test")],
                "Day and month of the date, whatever its year.",
            )

    def _behavior(self, held: BehaviorDefinition) -> Iterator[schema_pb2.FilterField]:
        title = held.title or held.name
        plain = {"behavior": {"behavior": held.name}}
        negation = self.slots.negation("behavior.has_not", "Has not")
        window, where = self.slots.behavior_window(), self.slots.where(held)
        kind = schema_pb2.FIELD_KIND_BEHAVIOR
        slots = [negation, window, *where]
        yield _field(held.name, title, kind, plain, slots, held.description)
        count = self.slots.measure("behavior.measure.count", "Number of times", 0)
        kind = schema_pb2.FIELD_KIND_MEASURE
        yield _field(
            f"{held.name}.count", f"{title}: how often", kind, plain, [count, window, *where]
        )
        for name, which in (("first_time", "first time"), ("last_time", "latest time")):
            time = self.slots.measure_window(f"behavior.measure.{name}", which.capitalize())
            yield _field(
                f"{held.name}.{name}", f"{title}: {which}", kind, plain, [time, window, *where]
            )
        for prop in held.properties:
            yield from self._property(held, prop, title)

    def _property(
        self, held: BehaviorDefinition, prop: PropertyDefinition, title: str
    ) -> Iterator[schema_pb2.FilterField]:
        window, where = self.slots.behavior_window(), self.slots.where(held)
        named = prop.title or prop.name
        negation = self.slots.negation("behavior.has_not", "Has not")
        own = self.slots.clause(held, prop, optional=False)
        others = [slot for slot in where if slot.property != prop.name]
        yield _field(
            f"{held.name}.{prop.name}",
            f"{title}: {named.lower()}",
            schema_pb2.FIELD_KIND_PROPERTY,
            {"behavior": {"behavior": held.name}},
            [own, negation, window, *others],
            prop.description,
        )
        if prop.type is not ValueType.NUMBER:
            return
        for measure, word in _MEASURES.items():
            template = {
                "behavior": {"behavior": held.name, "measure": {measure: {"property": prop.name}}}
            }
            slot = self.slots.measure(
                f"behavior.measure.{measure}.test", word.capitalize(), prop.scale
            )
            yield _field(
                f"{held.name}.{prop.name}.{measure}",
                f"{title}: {word} {named.lower()}",
                schema_pb2.FIELD_KIND_MEASURE,
                template,
                [slot, window, *where],
            )

    def _net_spend(self) -> schema_pb2.FilterField:
        return _field(
            "net_spend",
            "Net spend",
            schema_pb2.FIELD_KIND_NET_SPEND,
            {"net_spend": {}},
            [
                self.slots.measure("net_spend.test", "Net spend", 4),
                self.slots.window("net_spend.window", "When"),
            ],
            "Orders placed less orders cancelled and refunded.",
        )

    def _segment(self) -> schema_pb2.FilterField:
        return _field(
            "segment",
            "Segment",
            schema_pb2.FIELD_KIND_SEGMENT,
            {"segment": {}},
            [
                self.slots.segment("segment.segment_id"),
                self.slots.negation("segment.not_in", "Not in"),
            ],
            "Members of another saved segment.",
        )

    def _sample(self) -> schema_pb2.FilterField:
        return _field(
            "sample",
            "Sample",
            schema_pb2.FIELD_KIND_SAMPLE,
            {"sample": {}},
            self.slots.sample("sample.percent", "sample.salt"),
            "A stable random part of all contacts.",
        )


_LEAVES = {
    ValueType.TEXT: "text",
    ValueType.KEY: "text",
    ValueType.NUMBER: "number",
    ValueType.BOOLEAN: "boolean",
    ValueType.INSTANT: "instant",
    ValueType.DATE: "date",
    ValueType.TEXT_SET: "text_set",
}


def _ordered(definitions: Iterable[Any], group: FilterType) -> Sequence[Any]:
    """Return the definitions of a group: standard ones as they come, then custom ones by title."""
    held = [definition for definition in definitions if definition.filter_type is group]
    custom = [definition for definition in held if not definition.standard]
    custom.sort(key=lambda definition: (definition.title or definition.name).casefold())
    return [definition for definition in held if definition.standard] + custom


def _field(
    field_id: str,
    title: str,
    kind: schema_pb2.FieldKind,
    template: dict[str, Any],
    slots: Sequence[schema_pb2.FilterSlot],
    description: str = "",
) -> schema_pb2.FilterField:
    return schema_pb2.FilterField(
        field_id=field_id,
        title=_TITLES.get(field_id, title),
        description=description,
        kind=kind,
        template=condition_pb2.Condition(**template),
        slots=slots,
    )
