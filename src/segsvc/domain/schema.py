"""What a store knows about contacts and behaviors: typed attributes and properties."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from segsvc.domain.errors import AlreadyExists, LimitExceeded


class ValueType(StrEnum):
    """The type of an attribute or of a property of a behavior."""

    TEXT = "text"
    KEY = "key"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DATE = "date"
    TEXT_SET = "text set"
    TEXT_LIST = "list of text"
    KEY_LIST = "list of key"

    @property
    def is_list(self) -> bool:
        """Whether one event holds several values of it."""
        return self in {ValueType.TEXT_LIST, ValueType.KEY_LIST}

    @property
    def is_textual(self) -> bool:
        """Whether text operators apply: text, key and lists of them."""
        return self in {ValueType.TEXT, ValueType.KEY} or self.is_list

    @property
    def folds(self) -> bool:
        """Whether values compare after NFKC and casefold; keys are exact bytes."""
        return self in {ValueType.TEXT, ValueType.TEXT_SET, ValueType.TEXT_LIST}


ATTRIBUTE_TYPES = frozenset(ValueType) - {ValueType.TEXT_LIST, ValueType.KEY_LIST}
PROPERTY_TYPES = frozenset(ValueType) - {ValueType.DATE, ValueType.TEXT_SET}

DEFAULT_SCALE = 4
MAX_ATTRIBUTES = 1_000
MAX_BEHAVIORS = 500
MAX_PROPERTIES = 32


class FilterType(StrEnum):
    """The nine groups under which a segment editor offers its filters."""

    PROPERTIES = "properties"
    MEMBERSHIP = "membership"
    EMAIL_CHANNEL = "email channel"
    SMS_CHANNEL = "sms channel"
    CONSUMER_BEHAVIOR = "consumer behavior"
    ACTIVE_BEHAVIOR = "active behavior"
    CUSTOMER_LIFECYCLE = "customer lifecycle"
    SMARTPUSH_EVENTS = "smartpush events"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class AttributeDefinition:
    """A typed fact that contacts of a store can have."""

    name: str
    type: ValueType
    title: str = ""
    description: str = ""
    scale: int = DEFAULT_SCALE
    """Digits after the point that a number keeps; only for numbers."""
    filter_type: FilterType = FilterType.PROPERTIES
    values: tuple[str, ...] = ()
    """The only texts allowed, when the attribute is an enumeration; empty: any."""
    standard: bool = False


@dataclass(frozen=True, slots=True)
class PropertyDefinition:
    """A typed fact that events of a behavior can carry."""

    name: str
    type: ValueType
    title: str = ""
    description: str = ""
    scale: int = DEFAULT_SCALE


@dataclass(frozen=True, slots=True)
class BehaviorDefinition:
    """A kind of event."""

    name: str
    title: str = ""
    description: str = ""
    filter_type: FilterType = FilterType.ACTIVE_BEHAVIOR
    properties: tuple[PropertyDefinition, ...] = ()
    standard: bool = False

    def property(self, name: str) -> PropertyDefinition | None:
        """Return the definition of the property called *name*, if there is one."""
        return next((held for held in self.properties if held.name == name), None)

    def only(self, names: Collection[str]) -> BehaviorDefinition:
        """Return the behavior with only the properties called *names*."""
        kept = tuple(held for held in self.properties if held.name in names)
        return replace(self, properties=kept)


@dataclass(frozen=True, slots=True)
class Schema:
    """All definitions of one store. Definitions are only added, and only grow: types stay."""

    attributes: Mapping[str, AttributeDefinition]
    behaviors: Mapping[str, BehaviorDefinition]

    @classmethod
    def of(
        cls, attributes: Iterable[AttributeDefinition], behaviors: Iterable[BehaviorDefinition]
    ) -> Schema:
        """Make a schema of the given definitions."""
        return cls(
            MappingProxyType({held.name: held for held in attributes}),
            MappingProxyType({held.name: held for held in behaviors}),
        )

    def with_attribute(
        self, added: AttributeDefinition, *, keeps_filter_type: bool = False
    ) -> Schema:
        """Return the schema with *added*; defining the same attribute again is fine.

        Args:
            keeps_filter_type: an attribute that is there keeps the filter type it has.

        Raises:
            AlreadyExists: when it is there with another type, scale, filter type or list of
                values, or is standard and has another title or description.
            LimitExceeded: beyond `MAX_ATTRIBUTES`.
        """
        held = self.attributes.get(added.name)
        if held is not None:
            added = _placed(held, added) if keeps_filter_type else added
            if _fixed(held) != _fixed(added) or _rewords_standard(held, added):
                raise AlreadyExists("attribute", added.name, _as_defined(held))
            added = held if held.standard else added
        elif len(self.attributes) >= MAX_ATTRIBUTES:
            raise LimitExceeded("attributes of a store", MAX_ATTRIBUTES, MAX_ATTRIBUTES + 1)
        return Schema.of({**self.attributes, added.name: added}.values(), self.behaviors.values())

    def with_behavior(
        self, added: BehaviorDefinition, *, keeps_filter_type: bool = False
    ) -> Schema:
        """Return the schema with *added*; an existing behavior gains the new properties.

        Args:
            keeps_filter_type: a behavior that is there keeps the filter type it has.

        Raises:
            AlreadyExists: when it is there with another filter type, or a property with another
                type or scale, or it is standard and has another title or description.
            LimitExceeded: beyond `MAX_BEHAVIORS` or `MAX_PROPERTIES`.
        """
        held = self.behaviors.get(added.name)
        if held is None and len(self.behaviors) >= MAX_BEHAVIORS:
            raise LimitExceeded("behaviors of a store", MAX_BEHAVIORS, MAX_BEHAVIORS + 1)
        if held is not None and keeps_filter_type:
            added = _placed(held, added)
        merged = added if held is None else _grown(held, added)
        if len(merged.properties) > MAX_PROPERTIES:
            raise LimitExceeded("properties of a behavior", MAX_PROPERTIES, len(merged.properties))
        return Schema.of(self.attributes.values(), {**self.behaviors, added.name: merged}.values())


Definition = TypeVar("Definition", AttributeDefinition, BehaviorDefinition)


def _placed(held: Definition, added: Definition) -> Definition:
    """Return *added* with the filter type of *held*."""
    return replace(added, filter_type=held.filter_type)


def _fixed(held: AttributeDefinition) -> tuple[object, ...]:
    """Return what cannot be changed."""
    return held.type, held.scale, held.values, held.filter_type


def _as_defined(held: AttributeDefinition) -> str:
    scale = f" of scale {held.scale}" if held.type is ValueType.NUMBER else ""
    standard = "standard " if held.standard else ""
    return f"as {standard}{held.type} attribute{scale} under {held.filter_type}"


def _rewords_standard(held: Definition, added: Definition) -> bool:
    """Say whether *added* gives a standard definition another title or description."""
    return held.standard and (
        added.title not in {"", held.title} or added.description not in {"", held.description}
    )


def _grown(held: BehaviorDefinition, added: BehaviorDefinition) -> BehaviorDefinition:
    if held.filter_type is not added.filter_type or _rewords_standard(held, added):
        standard = "standard " if held.standard else ""
        raise AlreadyExists("behavior", held.name, f"as {standard}one under {held.filter_type}")
    properties = {prop.name: prop for prop in held.properties}
    for prop in added.properties:
        known = properties.setdefault(prop.name, prop)
        if (known.type, known.scale) != (prop.type, prop.scale):
            raise AlreadyExists("property", f"{held.name}.{prop.name}", f"as {known.type} property")
    named = held if held.standard else added
    return replace(named, properties=tuple(properties.values()))
