"""All segments of a store: names, references between them, and the order to read them in."""

from __future__ import annotations

from collections.abc import Iterator

from segsvc.condition.segment import SegmentLeaf
from segsvc.condition.tree import Condition
from segsvc.domain.errors import (
    AlreadyExists,
    ConditionInvalid,
    EtagMismatch,
    LimitExceeded,
    NotFound,
    Violation,
)
from segsvc.domain.ids import MAX_NAME_CHARACTERS, SegmentId
from segsvc.domain.text import fold
from segsvc.segment.definition import Segment, reads
from segsvc.segment.inline import inline
from segsvc.segment.program import leaf_paths

MAX_CHAIN = 8
"""References in the longest chain of segments that read each other."""

MAX_SEGMENTS = 10_000


class Catalog:
    """The segments of one store, by id. Names are unique after folding."""

    def __init__(self) -> None:
        self._segments: dict[str, Segment] = {}
        self._names: dict[str, str] = {}
        self._reads: dict[str, frozenset[str]] = {}

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
        held = self._names.get(_key(name))
        return None if held is None else self._segments[held]

    def put(self, segment: Segment) -> None:
        """Add *segment*, or replace the one with its id."""
        old = self._segments.get(segment.id)
        if old is not None:
            del self._names[_key(old.name)]
        self._segments[segment.id] = segment
        self._names[_key(segment.name)] = segment.id
        self._reads[segment.id] = reads(segment.condition)

    def remove(self, segment_id: str) -> tuple[Segment, ...]:
        """Remove a segment, inlining its condition; return the dependants that changed."""
        gone = self._segments.pop(segment_id)
        del self._names[_key(gone.name)], self._reads[segment_id]
        return self.dependants(segment_id)

    def inlined(self, dependant: Segment, gone: Segment) -> Condition:
        """Return the condition of *dependant* with that of *gone* in its place.

        Raises:
            LimitExceeded: it would be too large.
        """
        return inline(dependant.condition, gone.id, gone.condition)

    def dependants(self, segment_id: str) -> tuple[Segment, ...]:
        """Return the segments that read *segment_id* directly."""
        users = (held for held, read in self._reads.items() if segment_id in read)
        return tuple(map(self._segments.__getitem__, users))

    def check_free_name(self, name: str, but: str = "") -> None:
        """Raise `AlreadyExists` when a segment other than *but* is called *name*."""
        held = self.named(name)
        if held is not None and held.id != but:
            raise AlreadyExists("segment name", name, f"it is {held.id}", {"segment_id": held.id})

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

    def check_free_id(self, segment_id: str) -> None:
        """Raise `AlreadyExists` when a segment has the id."""
        if segment_id in self._segments:
            raise AlreadyExists("segment", segment_id)

    def free_id(self, revision: int) -> SegmentId:
        """Name the segment that *revision* creates; replay gives it the same name again."""
        candidate, number = f"seg-{revision}", 1
        while candidate in self._segments:
            number += 1
            candidate = f"seg-{revision}-{number}"
        return SegmentId(candidate)

    def free_name(self, name: str) -> str:
        """Return *name*, or the first free of ``<name> 2``, ``<name> 3`` ..., cut to fit."""
        candidate, number = name[:MAX_NAME_CHARACTERS].strip(), 1
        while self.named(candidate) is not None:
            number += 1
            tail = f" {number}"
            candidate = name[: MAX_NAME_CHARACTERS - len(tail)].strip() + tail
        return candidate

    def check_references(
        self, condition: Condition, own_id: str = "", prefix: str = "condition"
    ) -> None:
        """Check what a new *condition* (of segment *own_id*, at the path *prefix*) would read.

        Raises:
            ConditionInvalid: a segment does not exist, a cycle, or a chain over `MAX_CHAIN`.
        """
        problems = tuple(self.reference_problems(condition, own_id, prefix))
        if problems:
            raise ConditionInvalid(problems)

    def reference_problems(
        self, condition: Condition, own_id: str = "", prefix: str = "condition"
    ) -> Iterator[Violation]:
        """Yield what is wrong with the segments that *condition* (of *own_id*) reads."""
        wanted = _references(condition, prefix)
        unknown = [read for read in wanted if read not in self._segments and read != own_id]
        for read in unknown:
            yield Violation(wanted[read], f"segment {read!r} does not exist", "SEGMENT_UNKNOWN")
        ways = {read: self._path_to(own_id, read) for read in wanted if own_id}
        cycles = {read: way for read, way in ways.items() if way}
        for read, way in cycles.items():
            described = f"segments read each other in a cycle: {' -> '.join((own_id, *way))}"
            yield Violation(wanted[read], described, "CYCLE")
        if unknown or cycles:
            return
        lengths: dict[str, int] = {}
        below = max((1 + self._chain_below(read, lengths) for read in wanted), default=0)
        length = below + (self._chain_above(own_id, {}) if own_id else 0)
        if length > MAX_CHAIN:
            yield Violation(
                prefix,
                f"segments read each other over {length} references; "
                f"at most {MAX_CHAIN} are allowed",
                "LIMIT_EXCEEDED",
            )

    def _path_to(self, wanted: str, start: str) -> tuple[str, ...]:
        """Return the ids from *start* to *wanted* along references; empty when there is no way."""
        before: dict[str, str] = {start: ""}
        waiting = [start]
        while waiting:
            held = waiting.pop()
            if held == wanted:
                path = [held]
                while before[path[0]]:
                    path.insert(0, before[path[0]])
                return tuple(path)
            for read in self._reads.get(held, ()):
                if read not in before:
                    before[read] = held
                    waiting.append(read)
        return ()

    def _chain_below(self, segment_id: str, lengths: dict[str, int]) -> int:
        """Return how many references the longest chain from a segment down has."""
        if segment_id not in lengths:
            below = self._reads[segment_id]
            chains = (1 + self._chain_below(read, lengths) for read in below)
            lengths[segment_id] = max(chains, default=0)
        return lengths[segment_id]

    def _chain_above(self, segment_id: str, lengths: dict[str, int]) -> int:
        """Return how many references the longest chain that ends at a segment has."""
        if segment_id not in lengths:
            chains = (
                1 + self._chain_above(user.id, lengths) for user in self.dependants(segment_id)
            )
            lengths[segment_id] = max(chains, default=0)
        return lengths[segment_id]


def _references(condition: Condition, prefix: str) -> dict[str, str]:
    """Return each segment that *condition* reads and the path of the first field that names it."""
    found: dict[str, str] = {}
    for path, leaf in leaf_paths(condition, prefix):
        if isinstance(leaf, SegmentLeaf) and leaf.segment_id:
            named = f"{path}.segment.segment_id" if path else "segment.segment_id"
            found.setdefault(leaf.segment_id, named)
    return found


def _key(name: str) -> str:
    """Return what makes two names the same."""
    return fold(name.strip())
