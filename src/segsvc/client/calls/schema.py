"""SchemaService."""

from __future__ import annotations

from segsvc.client.call import Call, Pages, Scope, read, write
from segsvc.v1 import schema_pb2
from segsvc.v1 import schema_service_pb2 as pb


def define_attribute(
    scope: Scope, attribute: schema_pb2.Attribute, *, request_id: str = ""
) -> Call[pb.DefineAttributeResponse]:
    """Add a custom attribute; a definition that is there already may only grow."""
    request = pb.DefineAttributeRequest(
        store_id=scope.store_id, request_id=request_id, attribute=attribute
    )
    return write("SchemaService/DefineAttribute", request, pb.DefineAttributeResponse)


def define_behavior(
    scope: Scope, behavior: schema_pb2.Behavior, *, request_id: str = ""
) -> Call[pb.DefineBehaviorResponse]:
    """Add a custom behavior, or properties to one."""
    request = pb.DefineBehaviorRequest(
        store_id=scope.store_id, request_id=request_id, behavior=behavior
    )
    return write("SchemaService/DefineBehavior", request, pb.DefineBehaviorResponse)


def attributes(scope: Scope) -> Pages[pb.ListAttributesResponse, schema_pb2.Attribute]:
    """Yield every attribute."""
    request = pb.ListAttributesRequest(store_id=scope.store_id, min_revision=scope.min_revision)
    call = read("SchemaService/ListAttributes", request, pb.ListAttributesResponse)
    return Pages(call, lambda page: page.attributes)


def behaviors(scope: Scope) -> Pages[pb.ListBehaviorsResponse, schema_pb2.Behavior]:
    """Yield every behavior."""
    request = pb.ListBehaviorsRequest(store_id=scope.store_id, min_revision=scope.min_revision)
    call = read("SchemaService/ListBehaviors", request, pb.ListBehaviorsResponse)
    return Pages(call, lambda page: page.behaviors)


def filters(
    scope: Scope,
    filter_type: str = "FILTER_TYPE_UNSPECIFIED",
    *,
    suggestion_limit: int | None = None,
) -> Call[pb.ListFiltersResponse]:
    """Return everything an editor draws: filter types, fields, operators, top values."""
    request = pb.ListFiltersRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        filter_type=filter_type,
        suggestion_limit=suggestion_limit,
    )
    return read("SchemaService/ListFilters", request, pb.ListFiltersResponse)


def suggest_values(
    scope: Scope,
    attribute: str = "",
    *,
    behavior: str = "",
    property: str = "",
    prefix: str = "",
    limit: int = 0,
) -> Call[pb.SuggestValuesResponse]:
    """Return values of an attribute, or of a property of a behavior, the most held first."""
    source = (
        schema_pb2.SuggestionSource(
            property=schema_pb2.PropertyName(behavior=behavior, property=property)
        )
        if behavior
        else schema_pb2.SuggestionSource(attribute=attribute)
    )
    request = pb.SuggestValuesRequest(
        store_id=scope.store_id,
        min_revision=scope.min_revision,
        source=source,
        prefix=prefix,
        page_size=limit,
    )
    return read("SchemaService/SuggestValues", request, pb.SuggestValuesResponse)
