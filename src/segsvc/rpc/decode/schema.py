"""Definitions of the wire -> definitions."""

from __future__ import annotations

from segsvc.domain.decimals import MAX_SCALE
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.ids import check_field_name
from segsvc.domain.schema import (
    DEFAULT_SCALE,
    MAX_PROPERTIES,
    AttributeDefinition,
    BehaviorDefinition,
    FilterType,
    PropertyDefinition,
    ValueType,
)
from segsvc.domain.write import DefineAttribute, DefineBehavior
from segsvc.v1 import schema_pb2, schema_service_pb2

MAX_TITLE_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_ALLOWED_VALUES = 1_000


def define_attribute(request: schema_service_pb2.DefineAttributeRequest) -> DefineAttribute:
    """Decode; raises `InvalidArgument`."""
    wire = request.attribute
    check_field_name(wire.name, "attribute.name")
    value_type = _type(
        wire.type, schema_pb2.AttributeType.DESCRIPTOR.values_by_number, "attribute.type"
    )
    if wire.allowed_values and value_type is not ValueType.TEXT:
        raise InvalidArgument.of("attribute.allowed_values", "are only for text attributes")
    if len(wire.allowed_values) > MAX_ALLOWED_VALUES:
        raise InvalidArgument.of(
            "attribute.allowed_values", f"must be at most {MAX_ALLOWED_VALUES:,}"
        )
    if "" in wire.allowed_values or len(set(wire.allowed_values)) < len(wire.allowed_values):
        raise InvalidArgument.of("attribute.allowed_values", "must be distinct and not empty")
    return DefineAttribute(
        AttributeDefinition(
            wire.name,
            value_type,
            _title(wire.title, "attribute.title"),
            _description(wire.description, "attribute.description"),
            _scale(wire, value_type, "attribute"),
            filter_type(wire.filter_type, "attribute.filter_type", FilterType.OTHERS),
            tuple(wire.allowed_values),
        ),
        keeps_filter_type=not wire.filter_type,
    )


def define_behavior(request: schema_service_pb2.DefineBehaviorRequest) -> DefineBehavior:
    """Decode; raises `InvalidArgument`."""
    wire = request.behavior
    check_field_name(wire.name, "behavior.name")
    names = [held.name for held in wire.properties]
    if len(set(names)) < len(names):
        raise InvalidArgument.of("behavior.properties", "a property comes twice")
    if len(names) > MAX_PROPERTIES:
        raise InvalidArgument.of("behavior.properties", f"must be at most {MAX_PROPERTIES}")
    properties = tuple(
        _property(held, f"behavior.properties[{place}]")
        for place, held in enumerate(wire.properties)
    )
    return DefineBehavior(
        BehaviorDefinition(
            wire.name,
            _title(wire.title, "behavior.title"),
            _description(wire.description, "behavior.description"),
            filter_type(wire.filter_type, "behavior.filter_type", FilterType.OTHERS),
            properties,
        ),
        keeps_filter_type=not wire.filter_type,
    )


def _property(wire: schema_pb2.Property, path: str) -> PropertyDefinition:
    check_field_name(wire.name, f"{path}.name")
    value_type = _type(
        wire.type, schema_pb2.PropertyType.DESCRIPTOR.values_by_number, f"{path}.type"
    )
    return PropertyDefinition(
        wire.name,
        value_type,
        _title(wire.title, f"{path}.title"),
        scale=_scale(wire, value_type, path),
    )


_TYPES = {
    "TEXT": ValueType.TEXT,
    "KEY": ValueType.KEY,
    "NUMBER": ValueType.NUMBER,
    "BOOLEAN": ValueType.BOOLEAN,
    "INSTANT": ValueType.INSTANT,
    "DATE": ValueType.DATE,
    "TEXT_SET": ValueType.TEXT_SET,
    "TEXT_LIST": ValueType.TEXT_LIST,
    "KEY_LIST": ValueType.KEY_LIST,
}


def _type(number: int, values_by_number: object, path: str) -> ValueType:
    assert hasattr(values_by_number, "get")
    known = values_by_number.get(number)
    if number == 0 or known is None:
        raise InvalidArgument.of(path, "is not set or not known")
    return _TYPES[known.name.split("_TYPE_", 1)[1]]


def _scale(
    wire: schema_pb2.Attribute | schema_pb2.Property, value_type: ValueType, path: str
) -> int:
    if not wire.HasField("scale"):
        return DEFAULT_SCALE
    if value_type is not ValueType.NUMBER:
        raise InvalidArgument.of(f"{path}.scale", "is only for numbers")
    if not 0 <= wire.scale <= MAX_SCALE:
        raise InvalidArgument.of(f"{path}.scale", f"must be 0..{MAX_SCALE}, is {wire.scale}")
    return wire.scale


def filter_type(number: int, path: str, default: FilterType) -> FilterType:
    """Return the filter type of a wire number; 0 is *default*."""
    if number == 0:
        return default
    known = schema_pb2.FilterType.DESCRIPTOR.values_by_number.get(number)
    if known is None:
        names = ", ".join(held.name for held in FilterType)
        raise InvalidArgument.of(path, f"is not known; one of {names}")
    return FilterType[known.name.removeprefix("FILTER_TYPE_")]


def _title(title: str, path: str) -> str:
    if len(title) > MAX_TITLE_CHARACTERS:
        raise InvalidArgument.of(path, f"must be at most {MAX_TITLE_CHARACTERS} characters")
    return title


def _description(description: str, path: str) -> str:
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidArgument.of(path, f"must be at most {MAX_DESCRIPTION_CHARACTERS:,} characters")
    return description
