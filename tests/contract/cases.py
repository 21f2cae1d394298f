"""How the cases of an rpc are written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.contract.reflected import Json, Request

SHOP = "shop"
"""The store that cases speak of; those that write get a fresh one of the same content."""


@dataclass(frozen=True)
class Refused:
    """A request that is refused: the happy one but for some fields (None: not set)."""

    code: str
    reason: str
    but: Json
    field: str = ""
    """The field path of one violation, with INVALID_ARGUMENT."""
    metadata: tuple[str, ...] = ()
    """Names of facts in the ErrorInfo."""

    def request(self, happy: Request) -> Request:
        """Return the request."""
        if isinstance(happy, list):
            first = {**happy[0], "chunk": changed(happy[0]["chunk"], self.but)}
            return [first, *happy[1:]]
        return changed(happy, self.but)


def changed(happy: Json, but: Json) -> dict[str, Any]:
    """Return *happy* with other fields; None leaves one out."""
    merged = {**happy, **but}
    return {name: value for name, value in merged.items() if value is not None}


def invalid(field: str, **but: Any) -> Refused:
    """Return a case of a wrong field."""
    return Refused("INVALID_ARGUMENT", "FIELD_INVALID", but, field)


def wrong_condition(field: str, **but: Any) -> Refused:
    """Return a case of a condition that cannot be evaluated."""
    return Refused("INVALID_ARGUMENT", "CONDITION_INVALID", but, field)


def missing(what: str, **but: Any) -> Refused:
    """Return a case of something that does not exist."""
    return Refused("NOT_FOUND", f"{what.upper()}_NOT_FOUND", but)


def taken(reason: str, **but: Any) -> Refused:
    """Return a case of something that exists already."""
    return Refused("ALREADY_EXISTS", reason, but)


def in_the_way(reason: str, *metadata: str, **but: Any) -> Refused:
    """Return a case that the state of the store does not allow."""
    return Refused("FAILED_PRECONDITION", reason, but, metadata=metadata)


def stale(**but: Any) -> Refused:
    """Return a case of an etag that is not the current one."""
    return Refused("ABORTED", "ETAG_MISMATCH", but, metadata=("current",))


def too_much(**but: Any) -> Refused:
    """Return a case beyond a limit."""
    return Refused("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED", but, metadata=("limit", "allowed"))


@dataclass(frozen=True)
class Rpc:
    """The cases of one rpc.

    What follows from the shape of the request alone is not written down: an unknown store, a
    required field that is missing, a min_revision out of reach, wrong pages, request ids.
    """

    happy: Request
    answer: Json
    """What stands in the (last) answer, at least."""
    refused: tuple[Refused, ...] = ()
    other: Json | None = None
    """Fields of another payload for the same request id, of rpcs that take one."""
    at_most: int | None = None
    """Messages to read of an endless answer."""
    elsewhere: frozenset[str] = frozenset()
    """Codes that are documented and have a test of their own."""
