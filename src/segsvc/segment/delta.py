"""Deltas: who entered and left one segment at one revision, and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum

from segsvc.bitmap import Bitmap, canonical_bytes, from_bytes


class Cause(IntEnum):
    """Why contacts entered or left; of several the least one counts (SEMANTICS section 6)."""

    MERGED = 1
    CONTACT_DELETED = 2
    DEFINITION = 3
    DATA = 4
    TIME = 5


@dataclass(frozen=True, slots=True)
class Delta:
    """A change of one segment. Nobody is in both bitmaps; both are empty only for DEFINITION.

    *leaves* are paths, in the condition, of the leaves whose answers changed for these contacts.
    """

    segment_id: str
    cause: Cause
    entered: Bitmap
    left: Bitmap
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """All deltas of one revision, in a fixed order."""

    revision: int
    at: int
    deltas: tuple[Delta, ...]

    def to_bytes(self) -> bytes:
        """Encode; equal changes give equal bytes, however their bitmaps came to be."""
        head, parts = [], []
        for held in self.deltas:
            images = [canonical_bytes(held.entered), canonical_bytes(held.left)]
            parts += images
            head.append([held.segment_id, int(held.cause), *map(len, images), list(held.leaves)])
        facts = json.dumps([self.revision, self.at, head], separators=(",", ":")).encode()
        return b"".join([len(facts).to_bytes(4, "little"), facts, *parts])

    @classmethod
    def from_bytes(cls, raw: bytes) -> Changes:
        """Undo `to_bytes`."""
        place = 4 + int.from_bytes(raw[:4], "little")
        revision, at, head = json.loads(raw[4:place])
        deltas = []
        for segment_id, cause, entered, left, leaves in head:
            middle, end = place + entered, place + entered + left
            members = from_bytes(raw[place:middle]), from_bytes(raw[middle:end])
            deltas.append(Delta(segment_id, Cause(cause), *members, tuple(leaves)))
            place = end
        return cls(revision, at, tuple(deltas))
