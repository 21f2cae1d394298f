"""Definitions -> the wire."""

from __future__ import annotations

from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    FilterType,
    PropertyDefinition,
    ValueType,
)
from segsvc.v1 import schema_pb2

_SUFFIXES = {
    ValueType.TEXT: "TEXT",
    ValueType.KEY: "KEY",
    ValueType.NUMBER: "NUMBER",
    ValueType.BOOLEAN: "BOOLEAN",
    ValueType.INSTANT: "INSTANT",
    ValueType.DATE: "DATE",
    ValueType.TEXT_SET: "TEXT_SET",
    ValueType.TEXT_LIST: "TEXT_LIST",
    ValueType.KEY_LIST: "KEY_LIST",
}


def attribute(held: AttributeDefinition, contact_count: int) -> schema_pb2.Attribute:
    """Encode an attribute."""
    return schema_pb2.Attribute(
        name=held.name,
        type=f"ATTRIBUTE_TYPE_{_SUFFIXES[held.type]}",
        scale=held.scale if held.type is ValueType.NUMBER else None,
        title=held.title or held.name,
        description=held.description,
        filter_type=filter_type(held.filter_type),
        standard=held.standard,
        allowed_values=held.values,
        contact_count=contact_count,
    )


def behavior(held: BehaviorDefinition, event_count: int) -> schema_pb2.Behavior:
    """Encode a behavior."""
    return schema_pb2.Behavior(
        name=held.name,
        title=held.title or held.name,
        description=held.description,
        filter_type=filter_type(held.filter_type),
        properties=map(_property, held.properties),
        standard=held.standard,
        event_count=event_count,
    )


def _property(held: PropertyDefinition) -> schema_pb2.Property:
    return schema_pb2.Property(
        name=held.name,
        type=f"PROPERTY_TYPE_{_SUFFIXES[held.type]}",
        scale=held.scale if held.type is ValueType.NUMBER else None,
        title=held.title or held.name,
    )


def filter_type(held: FilterType) -> str:
    """Return the wire's name of a filter type."""
    return f"FILTER_TYPE_{held.name}"
