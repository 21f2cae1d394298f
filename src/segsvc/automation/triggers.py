"""All triggers of a store: what they are, who entered through them, and their streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from segsvc.automation.entries import EntryKind, EntryLog
from segsvc.automation.history import EntryHistory
from segsvc.automation.trigger import PauseMethod, Trigger, TriggerState
from segsvc.automation.writes import (
    ActivateTrigger,
    CreateTrigger,
    DeleteTrigger,
    PauseTrigger,
    TriggerWrite,
    UpdateTrigger,
)
from segsvc.bitmap import Bitmap, ordinals_of
from segsvc.domain.errors import (
    AlreadyExists,
    EtagMismatch,
    LimitExceeded,
    NotFound,
    TooManyActive,
)
from segsvc.domain.section import Section, Sections
from segsvc.segment.delta import Cause, Delta
from segsvc.segment.writes import TriggerOnUpdate

MAX_TRIGGERS: Final = 200
MAX_ACTIVE: Final = 10

_KINDS = {
    Cause.MERGED: EntryKind.MERGED,
    Cause.DEFINITION: EntryKind.SEGMENT_UPDATE,
    Cause.DATA: EntryKind.DATA,
    Cause.TIME: EntryKind.TIME,
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What happened in one revision, as far as triggers care.

    Attributes:
        deltas: of all segments.
        deleted: ordinals of contacts that were deleted.
        merges: (source, into) ordinals, in order.
        updated: the segment whose condition was updated, and whom that feeds.
        writes: accepted trigger writes. The deltas came first.
    """

    deltas: tuple[Delta, ...] = ()
    deleted: Bitmap = field(default_factory=Bitmap)
    merges: Sequence[tuple[int, int]] = ()
    updated: tuple[str, TriggerOnUpdate] = ("", TriggerOnUpdate.NONE)
    writes: Sequence[TriggerWrite] = ()


@dataclass(slots=True)
class Flow:
    """A trigger, and what goes through it."""

    trigger: Trigger
    history: EntryHistory
    entries: EntryLog

    @classmethod
    def of(cls, trigger: Trigger, last: int) -> Flow:
        """Begin the flow of a new trigger behind a sequence number."""
        return cls(trigger, EntryHistory(trigger.id), EntryLog(last))

    def enter(self, candidates: Bitmap, revision: int, at: int, kind: EntryKind) -> None:
        """Let those of *candidates* in whom the policy admits."""
        entrants = self.history.admitted(candidates, self.trigger.policy, at)
        if entrants:
            self.history.record(entrants, at)
            self.entries.append(ordinals_of(entrants), revision, at, kind)


