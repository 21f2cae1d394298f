"""What drives a contact: when it came, how much it buys, what it consented to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segsvc.demo.draws import TABLE_SIZE, Array, Codes, Stream, chance, draw, generator, lognormal
from segsvc.demo.places import geography
from segsvc.demo.rhythm import Rhythm, hour_starts
from segsvc.demo.spec import DAY, PRIOR_DAYS, StoreSpec
from segsvc.domain.columns import Bool, Int64, UInt8, UInt32
from segsvc.domain.standard_schema import LIFECYCLE_LABELS

BLOCK = 50_000
"""Contacts whose traits are drawn together; part of what makes the bytes of a store."""

FOREVER = np.uint32(2**32 - 1)
NEVER = np.uint32(0)

STRONG = 160
"""Weight from which a contact is one of the shop's best customers (about 2%)."""

_QUIET = 0.35


def _weights() -> Int64:
    places = (np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE
    tail: list[float] = ((1 - places) / (1 - _QUIET)).tolist()
    values = np.array([round(8 * math.pow(share, -0.8)) for share in tail], np.int64)
    values[places < _QUIET] = 0
    return values


WEIGHTS = _weights()
"""How often contacts come, as quantiles: a third never do, the rest is a Pareto tail."""

ENGAGEMENT = ((np.arange(TABLE_SIZE) / TABLE_SIZE) ** 2 * 256).astype(np.uint8)
"""How gladly contacts open messages, 0 to 255; most of them hardly."""

_LIFETIME = lognormal(200 * DAY, 1.0, 5 * DAY, 1_500 * DAY)
_CONSENT_LENGTH = lognormal(120 * DAY, 1.3, 3_600, 1_500 * DAY)


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """Traits of contacts in the order of their numbers, which is the order they came in.

    Attributes:
        first: number of the first contact of these.
        registered: UTC seconds (int64), ascending.
        country: code of the country (int32).
        weight: share of the shop's visits (int64); 0 for those who never come.
        engagement: `ENGAGEMENT` (uint8).
        active_until: last second at which it still comes (uint32), `FOREVER` without one.
        has_email, has_phone: whether the address is known.
        mail_until, sms_until: when it withdrew consent (uint32); `NEVER` when it gave none,
            `FOREVER` while it stands.
    """

    first: int
    registered: Int64
    country: Codes
    weight: Int64
    engagement: UInt8
    active_until: UInt32
    has_email: Bool
    has_phone: Bool
    mail_until: UInt32
    sms_until: UInt32

    def __len__(self) -> int:
        return len(self.registered)


def arrivals(spec: StoreSpec) -> Rhythm:
    """Return when contacts register: ever more, from years before the history on."""
    first = spec.start - PRIOR_DAYS * DAY
    hours = len(hour_starts(first, spec.end))
    return Rhythm.between(first, spec.end, 400 + np.arange(hours, dtype=np.int64) * 800 // hours)


def blocks(spec: StoreSpec) -> int:
    """Return the number of blocks of the store's contacts."""
    return (spec.contacts + BLOCK - 1) // BLOCK


def traits(spec: StoreSpec, rhythm: Rhythm, block: int) -> Traits:
    """Draw the traits of one block; independent of every other block."""
    rng = generator(spec.seed, Stream.TRAITS, block)
    first = block * BLOCK
    count = min(BLOCK, spec.contacts - first)
    registered = rhythm.times(((first + np.arange(count)) + rng.random(count)) / spec.contacts)
    weight = draw(rng, WEIGHTS, count)
    has_email = chance(rng, count, 0.91)
    has_phone = chance(rng, count, 0.46)
    mail = chance(rng, count, np.where(weight > 0, 0.72, 0.48)) & has_email
    text = chance(rng, count, 0.52) & has_phone
    return Traits(
        first=first,
        registered=registered,
        country=draw(rng, geography().country_table, count),
        weight=weight,
        engagement=draw(rng, ENGAGEMENT, count),
        active_until=_ends(rng, spec, registered, np.where(weight > STRONG, 0.1, 0.5), _LIFETIME),
        has_email=has_email,
        has_phone=has_phone,
        mail_until=_consent(rng, spec, registered, mail, 0.2),
        sms_until=_consent(rng, spec, registered, text, 0.15),
    )


def _ends(
    rng: np.random.Generator,
    spec: StoreSpec,
    registered: Int64,
    share: float | Array,
    lengths: Int64,
) -> UInt32:
    ends = registered + draw(rng, lengths, len(registered))
    ended = chance(rng, len(registered), share) & (ends <= spec.end)
    return np.where(ended, ends.astype(np.uint32), FOREVER)


def _consent(
    rng: np.random.Generator, spec: StoreSpec, registered: Int64, given: Bool, withdrawn: float
) -> UInt32:
    ends = _ends(rng, spec, registered, withdrawn, _CONSENT_LENGTH)
    return np.where(given, ends, NEVER)


def lifecycles(spec: StoreSpec, held: Traits) -> tuple[Codes, Bool]:
    """Return the codes of `LIFECYCLE_LABELS`, and which contacts have no label yet."""
    label = {name: code for code, name in enumerate(LIFECYCLE_LABELS)}
    until = held.active_until
    fresh = held.registered > spec.end - 60 * DAY
    codes = np.full(len(held), label["nurture_needed"], np.int32)
    codes[(held.weight > 24) | (fresh & (held.weight > 0))] = label["high_potential"]
    codes[held.weight > 90] = label["loyal"]
    codes[until < FOREVER] = label["dormant"]
    codes[until < spec.end - 180 * DAY] = label["churned"]
    codes[(held.weight == 0) & (held.registered < spec.end - 540 * DAY)] = label["churned"]
    return codes, (held.weight == 0) & (fresh | (held.mail_until == FOREVER))


LIFECYCLES = pa.array(list(LIFECYCLE_LABELS))


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The traits that events need, for all contacts: 21 bytes for each."""

    registered: UInt32
    weights: UInt32
    """Cumulated, so that a draw below the last of the first n finds one of the first n."""
    engagement: UInt8
    active_until: UInt32
    mail_until: UInt32
    sms_until: UInt32

    @classmethod
    def of(cls, spec: StoreSpec) -> Population:
        """Draw all traits of *spec*, block by block."""
        count = spec.contacts
        registered, weights, active, mail, text = (np.empty(count, np.uint32) for _ in range(5))
        engagement = np.empty(count, np.uint8)
        for held in all_traits(spec):
            rows = slice(held.first, held.first + len(held))
            registered[rows] = held.registered
            weights[rows] = held.weight
            engagement[rows] = held.engagement
            active[rows] = held.active_until
            mail[rows] = held.mail_until
            text[rows] = held.sms_until
        np.cumsum(weights, out=weights)
        return cls(registered, weights, engagement, active, mail, text)

    def registered_before(self, times: Int64) -> Int64:
        """Return how many contacts, the first ones, had registered before each of *times*."""
        return np.searchsorted(self.registered, times.astype(np.uint32)).astype(np.int64)


def all_traits(spec: StoreSpec) -> Iterator[Traits]:
    """Yield the traits of all blocks in order."""
    rhythm = arrivals(spec)
    return (traits(spec, rhythm, block) for block in range(blocks(spec)))
