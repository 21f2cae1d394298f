"""Contacts of the generated store."""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from segsvc.demo.generate import StoreSpec, contact_batches, lifecycle_batch
from segsvc.domain.errors import InvalidArgument
from segsvc.domain.schema import ValueType
from segsvc.domain.standard_schema import (
    LIFECYCLE_LABELS,
    STANDARD_SCHEMA,
    SUBSCRIPTION_STATUSES,
)

SMALL = StoreSpec(contacts=1_000)

CODED = pa.dictionary(pa.int32(), pa.string())
ALLOWED = {
    ValueType.TEXT: {pa.string(), CODED},
    ValueType.KEY: {pa.string()},
    ValueType.DATE: {CODED},
    ValueType.INSTANT: {pa.timestamp("s", tz="UTC")},
    ValueType.BOOLEAN: {pa.bool_()},
    ValueType.TEXT_SET: {pa.list_(CODED)},
}


def rows_of(spec: StoreSpec, rows: int = 50_000) -> list[dict[str, object]]:
    return pa.Table.from_batches(contact_batches(spec, rows)).to_pylist()


def test_columns_are_standard_attributes_of_their_types(store):
    assert store.contacts.column_names[0] == "contact_id"
    for field in list(store.contacts.schema)[1:]:
        assert field.type in ALLOWED[STANDARD_SCHEMA.attributes[field.name].type], field.name


def test_batches_are_valid_arrow():
    for batch in contact_batches(SMALL):
        batch.validate(full=True)


def test_the_same_spec_makes_the_same_contacts_and_another_seed_others():
    first = rows_of(SMALL)
    assert rows_of(SMALL) == first
    assert rows_of(StoreSpec(contacts=1_000, seed=8)) != first


def test_contacts_are_the_same_on_every_platform():
    texts = [[str(value) for value in row.values()] for row in rows_of(SMALL)]
    digest = sha256(repr(texts).encode()).hexdigest()
    assert digest == "31573fecdfd6e5b54ed05bb53b1dda608e97d2e99db9a776f9bdd85037737340"


def test_rows_only_changes_how_contacts_are_cut():
    assert rows_of(SMALL, 333) == rows_of(SMALL)
    assert [len(batch) for batch in contact_batches(SMALL, 333)] == [333, 333, 333, 1]


def test_a_store_of_many_blocks_has_every_contact_once():
    spec = StoreSpec(contacts=120_001)
    ids = [batch["contact_id"] for batch in contact_batches(spec)]
    assert pa.chunked_array(ids).to_pylist() == [f"c{number:07d}" for number in range(120_001)]


def test_addresses_are_unique_and_plain(store):
    addresses = store.contacts["email"].drop_null().to_pylist()
    assert len(set(addresses)) == len(addresses)
    assert all(re.fullmatch(r"[a-z.]+\.c\d{7}@[a-z.]+", address) for address in addresses)
    assert 0.05 < store.contacts["email"].null_count / len(store.contacts) < 0.15


def test_birthdays_are_full_or_without_a_year(store):
    held = store.contacts["birthday"].drop_null().to_pylist()
    yearless = [text for text in held if re.fullmatch(r"--\d\d-\d\d", text)]
    full = [text for text in held if re.fullmatch(r"\d{4}-\d\d-\d\d", text)]
    assert len(yearless) + len(full) == len(held)
    assert 0.1 < len(yearless) / len(held) < 0.2


def test_registrations_are_ascending_and_not_after_the_end(store):
    seconds = store.contacts["registered_at"].cast(pa.int64()).to_pylist()
    assert seconds == sorted(seconds)
    assert seconds[-1] <= store.spec.end
    assert 0.3 < sum(at >= store.spec.start for at in seconds) / len(seconds) < 0.7


def test_countries_are_skewed_and_cities_lie_in_one_country(store):
    countries = Counter(store.contacts["country"].drop_null().to_pylist())
    ordered = [count for _, count in countries.most_common()]
    assert len(ordered) == 20
    assert ordered[0] > 3 * ordered[4] > 6 * ordered[-1]
    pairs = store.contacts.select(["city", "country"]).drop_null().to_pylist()
    homes = {(row["city"], row["country"]) for row in pairs}
    assert len(homes) == len({city for city, _ in homes})


def test_consent_needs_an_address_and_uses_the_standard_statuses(store):
    for status, address in (("email_status", "email"), ("sms_status", "phone")):
        column = store.contacts[status].combine_chunks().dictionary_decode()
        assert set(column.unique().to_pylist()) == set(SUBSCRIPTION_STATUSES)
        without = column.filter(pc.is_null(store.contacts[address]).combine_chunks())
        assert without.unique().to_pylist() == ["not_subscribed"]


def test_tags_are_distinct_for_a_contact_and_skewed(store):
    held = store.contacts["tags"].drop_null().to_pylist()
    assert all(len(set(tags)) == len(tags) > 0 for tags in held)
    counts = Counter(tag for tags in held for tag in tags)
    assert len(counts) == 30
    assert counts["newsletter"] > 10 * counts["wholesale"]


def test_every_lifecycle_label_is_used():
    batch = lifecycle_batch(SMALL)
    assert batch["contact_id"].to_pylist() == [f"c{number:07d}" for number in range(1_000)]
    assert set(batch["lifecycle"].drop_null().to_pylist()) == set(LIFECYCLE_LABELS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contacts", 999),
        ("contacts", 10_000_001),
        ("seed", -1),
        ("events_per_contact", 0.5),
        ("days", 3),
        ("end", 5),
        ("late", 1.5),
        ("repeated", -0.1),
    ],
)
def test_a_spec_out_of_bounds_names_its_field(field, value):
    with pytest.raises(InvalidArgument) as caught:
        StoreSpec(**{"contacts": 1_000, field: value})
    assert caught.value.violations[0].field == field
