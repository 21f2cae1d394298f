"""Apply journaled records to a store's state: the one way state changes, live and in replay."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from segsvc.automation.quotas import SetQuota
from segsvc.automation.triggers import Feed
from segsvc.automation.writes import (
    AckEntries,
    ActivateTrigger,
    CreateTrigger,
    DeleteTrigger,
    PauseTrigger,
    TriggerWrite,
    UpdateTrigger,
)
from segsvc.domain.calendar import Weekday
from segsvc.domain.columns import Bool
from segsvc.domain.ids import SegmentId
from segsvc.domain.record import JournalRecord, RecordKind, RequestHeader
from segsvc.domain.write import (
    DefineAttribute,
    DefineBehavior,
    DeleteContacts,
    MergeContacts,
    RecordEvents,
    SetLifecycleLabels,
    UpsertContacts,
)
from segsvc.engine.codec import Codec, UpdateStore, Write
from segsvc.engine.evaluation import Evaluation
from segsvc.engine.numbers import IndexNumbers
from segsvc.engine.requests import Answer
from segsvc.engine.rules import WATCH_GENERATION
from segsvc.engine.state import StoreSettings, StoreState, changed, segment_facts
from segsvc.index import Touched
from segsvc.segment.definition import Segment
from segsvc.segment.delta import Changes, Delta
from segsvc.segment.suggestions import suggestion
from segsvc.segment.writes import (
    CopySegment,
    CreateFromSuggestion,
    CreateSegment,
    DeleteSegment,
    TriggerOnUpdate,
    UpdateSegment,
)


@dataclass(slots=True)
class Effect:
    """What the writes of one revision did, as far as memberships and triggers depend on it."""

    touched: Touched = field(default_factory=Touched)
    defined: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    new_calendar: bool = False
    merges: list[tuple[int, int]] = field(default_factory=list)
    updated: tuple[str, TriggerOnUpdate] = ("", TriggerOnUpdate.NONE)
    trigger_writes: list[TriggerWrite] = field(default_factory=list)

    def feed(self, deltas: tuple[Delta, ...]) -> Feed:
        """Return what triggers must know of the revision."""
        return Feed(deltas, self.touched.deleted, self.merges, self.updated, self.trigger_writes)


def apply_record(
    state: StoreState, record: JournalRecord, codec: Codec, decoded: list[Write] | None = None
) -> list[Answer]:
    """Apply *record*, the one after `state.revision`; return an answer per request.

    First come the writes, then every membership is brought to the new revision, once.

    Args:
        decoded: the writes, which spares decoding the payloads again on the live path.
    """
    state.reach(record)
    effect = Effect()
    answers = _apply_writes(state, record, codec, decoded, effect)
    if effect.new_calendar:
        state.writes.reset()
    else:
        state.writes.add(effect.touched, state.index.contacts.count)
    if record.kind is RecordKind.RULES:
        state.rules = record.header.rules
        state.watch_generation = int(record.header.facts[WATCH_GENERATION])
        deltas = state.memberships.recheck(state.view(), state.segments)
    else:
        deltas = state.memberships.advance(
            state.view(),
            state.segments,
            effect.touched,
            state.at,
            defined=effect.defined,
            removed=effect.removed,
            everything=effect.new_calendar,
        )
    state.memberships.close_revision()
    _conclude(state, effect.feed(deltas))
    return answers


def apply_tick(state: StoreState, record: JournalRecord, deltas: tuple[Delta, ...]) -> None:
    """Apply a tick whose *deltas* are known, because memberships were brought to it already."""
    state.reach(record)
    _conclude(state, Feed(deltas))


def _conclude(state: StoreState, feed: Feed) -> None:
    """Pass the deltas of the newest revision on to everything that follows memberships."""
    state.triggers.follow(feed, state.revision, state.at, state.memberships.members)
    if feed.deltas:
        state.changes.append(Changes(state.revision, state.at, feed.deltas))
        state.history.record(feed.deltas, state.at, state.calendar, state.segments)


def _apply_writes(
    state: StoreState,
    record: JournalRecord,
    codec: Codec,
    decoded: list[Write] | None,
    effect: Effect,
) -> list[Answer]:
    answers = []
    for place, request in enumerate(record.header.requests):
        write = (
            codec.decode(request.method, record.payloads[place], state.schema)
            if decoded is None
            else decoded[place]
        )
        applied = _apply(state, write, accepted_rows(request), codec, effect)
        facts = {**request.answer, **applied}
        answer = Answer(record.revision, record.at, facts)
        state.requests.remember(request.method, request.request_id, request.digest, answer)
        answers.append(answer)
    return answers


def new_store(
    store_id: Any, record: JournalRecord, evaluation: Evaluation | None = None
) -> StoreState:
    """Make the state that a store's first record describes."""
    facts = dict(record.header.facts["settings"])
    facts["week_start"] = Weekday(facts["week_start"])
    state = StoreState(store_id, StoreSettings(**facts), evaluation)
    state.reach(record)
    state.updated_revision = record.revision
    state.rules = record.header.rules
    state.memberships.answers.at = record.at
    for request in record.header.requests:
        answer = Answer(record.revision, record.at, request.answer)
        state.requests.remember(request.method, request.request_id, request.digest, answer)
    return state


def accepted_rows(request: RequestHeader) -> Bool | None:
    """Return the mask of accepted rows (padded with false to whole bytes); None: all."""
    if request.accepted is None:
        return None
    bits = np.frombuffer(request.accepted, np.uint8)
    return np.unpackbits(bits, bitorder="little").view(np.bool_)


