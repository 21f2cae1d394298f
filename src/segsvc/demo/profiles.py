"""The attributes of contacts as Arrow batches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segsvc.demo import places
from segsvc.demo.draws import Array, Codes, Stream, chance, draw, draw_rows, generator, shares
from segsvc.demo.people import (
    BLOCK,
    FOREVER,
    LIFECYCLES,
    NEVER,
    STRONG,
    Traits,
    all_traits,
    lifecycles,
)
from segsvc.demo.spec import StoreSpec
from segsvc.demo.text import CODED, CONTACT_DIGITS, coded, coded_lists, numbered
from segsvc.domain.columns import Bool, UInt32
from segsvc.domain.standard_schema import SUBSCRIPTION_STATUSES

CONTACT_SCHEMA = pa.schema(
    [
        ("contact_id", pa.string()),
        ("name", CODED),
        ("email", pa.string()),
        ("phone", pa.string()),
        ("gender", CODED),
        ("country", CODED),
        ("city", CODED),
        ("birthday", CODED),
        ("language", CODED),
        ("registration_source", CODED),
        ("registered_at", pa.timestamp("s", tz="UTC")),
        ("is_member", pa.bool_()),
        ("email_status", CODED),
        ("email_invalid", pa.bool_()),
        ("sms_status", CODED),
        ("sms_invalid", pa.bool_()),
        ("tags", pa.list_(CODED)),
    ]
)

LIFECYCLE_SCHEMA = pa.schema([("contact_id", pa.string()), ("lifecycle", CODED)])

_GENDERS = pa.array(["female", "male", "other"])
_GENDER_TABLE = shares([54, 42, 4])
_SOURCES = pa.array(
    ["checkout", "popup", "newsletter_form", "import", "app", "pos", "referral", "api"]
)
_SOURCE_TABLE = shares([38, 22, 14, 11, 7, 4, 3, 1])
_DOMAINS = pa.array(
    [f"@{name}" for name in ("mail.example", "post.example", "inbox.example", "web.example",
                             "example.com", "example.org", "example.net", "work.example")]
)  # fmt: skip
_DOMAIN_TABLE = shares([40, 20, 12, 8, 8, 5, 4, 3])
_STATUSES = pa.array(list(SUBSCRIPTION_STATUSES))
_UNSUBSCRIBED, _NOT_SUBSCRIBED, _SUBSCRIBED = range(3)

_TAGS = {
    "newsletter": 210, "first-purchase": 160, "repeat-buyer": 110, "black-friday": 90,
    "sale-hunter": 80, "app-user": 70, "gift-buyer": 60, "abandoned-cart": 60, "summer-2025": 50,
    "winter-2024": 45, "loyalty-silver": 45, "quiz-skin": 40, "size-m": 40, "reviewer": 35,
    "size-l": 30, "instagram": 30, "pet-owner": 28, "parent": 28, "outdoor-fan": 25,
    "loyalty-gold": 20, "student": 20, "size-s": 18, "waitlist": 15, "beta-tester": 10,
    "store-berlin": 9, "influencer": 6, "wholesale": 6, "vip": 5, "complaint": 5, "do-not-call": 3,
}  # fmt: skip
"""Tags and how many of 1,000 contacts have them."""

_TAG_NAMES = pa.array(list(_TAGS))
_BUYER_TAGS = ("loyalty-gold", "vip", "repeat-buyer", "reviewer")
"""Held far more often by the best customers."""


def _tag_bounds(factor: int) -> Array:
    held = [share * (factor if name in _BUYER_TAGS else 1) for name, share in _TAGS.items()]
    return np.array([min(share, 900) * 65_536 // 1_000 for share in held], np.uint16)


_TAG_BOUNDS = np.stack([_tag_bounds(1), _tag_bounds(8)])

_BORN_FIRST, _BORN_DAYS = np.datetime64("1944-01-01", "D"), 24_000
"""Birthdays span 24,000 days, to the middle of September 2009."""


@lru_cache(maxsize=1)
def _birthdays() -> pa.Array:
    """Return all full dates, then the 366 days of a year as ``--MM-DD``."""
    full = np.datetime_as_string(_BORN_FIRST + np.arange(_BORN_DAYS)).tolist()
    leap = np.datetime_as_string(np.datetime64("2000-01-01", "D") + np.arange(366)).tolist()
    return pa.array([*full, *(f"-{text[4:]}" for text in leap)])


def contact_batches(spec: StoreSpec, rows: int = BLOCK) -> Iterator[pa.RecordBatch]:
    """Yield all contacts in the order of their registration, at most *rows* in a batch.

    Columns are `CONTACT_SCHEMA`: ``contact_id`` and the standard attributes by name, null where
    not set. A birthday is ``YYYY-MM-DD``, or ``--MM-DD`` without a year. Contacts are drawn
    50,000 at a time, so *rows* changes how they are cut, never what they are.
    """
    for held in all_traits(spec):
        batch = _profile(spec, held)
        for start in range(0, len(held), rows):
            yield batch.slice(start, rows)


def lifecycle_batch(spec: StoreSpec) -> pa.RecordBatch:
    """Return the lifecycle label of every contact, null where it has none yet."""
    codes = np.empty(spec.contacts, np.int32)
    missing = np.empty(spec.contacts, np.bool_)
    for held in all_traits(spec):
        block = slice(held.first, held.first + len(held))
        codes[block], missing[block] = lifecycles(spec, held)
    ids = numbered("c", np.arange(spec.contacts), CONTACT_DIGITS)
    columns = [ids, coded(codes, LIFECYCLES, missing)]
    return pa.RecordBatch.from_arrays(columns, schema=LIFECYCLE_SCHEMA)


def _profile(spec: StoreSpec, held: Traits) -> pa.RecordBatch:
    rng = generator(spec.seed, Stream.PROFILE, held.first // BLOCK)
    count = len(held)
    numbers = np.arange(held.first, held.first + count)
    ids = numbered("c", numbers, CONTACT_DIGITS)
    where = places.geography()
    gender = draw(rng, _GENDER_TABLE, count)
    language = draw_rows(rng, where.language_tables, held.country)
    name = _names(rng, gender, language)
    city = draw_rows(rng, where.city_tables, held.country)
    placeless = chance(rng, count, 0.03)
    columns = [
        ids,
        coded(name, places.full_names(), chance(rng, count, 0.06)),
        _emails(rng, name, ids, ~held.has_email),
        _phones(rng, held),
        coded(gender, _GENDERS, chance(rng, count, 0.22)),
        coded(held.country, where.countries, placeless),
        coded(city, where.cities, placeless | chance(rng, count, 0.12)),
        _birthday_column(rng, count),
        coded(language, places.LANGUAGES, chance(rng, count, 0.05)),
        coded(draw(rng, _SOURCE_TABLE, count), _SOURCES),
        pa.array(held.registered, type=pa.timestamp("s", tz="UTC")),
        pa.array(chance(rng, count, np.where(held.weight > 40, 0.7, 0.2))),
        coded(_status(held.mail_until), _STATUSES),
        pa.array(chance(rng, count, 0.02), mask=~held.has_email),
        coded(_status(held.sms_until), _STATUSES),
        pa.array(chance(rng, count, 0.03), mask=~held.has_phone),
        _tag_column(rng, held),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=CONTACT_SCHEMA)


def _names(rng: np.random.Generator, gender: Codes, language: Codes) -> Codes:
    count = len(gender)
    first = rng.integers(0, places.FIRST_NAMES, count, dtype=np.int32)
    last = rng.integers(0, places.LAST_NAMES, count, dtype=np.int32)
    first += np.where(gender == 1, np.int32(places.FIRST_NAMES), np.int32(0))
    codes = language * np.int32(places.NAMES_PER_LANGUAGE) + first * np.int32(places.LAST_NAMES)
    return codes + last


def _emails(rng: np.random.Generator, name: Codes, ids: pa.Array, missing: Bool) -> pa.Array:
    """Return an address for each contact: unique, as it ends in the contact's own digits."""
    boxes = places.mailbox_names().take(pa.array(name))
    domains = _DOMAINS.take(pa.array(draw(rng, _DOMAIN_TABLE, len(name))))
    joined = pc.binary_join_element_wise(boxes, ids, domains, "")
    return _without(joined, missing)


