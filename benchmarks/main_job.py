"""The main job through gRPC: import, count, recover. Run by ``make bench``.

Prints what it saw; every count is also given as a ratio to a call that does nothing (GetStore),
made in turn with it, because machines differ and are shared.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from segsvc.client import (
    Client,
    Deed,
    Store,
    days,
    has_done,
    has_not_done,
    number,
    text,
)
from segsvc.demo.generate import StoreSpec, contact_batches, event_batches
from segsvc.tour.child import served


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--events", type=float, default=10.0, help="mean for each contact")
    parser.add_argument("--rounds", type=int, default=200)
    given = parser.parse_args()
    spec = StoreSpec(contacts=given.contacts, events_per_contact=given.events)
    start = datetime.fromtimestamp(spec.end, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        flags = ("--database", url, "--clock", "replay", "--replay-start", start)
        with served(*flags) as target, Client(target, timeout=600) as client:
            client.create_store("bench")
            shop = client.store("bench")
            load(shop, spec)
            count(shop, given.rounds)
            begun = time.perf_counter()
            made = shop.create_snapshot()
            took = time.perf_counter() - begun
            print(
                f"snapshot    {made.written_bytes / 1e6:,.0f} MB in {took:.1f} s, "
                f"writes held {made.held_milliseconds:.1f} ms"
            )
        begun = time.perf_counter()
        with served(*flags) as target, Client(target, timeout=600) as client:
            took = time.perf_counter() - begun
            for held in client.server_info().recoveries:
                print(f"recovery    start to ready {took:.1f} s: {str(held).strip()!r}")
            contacts = client.store("bench").stats().contact_count
            assert contacts == given.contacts


def load(shop: Store, spec: StoreSpec) -> None:
    """Import everything from memory, so that only the service and the client are measured."""
    held = list(contact_batches(spec))
    begun = time.perf_counter()
    rows = shop.import_contacts(held).accepted
    took = time.perf_counter() - begun
    columns = held[0].num_columns
    print(f"contacts    {rows:,} x {columns} columns in {took:.1f} s: {rows / took:,.0f} rows/s")
    rows, spent = 0, 0.0
    for behavior, batch in event_batches(spec):
        begun = time.perf_counter()
        done = shop.import_events(behavior, batch, skip_event_id_check=True)
        spent += time.perf_counter() - begun
        rows += done.accepted
    print(
        f"events      {rows:,} in {spent:.1f} s: {rows / spent:,.0f} rows/s "
        "(each batch a stream of its own)"
    )


def count(shop: Store, rounds: int) -> None:
    """Count fresh five-leaf conditions, in turn with a call that does nothing."""
    countries = ("DE", "FR", "GB", "US", "ES", "IT", "NL", "PL")
    nothing, counted = [], []
    for turn in range(rounds):
        condition = (
            text("country").is_(countries[turn % len(countries)])
            & has_done("order_placed").in_the_last(days(30 + turn))
            & text("email_status").is_("subscribed")
            & (has_done("order_placed").count >= 1 + turn % 3)
            & ~has_done("email_opened").in_the_last(days(1 + turn % 29))
        )
        begun = time.perf_counter()
        shop.get()
        nothing.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        shop.count(condition)
        counted.append(time.perf_counter() - begun)
    idle, busy = statistics.median(nothing) * 1e3, statistics.median(counted) * 1e3
    print(
        f"count       five leaves, never repeated: p50 {busy:.2f} ms, "
        f"p99 {statistics.quantiles(counted, n=100)[98] * 1e3:.2f} ms; no-op p50 {idle:.2f} ms; "
        f"ratio {busy / idle:.1f}"
    )
    rare = (
        has_not_done("email_opened").in_the_last(days(90))
        & (has_done("order_placed").sum("value") > 200)
        & number_of_orders(365)
    )
    begun = time.perf_counter()
    shop.count(rare)
    took = (time.perf_counter() - begun) * 1e3
    print(f"count       with a sum and a count over a year: {took:.1f} ms")


def number_of_orders(window: int) -> Deed:
    """At least three dear orders in the last *window* days."""
    orders = has_done("order_placed").in_the_last(days(window))
    return orders.where(number("value") > 20).count >= 3


if __name__ == "__main__":
    main()
