"""Names of things: what a store, a contact, a segment and a revision are called."""

import re
from typing import NewType

from segsvc.domain.errors import InvalidArgument

StoreId = NewType("StoreId", str)
"""A tenant's id: 1..64 of ``a-z 0-9 _ -``, starting with a letter or digit."""

ContactId = NewType("ContactId", str)
"""The caller's own id of a contact: 1..64 bytes of UTF-8, compared byte by byte."""

SegmentId = NewType("SegmentId", str)
"""A segment's id, chosen by the caller or made by the service, of the form of a store id."""

Revision = NewType("Revision", int)
"""Position of one committed batch of a store. Starts at 1, grows by one, never reused."""

MAX_CONTACT_ID_BYTES = 64
MAX_NAME_CHARACTERS = 200

_STORE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def check_store_id(store_id: str) -> StoreId:
    """Return *store_id* if it is well formed, else raise `InvalidArgument` on ``store_id``."""
    if _STORE_ID.fullmatch(store_id) is None:
        raise InvalidArgument.of(
            "store_id", "must be 1..64 of a-z, 0-9, '_' and '-', starting with a letter or digit"
        )
    return StoreId(store_id)


def check_field_name(name: str, field: str) -> str:
    """Return the attribute, behavior or property *name* if it is well formed.

    Raises:
        InvalidArgument: on *field*, when *name* is not ``[a-z][a-z0-9_]{0,63}``.
    """
    if _FIELD_NAME.fullmatch(name) is None:
        raise InvalidArgument.of(field, "must be 1..64 of a-z, 0-9 and '_', starting with a letter")
    return name


def contact_id_problem(contact_id: str) -> str | None:
    """Say what is wrong with *contact_id*, or None when nothing is."""
    size = len(contact_id.encode("utf-8", "surrogatepass"))
    if 1 <= size <= MAX_CONTACT_ID_BYTES:
        return None
    return f"must be 1..{MAX_CONTACT_ID_BYTES} bytes of UTF-8, is {size}"


def check_segment_id(segment_id: str, field: str) -> SegmentId:
    """Return *segment_id* if it is well formed, else raise `InvalidArgument` on *field*."""
    if _STORE_ID.fullmatch(segment_id) is None:
        raise InvalidArgument.of(
            field, "must be 1..64 of a-z, 0-9, '_' and '-', starting with a letter or digit"
        )
    return SegmentId(segment_id)


def check_trigger_id(trigger_id: str, field: str) -> str:
    """Return *trigger_id* if it is formed like a segment's, else raise `InvalidArgument`."""
    return check_segment_id(trigger_id, field)
