"""SchemaService."""

from __future__ import annotations

from typing import Any

from segsvc.domain.errors import InvalidArgument, NotFound
from segsvc.domain.schema import FilterType, ValueType
from segsvc.domain.text import fold
from segsvc.engine.read import Reading, SavedSegment
from segsvc.rpc.decode.schema import filter_type
from segsvc.rpc.encode import schema as encode
from segsvc.rpc.encode.filter_slots import Slots, Suggested
from segsvc.rpc.encode.filters import Catalog
from segsvc.rpc.services.base import Servicer
from segsvc.rpc.times import timestamp
from segsvc.v1 import schema_pb2, schema_service_pb2_grpc
from segsvc.v1 import schema_service_pb2 as pb

MAX_SUGGESTIONS = 100
DEFAULT_SUGGESTIONS = 10
_SUGGESTED = {ValueType.TEXT, ValueType.KEY, ValueType.TEXT_SET}


class SchemaService(Servicer, schema_service_pb2_grpc.SchemaServiceServicer):
    """See schema_service.proto."""

    async def DefineAttribute(self, request: pb.DefineAttributeRequest, context: Any) -> Any:
        """Make an attribute."""
        state, answer = await self.write(request)
        held = state.schema.attributes[answer.facts["name"]]
        count = state.index.column(held.name).present_count()
        return pb.DefineAttributeResponse(
            attribute=encode.attribute(held, count), revision=answer.revision
        )

    async def ListAttributes(self, request: pb.ListAttributesRequest, context: Any) -> Any:
        """List attributes."""
        reading = await self.reading(request)
        state, wanted = reading.state, _filter_type(request.filter_type)
        found = [
            held
            for held in sorted(
                state.schema.attributes.values(), key=lambda held: (not held.standard, held.name)
            )
            if wanted in {None, held.filter_type}
        ]
        page, token = self.page(request, found, 1_000, 1_000)
        return pb.ListAttributesResponse(
            attributes=[
                encode.attribute(held, state.index.column(held.name).present_count())
                for held in page
            ],
            next_page_token=token,
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def DefineBehavior(self, request: pb.DefineBehaviorRequest, context: Any) -> Any:
        """Make a behavior, or add to one."""
        state, answer = await self.write(request)
        held = state.schema.behaviors[answer.facts["name"]]
        count = state.index.log(held.name).live_rows
        return pb.DefineBehaviorResponse(
            behavior=encode.behavior(held, count), revision=answer.revision
        )

    async def ListBehaviors(self, request: pb.ListBehaviorsRequest, context: Any) -> Any:
        """List behaviors."""
        reading = await self.reading(request)
        state, wanted = reading.state, _filter_type(request.filter_type)
        found = [
            held
            for held in sorted(
                state.schema.behaviors.values(), key=lambda held: (not held.standard, held.name)
            )
            if wanted in {None, held.filter_type}
        ]
        page, token = self.page(request, found, 500, 500)
        return pb.ListBehaviorsResponse(
            behaviors=[
                encode.behavior(held, state.index.log(held.name).live_rows) for held in page
            ],
            next_page_token=token,
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def ListFilters(self, request: pb.ListFiltersRequest, context: Any) -> Any:
        """Answer all an editor draws."""
        reading = await self.reading(request)
        limit = DEFAULT_SUGGESTIONS
        if request.HasField("suggestion_limit"):
            limit = request.suggestion_limit
        if not 0 <= limit <= MAX_SUGGESTIONS:
            raise InvalidArgument.of("suggestion_limit", f"must be 0..{MAX_SUGGESTIONS}")
        slots = Slots(lambda source: _suggest(reading, source, "", limit)[0])
        catalog = Catalog(reading.state.schema, slots)
        return pb.ListFiltersResponse(
            groups=catalog.groups(_filter_type(request.filter_type)),
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )

    async def SuggestValues(self, request: pb.SuggestValuesRequest, context: Any) -> Any:
        """Find values by prefix."""
        reading = await self.reading(request)
        if not 0 <= request.page_size <= MAX_SUGGESTIONS:
            raise InvalidArgument.of("page_size", f"must be 1..{MAX_SUGGESTIONS}, or 0 for 10")
        limit = request.page_size or DEFAULT_SUGGESTIONS
        found, total = _suggest(reading, request.source, request.prefix, limit)
        return pb.SuggestValuesResponse(
            suggestions=found,
            total_size=total,
            revision=reading.revision,
            as_of=timestamp(reading.as_of),
        )


def _filter_type(number: int) -> FilterType | None:
    return filter_type(number, "filter_type", FilterType.OTHERS) if number else None


def _suggest(
    reading: Reading, source: schema_pb2.SuggestionSource, prefix: str, limit: int
) -> tuple[Suggested, int]:
    """Return the values of *source* with most contacts, and how many there are in all."""
    state = reading.state
    match source.WhichOneof("kind"):
        case "attribute":
            definition = state.schema.attributes.get(source.attribute)
            if definition is None:
                raise NotFound("attribute", source.attribute)
            if definition.type not in _SUGGESTED:
                raise InvalidArgument.of(
                    "source.attribute", f"a {definition.type} attribute has no values to suggest"
                )
            found = state.index.suggest(source.attribute, prefix, limit)
            return _encoded(found), state.index.suggest_total(source.attribute, prefix)
        case "property":
            return _property(reading, source.property, prefix, limit)
        case "segments":
            return _segments(reading, prefix, limit)
        case _:
            raise InvalidArgument.of("source", "give an attribute, a property or segments")


def _property(
    reading: Reading, named: schema_pb2.PropertyName, prefix: str, limit: int
) -> tuple[Suggested, int]:
    state = reading.state
    behavior = state.schema.behaviors.get(named.behavior)
    if behavior is None:
        raise NotFound("behavior", named.behavior)
    definition = behavior.property(named.property)
    if definition is None:
        raise NotFound("property", f"{named.behavior}.{named.property}")
    if not definition.type.is_textual:
        raise InvalidArgument.of(
            "source.property", f"a {definition.type} property has no values to suggest"
        )
    index = state.index
    found = index.suggest_property(named.behavior, named.property, prefix, limit)
    total = index.suggest_property_total(named.behavior, named.property, prefix)
    return _encoded(found), total


def _segments(reading: Reading, prefix: str, limit: int) -> tuple[Suggested, int]:
    start = fold(prefix)
    named = [held for held in reading.state.segments if fold(held.name).startswith(start)]
    sized = [(reading.count(SavedSegment(held.id)), held) for held in named] if limit else []
    sized.sort(key=lambda pair: (-pair[0], pair[1].name))
    found = [
        schema_pb2.ValueSuggestion(value=held.id, title=held.name, contact_count=count)
        for count, held in sized[:limit]
    ]
    return found, len(named)


def _encoded(found: list[tuple[str, int]]) -> Suggested:
    return [
        schema_pb2.ValueSuggestion(value=text, title=text, contact_count=count)
        for text, count in found
    ]