class Triggers:
    """The triggers of one store, by id."""

    def __init__(self) -> None:
        self._flows: dict[str, Flow] = {}
        self._ended: dict[str, int] = {}
        """Last sequence numbers of deleted triggers: one made under the same id goes on there."""

    def __len__(self) -> int:
        return len(self._flows)

    def __iter__(self) -> Iterator[Trigger]:
        """Yield all triggers in the order they were created."""
        return (flow.trigger for flow in self._flows.values())

    @property
    def nbytes(self) -> int:
        """Bytes of histories and streams."""
        return sum(flow.history.nbytes + flow.entries.nbytes for flow in self._flows.values())

    def get(self, trigger_id: str) -> Trigger:
        """Return a trigger, or raise `NotFound`."""
        return self.flow(trigger_id).trigger

    def flow(self, trigger_id: str) -> Flow:
        """Return a trigger with its stream, or raise `NotFound`."""
        flow = self._flows.get(trigger_id)
        if flow is None:
            raise NotFound("trigger", trigger_id)
        return flow

    def find(self, trigger_id: str) -> Flow | None:
        """Return a trigger with its stream, if it is there."""
        return self._flows.get(trigger_id)

    def listening_to(self, segment_ids: Iterable[str]) -> list[Trigger]:
        """Return the triggers of segments, stopped ones aside, the last updated first."""
        wanted = set(segment_ids)
        return last_updated_first(
            held
            for held in self
            if held.segment_id in wanted and held.state is not TriggerState.STOPPED
        )

    def active(self) -> list[Trigger]:
        """Return the active triggers, the last updated first."""
        return last_updated_first(held for held in self if held.is_active)

    def check(self, write: TriggerWrite) -> None:
        """Raise why *write* cannot be accepted."""
        match write:
            case CreateTrigger(trigger_id):
                if trigger_id in self._flows:
                    raise AlreadyExists("trigger", trigger_id)
                if len(self) >= MAX_TRIGGERS:
                    raise LimitExceeded("triggers per store", MAX_TRIGGERS, len(self) + 1)
            case ActivateTrigger():
                self._check_activation(write)
            case PauseTrigger(trigger_id, etag):
                self._check_etag(trigger_id, etag).check_not_stopped()
            case UpdateTrigger(trigger_id, etag) | DeleteTrigger(trigger_id, etag):
                self._check_etag(trigger_id, etag)

    def _check_etag(self, trigger_id: str, etag: str) -> Trigger:
        held = self.get(trigger_id)
        if etag and etag != held.etag:
            raise EtagMismatch("trigger", trigger_id, etag, held.etag)
        return held

    def _check_activation(self, write: ActivateTrigger) -> None:
        held = self._check_etag(write.trigger_id, write.etag)
        held.check_not_stopped()
        if held.is_active:
            raise held.wrong_state("is active already")
        for other in write.pause_trigger_ids:
            self.get(other).check_not_stopped()
        left = [other for other in self.active() if other.id not in write.pause_trigger_ids]
        if len(left) >= MAX_ACTIVE:
            named = tuple((other.id, other.name, other.updated_at) for other in left)
            raise TooManyActive(write.trigger_id, MAX_ACTIVE, named)

    def outcome(self, write: TriggerWrite, revision: int, at: int) -> list[Trigger]:
        """Return the triggers that an accepted *write* leaves changed, its own first."""
        match write:
            case CreateTrigger(trigger_id, name, segment_id, policy):
                made = trigger_id or self._free_id(revision)
                state = TriggerState.PAUSED
                return [Trigger(made, name, segment_id, policy, state, at, at, revision)]
            case UpdateTrigger(trigger_id, _, name, policy):
                held = self.get(trigger_id)
                changed = replace(held, name=name or held.name, policy=policy or held.policy)
                return [replace(changed, updated_at=at, revision=revision)]
            case ActivateTrigger(trigger_id, _, _, pause_ids):
                started = self._turned(trigger_id, TriggerState.ACTIVE, revision, at)
                paused = (
                    self._turned(held, TriggerState.PAUSED, revision, at) for held in pause_ids
                )
                return [started, *paused]
            case PauseTrigger(trigger_id):
                return [self._turned(trigger_id, TriggerState.PAUSED, revision, at)]
            case DeleteTrigger():
                return []

    def _turned(self, trigger_id: str, state: TriggerState, revision: int, at: int) -> Trigger:
        held = self.get(trigger_id)
        if held.state is state:
            return held
        return replace(held, state=state, updated_at=at, revision=revision)

    def _free_id(self, revision: int) -> str:
        name, number = f"trg-{revision}", 1
        while name in self._flows:
            number += 1
            name = f"trg-{revision}-{number}"
        return name

    def follow(self, feed: Feed, revision: int, at: int, members: Callable[[str], Bitmap]) -> None:
        """Take in one revision: who entered by its deltas, then its trigger writes.

        Args:
            members: of a segment, as they are after the revision; not to be changed.
        """
        for flow in self._flows.values():
            if feed.deleted:
                flow.history.forget(feed.deleted)
            if feed.merges:
                flow.history.unite(feed.merges)
                flow.entries.unite(feed.merges)
        self._enter(feed, revision, at, members)
        for write in feed.writes:
            self._apply(write, revision, at, members)

    def _enter(self, feed: Feed, revision: int, at: int, members: Callable[[str], Bitmap]) -> None:
        listening: dict[str, list[Flow]] = {}
        for flow in self._flows.values():
            if flow.trigger.is_active:
                listening.setdefault(flow.trigger.segment_id, []).append(flow)
        if not listening:
            return
        updated, fed = feed.updated
        if fed is TriggerOnUpdate.ALL_MEMBERS:
            for flow in listening.pop(updated, ()):
                flow.enter(members(updated), revision, at, EntryKind.SEGMENT_UPDATE)
        for delta in feed.deltas:
            if delta.entered and (delta.cause is not Cause.DEFINITION or fed.feeds_entering):
                for flow in listening.get(delta.segment_id, ()):
                    flow.enter(delta.entered, revision, at, _KINDS[delta.cause])

    def _apply(
        self, write: TriggerWrite, revision: int, at: int, members: Callable[[str], Bitmap]
    ) -> None:
        changed = self.outcome(write, revision, at)
        for held in changed:
            flow = self._flows.get(held.id)
            if flow is None:
                self._flows[held.id] = Flow.of(held, self._ended.pop(held.id, 0))
            else:
                flow.trigger = held
        match write:
            case ActivateTrigger(trigger_id, _, enter_members, pause_ids, method):
                self._stop_in_flow(pause_ids, method, revision, at)
                if enter_members:
                    flow = self.flow(trigger_id)
                    kind = EntryKind.ACTIVATION
                    flow.enter(members(flow.trigger.segment_id), revision, at, kind)
            case PauseTrigger(trigger_id, _, method):
                self._stop_in_flow((trigger_id,), method, revision, at)
            case DeleteTrigger(trigger_id):
                self._ended[trigger_id] = self._flows.pop(trigger_id).entries.last

    def _stop_in_flow(
        self, trigger_ids: Iterable[str], method: PauseMethod, revision: int, at: int
    ) -> None:
        if method is PauseMethod.ALSO_STOP_IN_FLOW:
            for held in trigger_ids:
                self._flows[held].entries.stop(revision, at)

    def segment_gone(self, segment_id: str, revision: int, at: int) -> list[str]:
        """Stop the triggers of a deleted segment; return their ids."""
        stopped = self.listening_to((segment_id,))
        for held in stopped:
            self._flows[held.id].trigger = self._turned(held.id, TriggerState.STOPPED, revision, at)
        return [held.id for held in stopped]

    def freeze(self) -> list[Section]:
        """Return histories and streams as sections; call `release` when they are read."""
        found: list[Section] = []
        for trigger_id, flow in self._flows.items():
            found += [flow.history.freeze(), *flow.entries.sections(trigger_id)]
        return found

    def release(self) -> None:
        """Stop keeping what a snapshot was to read."""
        for flow in self._flows.values():
            flow.history.release()

    def facts(self) -> dict[str, Any]:
        """Return what is small, JSON-able."""
        return {
            "triggers": [
                [flow.trigger.facts(), flow.entries.facts()] for flow in self._flows.values()
            ],
            "ended": self._ended,
        }

    @classmethod
    def load(cls, facts: dict[str, Any], sections: Sections) -> Triggers:
        """Undo `facts` and `freeze`."""
        loaded = cls()
        loaded._ended = dict(facts["ended"])
        for held, stream in facts["triggers"]:
            trigger = Trigger.load(held)
            history = EntryHistory(trigger.id)
            history.load(sections)
            entries = EntryLog.load(trigger.id, stream, sections)
            loaded._flows[trigger.id] = Flow(trigger, history, entries)
        return loaded


def last_updated_first(triggers: Iterable[Trigger]) -> list[Trigger]:
    """Sort triggers by when they were last updated, ties by id."""
    return sorted(triggers, key=lambda held: (-held.revision, held.id))
