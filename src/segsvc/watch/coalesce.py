"""Unite the deltas of several revisions, for readers who want to know only where it led."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segsvc.bitmap import Bitmap, from_ordinals, ordinals_of
from segsvc.index.contacts import Contacts
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


def by_contact_id(changes: Changes, contacts: Contacts) -> Changes:
    """Return coalesced *changes* as they are for readers who know contacts by their ids.

    A contact who was erased and came back left under one ordinal and entered under another. By id
    nothing changed.
    """
    deltas = []
    for held in changes.deltas:
        returned, gone = _returned(held.entered, held.left, contacts)
        entered, left = held.entered - returned, held.left - gone
        if entered or left or held.cause is Cause.DEFINITION:
            deltas.append(Delta(held.segment_id, held.cause, entered, left, held.leaves))
    return Changes(changes.revision, changes.at, tuple(deltas))


def _returned(entered: Bitmap, left: Bitmap, contacts: Contacts) -> tuple[Bitmap, Bitmap]:
    """Return those of *entered* who have the id of one of *left*, and those of *left* they were."""
    gone = ordinals_of(left - contacts.universe)
    if not len(gone) or not entered:
        return Bitmap(), Bitmap()
    ids = contacts.ids_of(gone)
    now = contacts.find(ids)
    came_again = ordinals_of(entered - contacts.universe)
    later = dict(zip(contacts.ids_of(came_again), came_again.tolist(), strict=True))
    pairs = []
    for contact_id, before, holder in zip(ids, gone.tolist(), now.tolist(), strict=True):
        after = later.get(contact_id, holder)
        if after >= 0 and after in entered and contacts.id_of(after) == contact_id:
            pairs.append((after, before))
    again, were = np.array(pairs, np.uint32).reshape(-1, 2).T
    return from_ordinals(again), from_ordinals(were)
