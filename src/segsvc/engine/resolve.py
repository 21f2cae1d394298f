"""Who receives something: include and exclude sets, reachability, split and cap, pinned."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from segsvc.bitmap import Bitmap, copied, from_bytes, from_sorted, ordinals_of, to_bytes
from segsvc.domain.errors import OrdinalEpochChanged, RequestIdReused
from segsvc.engine.reach import Channel, Unreachable, reachable
from segsvc.engine.read import Reading, SegmentSet

KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Split:
    """One arm: salted hashes from *from_percent* up to *to_percent* of their range."""

    salt: str
    from_percent: Decimal
    to_percent: Decimal


@dataclass(frozen=True, slots=True)
class RecipientSpec:
    """What is asked; *cap* 0: no cap."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]
    channel: Channel
    split: Split | None = None
    cap: int = 0
    cap_salt: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """What was resolved, with the counts of its header; *spec* is the request's own bytes, hex."""

    resolution_id: str
    revision: int
    as_of: int
    ordinal_epoch: int
    included: int
    excluded: int
    unreachable: Unreachable
    split_out: int
    capped: int
    recipients: int
    expires_at: int
    spec: str
    members: Bitmap = field(repr=False)

    def header_bytes(self) -> bytes:
        """Return everything but the members, to be stored."""
        facts = {name: getattr(self, name) for name in self.__slots__ if name != "members"}
        return json.dumps({**facts, "unreachable": asdict(self.unreachable)}).encode()

    def member_bytes(self) -> bytes:
        """Return the members in the portable Roaring format."""
        return to_bytes(self.members)

    @classmethod
    def load(cls, header: bytes, members: bytes) -> Resolution:
        """Undo `header_bytes` and `member_bytes`."""
        facts: dict[str, Any] = json.loads(header)
        facts["unreachable"] = Unreachable(**facts["unreachable"])
        return cls(**facts, members=from_bytes(members))


def resolution_id_of(store_id: str, request_id: str) -> str:
    """Name a resolution: the same for a repeated request, else a new name."""
    if not request_id:
        return f"res-{secrets.token_hex(16)}"
    digest = hashlib.blake2b(f"{store_id}\n{request_id}".encode(), digest_size=16)
    return f"res-{digest.hexdigest()}"


def resolve(reading: Reading, spec: RecipientSpec, raw: bytes, resolution_id: str) -> Resolution:
    """Resolve *spec* at the revision and instant of *reading*."""
    included = reading.members(SegmentSet(spec.include))
    kept = included
    if spec.exclude:
        kept = included - reading.members(SegmentSet(spec.exclude))
    reached, unreachable = reachable(reading.state.memberships, reading.view, spec.channel, kept)
    chosen = _arm(reading, reached, spec.split)
    capped = _first(reading, chosen, spec.cap, spec.cap_salt)
    return Resolution(
        resolution_id=resolution_id,
        revision=reading.revision,
        as_of=reading.as_of,
        ordinal_epoch=reading.state.ordinal_epoch,
        included=len(included),
        excluded=len(included) - len(kept),
        unreachable=unreachable,
        split_out=len(reached) - len(chosen),
        capped=len(chosen) - len(capped),
        recipients=len(capped),
        expires_at=reading.as_of + KEPT_SECONDS,
        spec=raw.hex(),
        members=copied(capped),  # it may be what a segment goes on with
    )


def _arm(reading: Reading, among: Bitmap, split: Split | None) -> Bitmap:
    if split is None:
        return among
    below = reading.view.sample(split.salt, _bound(split.to_percent), among)
    return below - reading.view.sample(split.salt, _bound(split.from_percent), among)


def _bound(percent: Decimal) -> int:
    return math.floor(Fraction(percent) / 100 * 2**64)


def _first(reading: Reading, among: Bitmap, cap: int, salt: str) -> Bitmap:
    """Keep the *cap* contacts with the smallest salted hashes."""
    if not cap or len(among) <= cap:
        return among
    ordinals = ordinals_of(among)
    hashes = reading.state.index.contacts.sample_order(ordinals, salt)
    order = np.lexsort((ordinals, hashes))[:cap]
    return from_sorted(np.sort(ordinals[order]))


def same_request(resolution: Resolution, raw: bytes, request_id: str) -> None:
    """Raise `RequestIdReused` when *resolution* was made for another request."""
    if resolution.spec != raw.hex():
        raise RequestIdReused(request_id)


def remaining(resolution: Resolution, offset: int, ordinal_epoch: int) -> Bitmap:
    """Return the recipients from *offset* on.

    Raises:
        OrdinalEpochChanged: ordinals were renumbered since.
    """
    if resolution.ordinal_epoch != ordinal_epoch:
        raise OrdinalEpochChanged(ordinal_epoch)
    members = resolution.members
    if offset == len(members):
        return Bitmap()
    return members & Bitmap(range(members[offset], members.max() + 1))
