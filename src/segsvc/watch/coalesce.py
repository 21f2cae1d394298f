"""Unite the deltas of several revisions, for readers who want to know only where it led."""

from __future__ import annotations

from collections.abc import Sequence

from segsvc.bitmap import Bitmap
from segsvc.segment.delta import Cause, Changes, Delta


def coalesced(changes: Sequence[Changes]) -> Changes:
    """Return one change of the last revision; who entered and left again is in neither part.

    A segment has one delta, under the first cause (SEMANTICS section 6) of those it had.
    """
    entered: dict[str, Bitmap] = {}
    left: dict[str, Bitmap] = {}
    causes: dict[str, Cause] = {}
    leaves: dict[str, dict[str, None]] = {}
    for held in changes:
        for delta in held.deltas:
            name = delta.segment_id
            came, went = entered.get(name, Bitmap()), left.get(name, Bitmap())
            entered[name] = (came - delta.left) | (delta.entered - went)
            left[name] = (went - delta.entered) | (delta.left - came)
            causes[name] = min(causes.get(name, delta.cause), delta.cause)
            leaves.setdefault(name, {}).update(dict.fromkeys(delta.leaves))
    deltas = tuple(
        Delta(name, cause, entered[name], left[name], tuple(leaves[name]))
        for name, cause in causes.items()
        if entered[name] or left[name] or cause is Cause.DEFINITION
    )
    return Changes(changes[-1].revision, changes[-1].at, deltas)
