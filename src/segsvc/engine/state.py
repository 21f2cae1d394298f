"""Everything one store is at one revision. Made by replaying its journal, kept in memory."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, replace
from typing import Any

from segsvc.automation.quotas import Quotas
from segsvc.automation.triggers import Triggers
from segsvc.bitmap import Bitmap, copied, from_bytes, to_bytes
from segsvc.condition.tree import Condition
from segsvc.condition.view import View
from segsvc.domain.calendar import LocalCalendar, Weekday
from segsvc.domain.ids import Revision, SegmentId, StoreId
from segsvc.domain.record import JournalRecord
from segsvc.domain.schema import (
    AttributeDefinition,
    BehaviorDefinition,
    FilterType,
    PropertyDefinition,
    Schema,
    ValueType,
)
from segsvc.domain.section import FrozenState, Sections
from segsvc.domain.standard_schema import STANDARD_SCHEMA
from segsvc.engine.codec import Codec
from segsvc.engine.evaluation import Evaluation
from segsvc.engine.lineage import Lineage
from segsvc.engine.requests import AnsweredRequests
from segsvc.index import BytesSection, IndexView, StoreIndex, WriteLog
from segsvc.plan.contact import next_edge
from segsvc.plan.execute import Execution
from segsvc.segment.catalog import Catalog
from segsvc.segment.definition import Segment
from segsvc.segment.delta import Delta
from segsvc.segment.history import SegmentHistory
from segsvc.segment.memberships import Memberships
from segsvc.watch.tail import ChangeTail

_MEMBERS = "members/"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What a store was created with; all but the key can be updated.

    *hash_key* (hex) keys the hashes that stand in for deleted contact ids.
    """

    display_name: str
    time_zone: str
    week_start: Weekday
    hash_key: str
    created_at: int


@dataclass(frozen=True, slots=True)
class OwedTick:
    """A step of time that changed memberships and is not in the journal yet."""

    record: JournalRecord
    deltas: tuple[Delta, ...]


class StoreState:
    """One store: settings, schema, index, segments, answered requests, revision and time."""

    def __init__(
        self, store_id: StoreId, settings: StoreSettings, evaluation: Evaluation | None = None
    ) -> None:
        self.store_id = store_id
        self.settings = settings
        self.evaluation = evaluation or Evaluation()
        self.schema = STANDARD_SCHEMA
        self.calendar = LocalCalendar(settings.time_zone, settings.week_start)
        hash_key, ranges = bytes.fromhex(settings.hash_key), self.evaluation.ranges
        self.index = StoreIndex(self.schema, self.calendar, hash_key, ranges)
        self.writes = WriteLog()
        self.segments = Catalog()
        self.memberships = Memberships()
        self.changes = ChangeTail()
        self.history = SegmentHistory()
        self.triggers = Triggers()
        self.quotas = Quotas()
        self.compacted = 0
        """Changes up to this revision are dropped, in memory and on disk."""
        self.lineage = Lineage()
        self.watch_generation = 1
        """Grows when deltas that were sent may not be those that a replay gives."""
        self.gone = False
        """Whether the store was deleted."""
        self.owed: list[OwedTick] = []
        """Ticks that memberships went through already; they are journaled before anything else."""
        self.requests = AnsweredRequests()
        self.revision = Revision(0)
        self.at = 0
        self.ordinal_epoch = 1
        self.updated_at = settings.created_at
        self.updated_revision = 0
        """The revision of the last settings update."""
        self.rules = ""
        """The rules under which memberships were last found right, and writes are accepted."""
        self.lifecycle_date = 0
        """Packed day that the last lifecycle labels describe; 0: none yet."""

    @property
    def etag(self) -> str:
        """Changes with every update of the settings."""
        return str(self.updated_revision)

    def reach(self, record: JournalRecord) -> None:
        """Take in the revision and the instant of the next record."""
        assert record.revision == self.revision + 1, "revisions grow by one"
        self.revision, self.at = record.revision, record.at
        self.lineage.wrote(record.revision, record.at, record.epoch)

    def change_settings(self, settings: StoreSettings) -> None:
        """Use other settings from now on."""
        self.settings = settings
        self.calendar = LocalCalendar(settings.time_zone, settings.week_start)
        self.index.calendar = self.calendar

    def change_schema(self, schema: Schema) -> None:
        """Use a grown schema from now on."""
        self.schema = schema
        self.index.schema = schema

    def view(self) -> View:
        """Return a view that reads memberships, and evaluates segments at other instants."""
        return SegmentReader(self).view

    def freeze(self, codec: Codec) -> FrozenState:
        """Return the state as parts of a snapshot; call `release` when they are stored."""
        frozen = self.index.freeze()
        members = [
            BytesSection(f"{_MEMBERS}{held.id}", to_bytes(self.memberships.members(held.id)))
            for held in self.segments
        ]
        facts = {**self._facts(codec), "index": frozen.facts}
        return FrozenState((*frozen.sections, *members, *self.triggers.freeze()), facts)

    def release(self) -> None:
        """Stop keeping what a snapshot was to read."""
        self.index.release()
        self.triggers.release()

    def _facts(self, codec: Codec) -> dict[str, Any]:
        return {
            "settings": asdict(self.settings),
            "schema": _schema_facts(self.schema),
            "segments": [segment_facts(held, codec) for held in self.segments],
            "requests": self.requests.facts(),
            "revision": self.revision,
            "at": self.at,
            "ordinal_epoch": self.ordinal_epoch,
            "updated_revision": self.updated_revision,
            "updated_at": self.updated_at,
            "lifecycle_date": self.lifecycle_date,
            "compacted": self.compacted,
            "history": self.history.facts(),
            "triggers": self.triggers.facts(),
            "quotas": self.quotas.facts(),
            "watch_generation": self.watch_generation,
            "lineage": self.lineage.facts(),
            "rules": self.rules,
        }

    @classmethod
    def load(
        cls,
        store_id: StoreId,
        facts: dict[str, Any],
        sections: Sections,
        codec: Codec,
        evaluation: Evaluation | None = None,
    ) -> StoreState:
        """Undo `freeze`."""
        settings = dict(facts["settings"])
        settings["week_start"] = Weekday(settings["week_start"])
        state = cls(store_id, StoreSettings(**settings), evaluation)
        state.change_schema(_schema_from(facts["schema"]))
        state.index.load(facts["index"], sections)
        for held in facts["segments"]:
            state.segments.put(segment_from(held, codec))
        state.requests = AnsweredRequests.load(facts["requests"])
        state.revision, state.at = facts["revision"], facts["at"]
        state.ordinal_epoch = facts["ordinal_epoch"]
        state.updated_revision = facts["updated_revision"]
        state.updated_at = facts["updated_at"]
        state.lifecycle_date = facts["lifecycle_date"]
        state.changes = ChangeTail(state.revision)
        state.compacted = facts["compacted"]
        state.history = SegmentHistory.load(facts["history"])
        state.triggers = Triggers.load(facts["triggers"], sections)
        state.quotas = Quotas.load(facts["quotas"])
        state.watch_generation = facts["watch_generation"]
        state.lineage = Lineage.load(facts.get("lineage"))
        state.rules = facts["rules"]
        state.memberships.load(
            state.view(),
            state.segments,
            state.at,
            lambda segment_id: from_bytes(sections[f"{_MEMBERS}{segment_id}"].tobytes()),
        )
        return state