def _apply(
    state: StoreState, write: Write, rows: Bool | None, codec: Codec, effect: Effect
) -> dict[str, Any]:
    index, touched = state.index, effect.touched
    match write:
        case UpsertContacts(batch, numbers):
            kept = batch if rows is None else batch.keep(rows[numbers])
            return {"created": index.apply_contacts(kept, touched)}
        case SetLifecycleLabels():
            return _apply_lifecycle(state, write, rows, touched)
        case RecordEvents(blocks):
            created = 0
            for block in blocks:
                kept_block = block if rows is None else block.keep(rows[block.rows])
                if len(kept_block.rows):
                    created += index.apply_events(kept_block, state.at, touched)
            return {"created": created}
        case DeleteContacts(ids):
            gone = [held for held in ids if index.delete(held, state.at, touched) is not None]
            return {"deleted": len(gone), "unknown": len(ids) - len(gone)}
        case MergeContacts(pairs):
            united = [index.merge(*pair, state.at, touched) for pair in pairs]
            merged = [held for held in united if held is not None]
            effect.merges.extend(merged)
            return {"merged": len(merged), "unchanged": len(pairs) - len(merged)}
        case DefineAttribute(definition, keeps_filter_type):
            state.change_schema(
                state.schema.with_attribute(definition, keeps_filter_type=keeps_filter_type)
            )
            return {"name": definition.name}
        case DefineBehavior(definition, keeps_filter_type):
            state.change_schema(
                state.schema.with_behavior(definition, keeps_filter_type=keeps_filter_type)
            )
            return {"name": definition.name}
        case UpdateStore(_, display_name, time_zone, week_start):
            state.change_settings(
                changed(
                    state.settings,
                    display_name=display_name,
                    time_zone=time_zone,
                    week_start=week_start,
                )
            )
            state.updated_revision, state.updated_at = state.revision, state.at
            effect.new_calendar = time_zone is not None or week_start is not None
            return {}
        case DeleteSegment(held, _, _):
            inlined = _delete_segment(state, held)
            effect.removed.append(held)
            effect.defined.extend(inlined)
            stopped = state.triggers.segment_gone(held, state.revision, state.at)
            return {"changed": inlined, "stopped": stopped}
        case AckEntries(trigger_id, sequence):
            state.triggers.flow(trigger_id).entries.acknowledge(sequence)
            return {}
        case SetQuota():
            quota = state.quotas.apply(write, state.calendar, state.at)
            return {"quota": None if quota is None else asdict(quota)}
        case (
            CreateTrigger() | UpdateTrigger() | ActivateTrigger() | PauseTrigger() | DeleteTrigger()
        ):
            effect.trigger_writes.append(write)
            outcome = state.triggers.outcome(write, state.revision, state.at)
            return {"triggers": [trigger.facts() for trigger in outcome]}
        case _:
            segment = _segment(state, write)
            state.segments.put(segment)
            if not isinstance(write, UpdateSegment):
                effect.defined.append(segment.id)
            elif write.condition is not None:
                effect.defined.append(segment.id)
                effect.updated = (segment.id, write.trigger_on_update)
            return {"segment": segment_facts(segment, codec)}


def _apply_lifecycle(
    state: StoreState, write: SetLifecycleLabels, rows: Bool | None, touched: Touched
) -> dict[str, Any]:
    keep = np.ones(len(write.ids), np.bool_) if rows is None else rows[write.rows]
    places = np.flatnonzero(keep)
    renumbered = np.full(len(keep), -1, np.int64)
    renumbered[places] = np.arange(len(places))
    labels, before = write.labels.keep(renumbered), state.index.labelled(write.labels.name)
    named = state.index.set_labels(
        write.ids.take(places), labels, touched, clear_others=write.clear_others
    )
    state.lifecycle_date = write.date
    cleared = len(before - named) if write.clear_others else 0
    return {"cleared": cleared}


def _segment(state: StoreState, write: Write) -> Segment:
    """Return the segment that a create, copy or update leaves behind."""
    at, revision = state.at, state.revision
    made = state.segments.free_id(revision)
    match write:
        case CreateSegment(chosen_id, name, description, condition):
            new_id = SegmentId(chosen_id) if chosen_id else made
            return Segment(new_id, name, description, condition, at, at, revision)
        case CreateFromSuggestion(suggestion_id, chosen_id, name, description, parameters):
            chosen = suggestion(suggestion_id)
            numbers = IndexNumbers(state.view(), state.index, at)
            condition = chosen.build(numbers, chosen.choose(numbers, parameters))
            return Segment(
                SegmentId(chosen_id) if chosen_id else made,
                name or state.segments.free_name(chosen.title),
                description or chosen.description,
                condition,
                at,
                at,
                revision,
                suggestion_id,
            )
        case CopySegment(source_id, chosen_id, name):
            source = state.segments.get(source_id)
            title = name or state.segments.free_name(f"Copy of {source.name}")
            new_id = SegmentId(chosen_id) if chosen_id else made
            return Segment(new_id, title, source.description, source.condition, at, at, revision)
        case UpdateSegment(held_id, _, name, description, condition):
            held = state.segments.get(held_id)
            return replace(
                held,
                name=held.name if name is None else name,
                description=held.description if description is None else description,
                condition=held.condition if condition is None else condition,
                updated_at=at,
                revision=revision,
            )
        case _:
            raise AssertionError(write)


def _delete_segment(state: StoreState, held_id: str) -> list[str]:
    gone = state.segments.get(held_id)
    changed_ids = []
    for dependant in state.segments.remove(held_id):
        condition = state.segments.inlined(dependant, gone)
        state.segments.put(
            replace(dependant, condition=condition, updated_at=state.at, revision=state.revision)
        )
        changed_ids.append(str(dependant.id))
    return changed_ids
