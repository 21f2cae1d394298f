"""All segments of a store: names, references between them, and the order to read them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segsvc.condition.tree import Condition
from segsvc.domain.errors import (
    AlreadyExists,
    EtagMismatch,
    InvalidArgument,
    LimitExceeded,
    NotFound,
    StillUsed,
)
from segsvc.domain.text import fold
from segsvc.segment.definition import Segment, inline, reads

MAX_CHAIN = 8
"""References in the longest chain of segments that read each other."""

MAX_SEGMENTS = 10_000


class Catalog:
    """The segments of one store, by id. Names are unique after folding."""

    def __init__(self) -> None:
        self._segments: dict[str, Segment] = {}
        self._names: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._segments)

    def __iter__(self) -> Iterator[Segment]:
        """Yield all segments in the order they were created."""
        return iter(self._segments.values())

    def __contains__(self, segment_id: object) -> bool:
        return segment_id in self._segments

    def get(self, segment_id: str) -> Segment:
        """Return a segment, or raise `NotFound`."""
        segment = self._segments.get(segment_id)
        if segment is None:
            raise NotFound("segment", segment_id)
        return segment

    def named(self, name: str) -> Segment | None:
        """Return the segment called *name*, if there is one."""
        held = self._names.get(fold(name.strip()))
        return None if held is None else self._segments[held]

    def put(self, segment: Segment) -> None:
        """Add *segment*, or replace the one with its id."""
        old = self._segments.get(segment.id)
        if old is not None:
            del self._names[fold(old.name)]
        self._segments[segment.id] = segment
        self._names[fold(segment.name)] = segment.id

    def remove(self, segment_id: str) -> tuple[Segment, ...]:
        """Remove a segment, inlining its condition; return the dependants that changed."""
        gone = self._segments.pop(segment_id)
        del self._names[fold(gone.name)]
        return tuple(
            held for held in self._segments.values() if segment_id in reads(held.condition)
        )

    def inlined(self, dependant: Segment, gone: Segment) -> Condition:
        """Return the condition of *dependant* with that of *gone* in its place."""
        return inline(dependant.condition, gone.id, gone.condition)

    def dependants(self, segment_id: str) -> tuple[Segment, ...]:
        """Return the segments that read *segment_id* directly."""
        return tuple(held for held in self if segment_id in reads(held.condition))

    def check_free_name(self, name: str, but: str = "") -> None:
        """Raise `AlreadyExists` when a segment other than *but* is called *name*."""
        held = self.named(name)
        if held is not None and held.id != but:
            raise AlreadyExists("segment", name, f"it is {held.id}")

    def check_etag(self, segment_id: str, etag: str) -> Segment:
        """Return the segment; raise `EtagMismatch` when a given *etag* is not its own."""
        segment = self.get(segment_id)
        if etag and etag != segment.etag:
            raise EtagMismatch("segment", segment_id, etag, segment.etag)
        return segment

    def check_room(self) -> None:
        """Raise `LimitExceeded` when no segment can be added."""
        if len(self) >= MAX_SEGMENTS:
            raise LimitExceeded("segments of a store", MAX_SEGMENTS, len(self) + 1)

    def check_unused(self, segment_id: str) -> None:
        """Raise `StillUsed` when others read the segment."""
        users = self.dependants(segment_id)
        if users:
            raise StillUsed(segment_id, tuple((user.id, user.name) for user in users))

    def check_references(self, condition: Condition, own_id: str = "") -> None:
        """Check what a new *condition* (of segment *own_id*) would read.

        Raises:
            InvalidArgument: a segment does not exist, a cycle, or a chain over `MAX_CHAIN`.
        """
        conditions = {held.id: held.condition for held in self}
        if own_id:
            conditions[own_id] = condition
        below = self._chain(condition, conditions, own_id, ())
        above = self._chain_above(own_id) if own_id else 0
        if below + above > MAX_CHAIN:
            raise InvalidArgument.of(
                "condition",
                f"segments read each other over {below + above} references; "
                f"at most {MAX_CHAIN} are allowed",
            )

    def _chain(
        self,
        condition: Condition,
        conditions: Mapping[str, Condition],
        own_id: str,
        seen: tuple[str, ...],
    ) -> int:
        longest = 0
        for read in sorted(reads(condition)):
            if read == own_id:
                names = " -> ".join((own_id, *seen, own_id))
                raise InvalidArgument.of("condition", f"segments read each other in a cycle: {names}")
            if read not in conditions:
                raise InvalidArgument.of("condition", f"segment {read!r} does not exist")
            if len(seen) < MAX_CHAIN:
                rest = self._chain(conditions[read], conditions, own_id, (*seen, read))
                longest = max(longest, 1 + rest)
            else:
                longest = MAX_CHAIN + 1
        return longest

    def _chain_above(self, segment_id: str, depth: int = 0) -> int:
        if depth > MAX_CHAIN:
            return 0
        chains = (1 + self._chain_above(user.id, depth + 1) for user in self.dependants(segment_id))
        return max(chains, default=0)