class SegmentReader:
    """Members of saved segments: those maintained, or evaluated when they are for another instant.

    What is evaluated is kept for one read.
    """

    def __init__(self, state: StoreState) -> None:
        self._segments = state.segments
        self._maintained = state.memberships
        self._members: dict[tuple[str, int], Bitmap] = {}
        self.view: View = IndexView(state.index, self._find, self._next_edge)

    def _find(self, segment_id: str, at: int, within: Bitmap | None) -> Bitmap:
        if self._maintained.are_exact_at(at):
            members = self._maintained.members(segment_id)
            return copied(members) if within is None else members & within
        known = self._members.get((segment_id, at))
        if known is not None:
            return known if within is None else known & within
        condition = self._condition(segment_id)
        found = Execution(self.view, at).members(condition, within)
        if within is None:
            self._members[segment_id, at] = found
        return found

    def _next_edge(self, segment_id: str, ordinal: int, after: int) -> int | None:
        return next_edge(self.view, self._condition(segment_id), ordinal, after)

    def _condition(self, segment_id: str) -> Condition:
        return self._segments.get(segment_id).condition


def segment_facts(segment: Segment, codec: Codec) -> dict[str, Any]:
    """Return a segment as JSON-able facts."""
    encoded = base64.b64encode(codec.condition_to_bytes(segment.condition)).decode()
    return {
        "id": segment.id,
        "name": segment.name,
        "description": segment.description,
        "condition": encoded,
        "created_at": segment.created_at,
        "updated_at": segment.updated_at,
        "revision": segment.revision,
        "suggestion_id": segment.suggestion_id,
    }


def segment_from(facts: dict[str, Any], codec: Codec) -> Segment:
    """Undo `segment_facts`."""
    condition = codec.condition_from_bytes(base64.b64decode(facts["condition"]))
    return Segment(**{**facts, "id": SegmentId(facts["id"]), "condition": condition})


def _schema_facts(schema: Schema) -> dict[str, Any]:
    return {
        "attributes": [asdict(held) for held in schema.attributes.values()],
        "behaviors": [asdict(held) for held in schema.behaviors.values()],
    }


def _schema_from(facts: dict[str, Any]) -> Schema:
    attributes = [AttributeDefinition(**_typed(held)) for held in facts["attributes"]]
    behaviors = [
        BehaviorDefinition(
            **{
                **_typed(held),
                "properties": tuple(PropertyDefinition(**_typed(p)) for p in held["properties"]),
            }
        )
        for held in facts["behaviors"]
    ]
    return Schema.of(attributes, behaviors)


def _typed(facts: dict[str, Any]) -> dict[str, Any]:
    typed = dict(facts)
    if "type" in typed:
        typed["type"] = ValueType(typed["type"])
    if "filter_type" in typed:
        typed["filter_type"] = FilterType(typed["filter_type"])
    if "values" in typed:
        typed["values"] = tuple(typed["values"])
    return typed


def changed(settings: StoreSettings, **changes: Any) -> StoreSettings:
    """Return *settings* with the changes that are not None."""
    return replace(settings, **{key: value for key, value in changes.items() if value is not None})
