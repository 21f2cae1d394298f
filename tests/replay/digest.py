"""What a store is, whatever its memory looks like: the same facts for the same history.

Everything that an answer can depend on stands here in one order, read the way questions read it:
two stores with equal facts cannot be told apart.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from segsvc.bitmap import ordinals_of
from segsvc.condition.view import Value, View
from segsvc.domain.schema import ValueType
from segsvc.engine.codec import Codec
from segsvc.engine.state import StoreState, segment_facts
from segsvc.segment.delta import Changes


def facts(state: StoreState, codec: Codec) -> dict[str, Any]:
    """Return the JSON-able facts of a store, part by part."""
    view, ordinals = state.view(), ordinals_of(state.index.contacts.universe).tolist()
    contacts = state.index.contacts
    return {
        "store": [
            state.store_id,
            state.revision,
            state.at,
            asdict(state.settings),
            [state.updated_at, state.updated_revision],
            [state.ordinal_epoch, state.watch_generation, state.lifecycle_date],
        ],
        "schema": [
            asdict(held)
            for held in (*state.schema.attributes.values(), *state.schema.behaviors.values())
            if not held.standard
        ],
        "answered": state.requests.facts(),
        "contacts": [
            [held, contacts.id_of(held), sorted(contacts.aliases_of(held))] for held in ordinals
        ],
        "deleted": sorted([key, when] for key, (when, _) in contacts.facts()["deleted"].items()),
        "attributes": {
            name: _values(view, name, ordinals) for name in sorted(state.schema.attributes)
        },
        "events": {name: _events(view, name, ordinals) for name in sorted(state.schema.behaviors)},
        "segments": [segment_facts(held, codec) for held in state.segments],
        "members": {
            held.id: ordinals_of(state.memberships.members(held.id)).tolist()
            for held in state.segments
        },
        "history": state.history.facts(),
        "triggers": _triggers(state),
        "quotas": state.quotas.facts(),
    }


def _triggers(state: StoreState) -> list[Any]:
    """Return triggers and their streams, those as the sections of a snapshot."""
    sections = state.triggers.freeze()
    state.triggers.release()
    streams = {
        held.name: b"".join(held.chunk(place) for place in range(held.chunk_count)).hex()
        for held in sections
    }
    return [state.triggers.facts(), streams]


def _values(view: View, name: str, ordinals: list[int]) -> list[list[Any]]:
    is_set = view.schema.attributes[name].type is ValueType.TEXT_SET
    found = []
    for ordinal in ordinals:
        value = view.value(name, ordinal)
        if value is not None:
            plain = _plain(value)
            found.append([ordinal, sorted(plain) if is_set else plain])
    return found


def _events(view: View, behavior: str, ordinals: list[int]) -> list[list[Any]]:
    found = []
    for ordinal in ordinals:
        events = [
            [held.time, {name: _plain(value) for name, value in sorted(held.properties.items())}]
            for held in view.events(behavior, ordinal)
        ]
        if events:
            found.append([ordinal, sorted(events, key=json.dumps)])
    return found


def _plain(value: Value) -> Any:
    if isinstance(value, Decimal):
        return str(value.normalize())
    return list(value) if isinstance(value, tuple | frozenset) else value


def digests(state: StoreState, codec: Codec) -> dict[str, str]:
    """Return a digest of each part of the facts, so that a difference tells where it is."""
    return {part: _digest(held) for part, held in facts(state, codec).items()}


def _digest(held: Any) -> str:
    encoded = json.dumps(held, sort_keys=True, ensure_ascii=True).encode()
    return hashlib.blake2b(encoded, digest_size=12).hexdigest()


def deltas(changes: list[Changes]) -> dict[str, str]:
    """Return the digest of the changes of each revision that has some."""
    return {
        str(held.revision): hashlib.blake2b(held.to_bytes(), digest_size=12).hexdigest()
        for held in changes
    }