def _phones(rng: np.random.Generator, held: Traits) -> pa.Array:
    codes = places.geography().calling_codes.take(pa.array(held.country))
    digits = numbered("7", rng.integers(0, 10**7, len(held)), CONTACT_DIGITS)
    return _without(pc.binary_join_element_wise(codes, digits, ""), ~held.has_phone)


def _without(column: pa.Array, missing: Bool) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), column)


def _birthday_column(rng: np.random.Generator, count: int) -> pa.Array:
    half = _BORN_DAYS // 2
    codes = rng.integers(0, half, count, dtype=np.int32)
    codes += rng.integers(0, half, count, dtype=np.int32)
    yearless = _BORN_DAYS + rng.integers(0, 366, count, dtype=np.int32)
    codes = np.where(chance(rng, count, 0.15), yearless, codes)
    return coded(codes, _birthdays(), chance(rng, count, 0.42))


def _status(until: UInt32) -> Codes:
    codes = np.full(len(until), _UNSUBSCRIBED, np.int32)
    codes[until == NEVER] = _NOT_SUBSCRIBED
    codes[until == FOREVER] = _SUBSCRIBED
    return codes


def _tag_column(rng: np.random.Generator, held: Traits) -> pa.Array:
    bounds = _TAG_BOUNDS[(held.weight > STRONG).astype(np.intp)]
    draws = rng.integers(0, 65_536, bounds.shape, dtype=np.uint16)
    holders, tags = np.nonzero(draws < bounds)
    lengths = np.bincount(holders, minlength=len(held))
    return coded_lists(lengths, tags, _TAG_NAMES, lengths == 0)
