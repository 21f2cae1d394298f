"""Decide what of a write is accepted, before it is journaled. Changes nothing.

The decision is kept in the record's header; replay follows it and never decides again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segsvc.automation.quotas import SetQuota
from segsvc.automation.writes import (
    AckEntries,
    ActivateTrigger,
    CreateTrigger,
    DeleteTrigger,
    PauseTrigger,
    UpdateTrigger,
)
from segsvc.condition.check import require_valid
from segsvc.domain.columns import Bool, Strings
from segsvc.domain.dates import pack_day, to_text
from segsvc.domain.errors import (
    EtagMismatch,
    FailedPrecondition,
    InvalidArgument,
    InvalidRows,
    NotFound,
    RowError,
    StillUsed,
)
from segsvc.domain.write import (
    MAX_ROW_ERRORS,
    DefineAttribute,
    DefineBehavior,
    DeleteContacts,
    MergeContacts,
    RecordEvents,
    RowsAccepted,
    SetLifecycleLabels,
    UpsertContacts,
)
from segsvc.engine.codec import UpdateStore, Write
from segsvc.engine.numbers import IndexNumbers
from segsvc.engine.state import StoreState
from segsvc.index import EventOverlay
from segsvc.segment.catalog import Catalog
from segsvc.segment.suggestions import suggestion
from segsvc.segment.writes import (
    CopySegment,
    CreateFromSuggestion,
    CreateSegment,
    DeleteSegment,
    UpdateSegment,
)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is accepted of one write.

    Attributes:
        rows: for data writes, whether each row of the request is (bool, total); None: all.
        facts: of the answer, as far as they are known before the write is applied.
    """

    rows: Bool | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def accept(state: StoreState, write: Write, at: int, overlay: EventOverlay) -> Acceptance:
    """Return what is accepted of *write* at the time of its revision, or raise what is wrong.

    *overlay* holds the event ids accepted earlier in the same turn; it gains those of *write*
    when nothing is raised.
    """
    match write:
        case UpsertContacts():
            return _rows(write.total, write.rows, write.rejected, ())
        case SetLifecycleLabels():
            return _lifecycle(state, write, at)
        case RecordEvents():
            return _events(state, write, at, overlay)
        case DeleteContacts():
            pass
        case MergeContacts(pairs):
            _check_merge(state, pairs)
        case DefineAttribute(definition, keeps_filter_type):
            state.schema.with_attribute(definition, keeps_filter_type=keeps_filter_type)
        case DefineBehavior(definition, keeps_filter_type):
            state.schema.with_behavior(definition, keeps_filter_type=keeps_filter_type)
        case UpdateStore(etag):
            if etag and etag != state.etag:
                raise EtagMismatch("store", state.store_id, etag, state.etag)
        case AckEntries(trigger_id, sequence):
            state.triggers.flow(trigger_id).entries.check_given(sequence)
        case SetQuota():
            state.quotas.check(write)
        case (
            CreateTrigger() | UpdateTrigger() | ActivateTrigger() | PauseTrigger() | DeleteTrigger()
        ):
            if isinstance(write, CreateTrigger):
                state.segments.get(write.segment_id)
            state.triggers.check(write)
        case _:
            _check_segment_write(state, write, at)
    return Acceptance()


def _rows(
    total: int,
    rows: np.ndarray[Any, np.dtype[np.uint32]],
    rejected: tuple[RowError, ...],
    clamped: tuple[int, ...],
    duplicates: int = 0,
) -> Acceptance:
    """Accept *rows* (those applied) of a request of *total* rows."""
    mask: Bool | None = None
    if len(rows) < total:
        mask = np.zeros(total, np.bool_)
        mask[rows] = True
    answer = RowsAccepted(
        accepted=len(rows),
        duplicates=duplicates,
        clamped=clamped[:MAX_ROW_ERRORS],
        clamped_total=len(clamped),
        rejected=tuple(sorted(rejected, key=lambda error: error.row))[:MAX_ROW_ERRORS],
        rejected_total=len({error.row for error in rejected}),
    )
    return Acceptance(mask, rows_facts(answer))


def rows_facts(answer: RowsAccepted) -> dict[str, Any]:
    """Return an answer about rows as JSON-able facts."""
    return {
        "accepted": answer.accepted,
        "duplicates": answer.duplicates,
        "clamped": list(answer.clamped),
        "clamped_total": answer.clamped_total,
        "rejected": [[e.row, e.field, e.reason, e.description] for e in answer.rejected],
        "rejected_total": answer.rejected_total,
    }


