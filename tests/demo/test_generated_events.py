"""Events of the generated store."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pytest

from segsvc.demo.generate import StoreSpec, contact_batches, event_batches
from segsvc.domain.schema import ValueType
from segsvc.domain.standard_schema import STANDARD_SCHEMA

SMALL = StoreSpec(contacts=1_000)

CODED = pa.dictionary(pa.int32(), pa.string())
ALLOWED = {
    ValueType.KEY: {pa.string(), CODED},
    ValueType.TEXT: {CODED},
    ValueType.NUMBER: {pa.float64()},
    ValueType.KEY_LIST: {pa.list_(CODED)},
    ValueType.TEXT_LIST: {pa.list_(CODED)},
}


def digest(spec: StoreSpec) -> str:
    held = sha256()
    for behavior, batch in event_batches(spec):
        held.update(behavior.encode())
        held.update(repr(batch.to_pydict()).encode())
    return held.hexdigest()


def contacts_of(table: pa.Table) -> np.ndarray:
    return np.array([int(text[1:]) for text in table["contact_id"].to_pylist()])


def registered_of(spec: StoreSpec) -> np.ndarray:
    parts = [batch["registered_at"].cast(pa.int64()) for batch in contact_batches(spec)]
    return np.concatenate([part.to_numpy() for part in parts])


def funnel(table: pa.Table) -> dict[tuple[str, str], int]:
    rows = table.select(["contact_id", table.column_names[3], "time"]).to_pydict().values()
    contacts, messages, times = rows
    return dict(zip(zip(contacts, messages, strict=True), times, strict=True))


def test_every_standard_behavior_has_events_with_its_properties(store):
    assert set(store.events) == set(STANDARD_SCHEMA.behaviors)
    for behavior, table in store.events.items():
        properties = STANDARD_SCHEMA.behaviors[behavior].properties
        assert table.column_names[:3] == ["contact_id", "time", "event_id"]
        assert table.column_names[3:] == [held.name for held in properties]
        for held in properties:
            assert table.schema.field(held.name).type in ALLOWED[held.type]


def test_batches_are_valid_arrow(store):
    for _, batch in store.batches:
        batch.validate(full=True)


def test_the_same_spec_makes_the_same_events_and_another_seed_others():
    assert digest(SMALL) == digest(SMALL)
    assert digest(replace(SMALL, seed=8)) != digest(SMALL)


def test_events_are_the_same_on_every_platform():
    assert digest(SMALL) == "ad4b111c3a4d462bbf54c7908ec5c89b740acd78fac1f85aab1f9743734e2235"


def test_rows_only_changes_how_events_are_cut():
    def ids(rows: int) -> list[str]:
        held = event_batches(SMALL, rows)
        return [text for _, batch in held for text in batch["event_id"].to_pylist()]

    assert ids(17) == ids(100_000)
    assert max(len(batch) for _, batch in event_batches(SMALL, 17)) == 17


@pytest.mark.parametrize(
    "spec",
    [
        SMALL,
        StoreSpec(contacts=5_000, events_per_contact=1.0),
        StoreSpec(contacts=1_000, events_per_contact=200.0),
        StoreSpec(contacts=2_000, days=30),
        StoreSpec(contacts=2_000, days=7, seed=3),
        StoreSpec(contacts=2_000, repeated=0.2),
    ],
    ids=repr,
)
def test_the_total_is_within_a_tenth_of_the_spec(spec):
    total = sum(len(batch) for _, batch in event_batches(spec))
    assert total == pytest.approx(spec.contacts * spec.events_per_contact, rel=0.1)


def test_event_ids_are_unique(store):
    ids = [text for _, batch in store.batches for text in batch["event_id"].to_pylist()]
    assert len(set(ids)) == len(ids)


def test_a_repeated_event_keeps_its_id_and_comes_later():
    seen: dict[str, tuple[str, int]] = {}
    again = 0
    for behavior, batch in event_batches(replace(SMALL, repeated=0.05)):
        for text, time in zip(
            *batch.select(["event_id", "time"]).to_pydict().values(), strict=True
        ):
            again += text in seen
            assert seen.setdefault(text, (behavior, time)) == (behavior, time)
    assert 0.03 < again / len(seen) < 0.07


@pytest.mark.parametrize("spec", [SMALL, StoreSpec(contacts=3_000, days=7)], ids=repr)
def test_no_event_is_before_its_contact_or_after_the_end(spec):
    registered = registered_of(spec)
    for _, batch in event_batches(spec):
        times = batch["time"].to_numpy()
        assert (times >= registered[contacts_of(batch)]).all()
        assert (times >= spec.start).all()
        assert (times <= spec.end).all()


def backward_steps(batches: list[tuple[str, pa.RecordBatch]]) -> tuple[int, int]:
    """Count events older than the one before them: in their batch, and in earlier batches."""
    newest: dict[str, int] = {}
    within = across = 0
    for behavior, batch in batches:
        times = batch["time"].to_numpy()
        within += int((np.diff(times) < 0).sum())
        across += int((times < newest.get(behavior, 0)).sum())
        newest[behavior] = max(newest.get(behavior, 0), int(times.max()))
    return within, across


def test_some_events_arrive_late_and_the_others_in_order(store):
    total = sum(len(batch) for _, batch in store.batches)
    within, across = backward_steps(store.batches)
    assert 0.005 < within / total < 0.02
    assert 0 < across < 0.01 * total
    assert backward_steps(list(event_batches(replace(SMALL, late=0.0)))) == (0, 0)


def test_slices_keep_behaviors_side_by_side(store):
    newest = 0
    for behavior, batch in store.batches:
        if behavior == "visited":
            middle = int(np.median(batch["time"].to_numpy()))
            assert newest - middle < 90 * 86_400
        newest = max(newest, int(batch["time"].to_numpy().max()))


def test_activity_is_heavy_tailed(store):
    visits = np.bincount(contacts_of(store.events["visited"]), minlength=store.spec.contacts)
    ordered = np.sort(visits)[::-1]
    assert (visits == 0).mean() > 0.4
    assert ordered[: len(ordered) // 10].sum() > 0.45 * ordered.sum()


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("email_sent", "email_opened"),
        ("email_opened", "email_clicked"),
        ("sms_sent", "sms_clicked"),
        ("coupon_received", "coupon_clicked"),
    ],
)
def test_nobody_acts_on_a_message_before_getting_it(store, earlier, later):
    first, second = funnel(store.events[earlier]), funnel(store.events[later])
    assert len(first) == len(store.events[earlier])
    assert 0 < len(second) < len(first)
    assert all(time > first[key] for key, time in second.items())


def test_consent_events_explain_the_subscription_status(store):
    for key in ("email", "sms"):
        statuses = store.contacts[f"{key}_status"].to_pylist()
        left = funnel_contacts(store.events[f"{key}_unsubscribed"])
        joined = funnel_contacts(store.events[f"{key}_subscribed"])
        assert {statuses[contact] for contact in left} == {"unsubscribed"}
        assert {statuses[contact] for contact in joined} == {"subscribed", "unsubscribed"}


def funnel_contacts(table: pa.Table) -> set[int]:
    return set(contacts_of(table).tolist())


def test_nobody_gets_mail_after_unsubscribing(store):
    gone = dict(
        zip(*store.events["email_unsubscribed"].select([0, 1]).to_pydict().values(), strict=True)
    )
    sent = store.events["email_sent"].select([0, 1]).to_pydict().values()
    assert all(time < gone.get(contact, 2**62) for contact, time in zip(*sent, strict=True))


def test_cancelled_and_refunded_orders_are_orders_of_that_contact(store):
    orders = {row["order_id"]: row for row in store.events["order_placed"].to_pylist()}
    assert len(orders) == len(store.events["order_placed"])
    taken_back = [
        row
        for behavior in ("order_cancelled", "order_refunded")
        for row in store.events[behavior].to_pylist()
    ]
    assert len({row["order_id"] for row in taken_back}) == len(taken_back)
    for row in taken_back:
        order = orders[row["order_id"]]
        assert row["contact_id"] == order["contact_id"]
        assert row["time"] > order["time"]
        assert row["product_ids"] == order["product_ids"]
        assert 0 < row["value"] <= order["value"]


def test_orders_peak_before_christmas_and_at_weekends():
    spec = StoreSpec(contacts=100_000, events_per_contact=5.0)
    parts = [batch["time"] for name, batch in event_batches(spec) if name == "order_placed"]
    days = np.concatenate([part.to_numpy() for part in parts]) // 86_400
    months = days.astype("M8[D]").astype("M8[M]").astype(np.int64) % 12
    by_month = np.bincount(months, minlength=12)
    assert by_month[10:].min() > 1.2 * by_month[1:10].max()
    by_weekday = np.bincount((days + 3) % 7, minlength=7)
    assert by_weekday[5:].min() > by_weekday[:5].max()


def test_products_are_zipf_like_and_keep_their_category(store):
    views = store.events["product_viewed"].to_pydict()
    counts = [count for _, count in Counter(views["product_id"]).most_common()]
    assert counts[0] > 10 * counts[len(counts) // 4]
    pairs = set(zip(views["product_id"], views["category"], strict=True))
    for row in store.events["order_placed"].to_pylist():
        pairs |= set(zip(row["product_ids"], row["categories"], strict=True))
    assert len(pairs) == len({product for product, _ in pairs})


def test_order_values_are_skewed_and_in_whole_cents(store):
    values = store.events["order_placed"]["value"].to_numpy()
    assert (np.round(values, 2) == values).all()
    assert values.mean() > 1.15 * np.median(values) > 0
