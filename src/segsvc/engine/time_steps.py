"""The steps in which a store's time moves when nothing is written (SEMANTICS sections 2 and 7)."""

from __future__ import annotations

from time import perf_counter

from segsvc.domain.calendar import LocalCalendar
from segsvc.domain.ids import Revision
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind
from segsvc.engine.state import OwedTick, StoreState
from segsvc.index import Touched

STEP_SECONDS = 3_600

TICKS_PER_TURN = 64
"""Ticks that one transaction may hold."""

SLICE_SECONDS = 0.005
"""How long steps are taken before others get a turn; one step is always taken."""


def take_steps(state: StoreState, target: int, *, mark: bool) -> bool:
    """Move memberships towards *target*; return whether they arrived.

    Steps that change something become ticks the store owes its journal; the last does in any case
    if *mark*. They end early when there are many: where they are cut changes no record.
    """
    began = perf_counter()
    while len(state.owed) < TICKS_PER_TURN:
        step = upcoming_step(state, max(target, state.memberships.at))
        arrived = step >= target
        take_step(state, step, mark=mark and arrived)
        if arrived:
            return True
        if perf_counter() - began > SLICE_SECONDS:
            break
    return False


def is_behind(state: StoreState, now: int) -> bool:
    """Whether more than one step of time that may change memberships lies before *now*."""
    due = state.memberships.due
    return due is not None and due + STEP_SECONDS < now


def upcoming_step(state: StoreState, target: int) -> int:
    """Return where the next step of *state* towards *target* ends."""
    memberships = state.memberships
    return next_step(memberships.at, memberships.due, target, state.calendar)


def take_step(state: StoreState, to: int, *, mark: bool = False) -> None:
    """Move memberships to the instant *to*; if that changes any, or if *mark*, owe a tick."""
    deltas = state.memberships.advance(state.view(), state.segments, Touched(), to)
    if deltas or mark:
        state.memberships.close_revision()
        revision = Revision(state.revision + len(state.owed) + 1)
        header = RecordHeader(rules=state.rules)
        record = JournalRecord(state.store_id, revision, to, RecordKind.TICK, header)
        state.owed.append(OwedTick(record, deltas))


def next_step(at: int, due: int | None, target: int, calendar: LocalCalendar) -> int:
    """Return where the next step from *at* towards *target* ends that may change anything.

    A step ends at the earliest of one hour, the next local midnight and the target. Those before
    *due*, the first instant at which something may change, are passed over.
    """
    if due is None or due > target:
        return target
    midnight = calendar.day_start(calendar.local_day(due))
    if at < midnight < due:
        at = midnight
    limit = min(calendar.next_midnight(at), target)
    hours = max(-(-(due - at) // STEP_SECONDS), 1)
    return min(at + hours * STEP_SECONDS, limit)