def _refuse(errors: list[RowError], write: SetLifecycleLabels | RecordEvents) -> None:
    if errors and not write.skip_invalid:
        ordered = sorted(errors, key=lambda error: error.row)
        total = len({error.row for error in errors})
        raise InvalidRows(tuple(ordered[:MAX_ROW_ERRORS]), total, write.path)


def _lifecycle(state: StoreState, write: SetLifecycleLabels, at: int) -> Acceptance:
    if write.date > pack_day(state.calendar.local_day(at)):
        raise InvalidArgument.of("as_of_date", "lies after the store's local today")
    if write.date < state.lifecycle_date:
        applied = to_text(state.lifecycle_date)
        raise FailedPrecondition(
            "LIFECYCLE_BATCH_STALE",
            f"store/{state.store_id}",
            f"the labels of {applied} are applied already",
            {"applied": applied},
        )
    known = state.index.contacts.find(write.ids) >= 0
    errors = [
        RowError(int(write.rows[place]), "contact_id", "CONTACT_UNKNOWN", "no such contact")
        for place in np.flatnonzero(~known)
    ]
    _refuse(errors, write)
    return _rows(write.total, write.rows[known], (*write.rejected, *errors), ())


def _events(state: StoreState, write: RecordEvents, at: int, overlay: EventOverlay) -> Acceptance:
    errors: list[RowError] = list(write.rejected)
    kept, clamped, duplicates = [], [], 0
    trial = overlay.fork()
    for block in write.blocks:
        verdict = state.index.accept_events(block, at, trial, create_contacts=write.create_contacts)
        errors.extend(verdict.errors)
        kept.append(block.rows[verdict.kept])
        clamped.extend(block.rows[verdict.clamped & verdict.kept].tolist())
        duplicates += int(np.count_nonzero(verdict.duplicate))
    _refuse(errors[len(write.rejected) :], write)
    overlay.take(trial)
    rows = np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.uint32)
    return _rows(write.total, rows, tuple(errors), tuple(sorted(clamped)), duplicates)


def _check_merge(state: StoreState, pairs: tuple[tuple[str, str], ...]) -> None:
    found = state.index.contacts.find(Strings.of([held for pair in pairs for held in pair]))
    for place, (source, into) in enumerate(pairs):
        if source == into:
            raise InvalidArgument.of(
                f"merges[{place}].into_contact_id", "must differ from from_contact_id"
            )
        for offset, held in enumerate((source, into)):
            if found[2 * place + offset] < 0:
                raise NotFound("contact", held)


def _check_new(catalog: Catalog, segment_id: str, name: str) -> None:
    catalog.check_room()
    if segment_id:
        catalog.check_free_id(segment_id)
    if name:
        catalog.check_free_name(name)


def _check_unused(state: StoreState, segment_id: str) -> None:
    readers = state.segments.dependants(segment_id)
    listeners = state.triggers.listening_to((segment_id,))
    users = [("segment", str(held.id), held.name) for held in readers]
    users += [("trigger", held.id, held.name) for held in listeners]
    if users:
        raise StillUsed(segment_id, tuple(users))


def _check_segment_write(state: StoreState, write: Write, at: int) -> None:
    catalog = state.segments
    match write:
        case CreateSegment(segment_id, name, _, condition):
            _check_new(catalog, segment_id, name)
            require_valid(condition, state.schema, "segment.condition")
            catalog.check_references(condition, segment_id, "segment.condition")
        case CreateFromSuggestion(suggestion_id, segment_id, name, _, parameters):
            chosen = suggestion(suggestion_id)
            _check_new(catalog, segment_id, name)
            chosen.choose(IndexNumbers(state.view(), state.index, at), parameters)
        case CopySegment(segment_id, new_segment_id, name):
            catalog.get(segment_id)
            _check_new(catalog, new_segment_id, name)
        case UpdateSegment(segment_id, etag, name, _, condition):
            catalog.check_etag(segment_id, etag)
            if name is not None:
                catalog.check_free_name(name, but=segment_id)
            if condition is not None:
                require_valid(condition, state.schema, "segment.condition")
                catalog.check_references(condition, segment_id, "segment.condition")
        case DeleteSegment(segment_id, etag, force):
            gone = catalog.check_etag(segment_id, etag)
            if not force:
                _check_unused(state, segment_id)
            for dependant in catalog.dependants(segment_id):
                catalog.inlined(dependant, gone)
        case _:
            raise AssertionError(write)
