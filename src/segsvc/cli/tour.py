"""The tour: a real server as a child process, a generated store, and the questions it answers."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segsvc.cli.questions import show_contact
from segsvc.client import (
    Client,
    Store,
    boolean,
    days,
    has_done,
    has_not_done,
    hours,
    in_segment,
    net_spend,
    number,
    text,
)
from segsvc.demo.generate import StoreSpec, contact_batches, event_batches
from segsvc.server.child import served

STORE = "demo"
_out = Console()


def tour(contacts: int, seed: int, folder: Path) -> None:
    """Generate a store of *contacts* in *folder*, served by a real server, and show it."""
    spec = StoreSpec(contacts=contacts, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / f"{contacts}-{seed}.db"
    for old in folder.glob(f"{database.name}*"):
        old.unlink()
    start = datetime.fromtimestamp(spec.end, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    flags = ("--database", f"sqlite:///{database}", "--clock", "replay", "--replay-start", start)
    with served(*flags) as target, Client(target) as client:
        _out.print(f"A server on {target}, its clock at {start} UTC, its data in {database}\n")
        client.create_store(STORE, time_zone="Europe/Berlin")
        shop = client.store(STORE)
        _fill(shop, spec)
        _save(shop)
        _count(shop)
        _explain(shop)
        _resolve(shop)
        shop.create_snapshot()
    _out.print("\n[bold]Keep a server running on this store:[/]")
    _print(f"  segsvc serve {' '.join(flags)}")
    _out.print("and ask it, from another terminal:")
    _print("""  segsvc count 'country is "DE" and has done order_placed in the last 30 days'""")
    _print("  segsvc explain --segment regulars")
    _print("  segsvc resolve --include regulars --exclude lapsed --channel email | head")


def _print(line: str) -> None:
    _out.print(line, markup=False, highlight=False, soft_wrap=True)


def _fill(shop: Store, spec: StoreSpec) -> None:
    begun = time.perf_counter()
    made = shop.import_contacts(contact_batches(spec))
    took = time.perf_counter() - begun
    _out.print(f"{made.accepted:,} contacts in {took:.1f} s, generating them included")
    begun, events = time.perf_counter(), 0
    for behavior, batch in event_batches(spec):
        events += shop.import_events(behavior, batch).accepted
    took = time.perf_counter() - begun
    _out.print(f"{events:,} events in {took:.1f} s, generating them included\n")


def _save(shop: Store) -> None:
    reachable = text("email_status").is_("subscribed") & ~boolean("email_invalid").is_true()
    shop.create_segment("Reachable by e-mail", reachable, segment_id="reachable")
    regulars = has_done("order_placed").in_the_last(days(365)).count >= 3
    shop.create_segment("Regular customers", regulars, segment_id="regulars")
    lapsed = has_done("order_placed") & has_not_done("order_placed").in_the_last(days(180))
    shop.create_segment("Lapsed buyers", lapsed, segment_id="lapsed")
    high = net_spend().in_the_last(days(365)).total > 500
    shop.create_segment(
        "High spenders, reachable", high & in_segment("reachable"), segment_id="high"
    )
    cart = has_done("cart_updated").in_the_last(hours(72))
    dear = cart.where(number("value") >= 20)
    no_order = has_not_done("order_placed").in_the_last(hours(72))
    shop.create_segment("Cart without order", dear & no_order, segment_id="cart")
    shop.create_from_suggestion("high_value_customers", segment_id="top")


def _count(shop: Store) -> None:
    table = Table("segment", "contacts", "by e-mail", "by SMS", "condition")
    table.title, table.title_justify = "Segments, exact at this moment", "left"
    for column in table.columns[1:4]:
        column.justify = "right"
    for held in shop.list_segments(order_by="name"):
        size = held.size
        counts = (size.contact_count, size.email_reachable_count, size.sms_reachable_count)
        row = (f"{count:,}" for count in counts)
        table.add_row(held.name, *row, Text(held.condition_text))
    _out.print(table)


def _explain(shop: Store) -> None:
    orders = has_done("order_placed").in_the_last(days(180))
    condition = text("country").any_of("DE", "FR", "GB", "US") & (orders.count >= 2)
    explained = shop.explain(condition)
    took = sum(step.microseconds for step in explained.plan)
    _out.print(
        f"\n{explained.contact_count:,} of {explained.universe_count:,} match, "
        f"evaluated in {took:,.0f} µs:"
    )
    _print(f"  {explained.condition_text}")
    for contact_id in islice(shop.member_ids(condition), 1):
        show_contact(shop.explain_contact(contact_id, condition))


def _resolve(shop: Store) -> None:
    found = shop.resolve(["regulars", "high"], ["cart"], channel="email")
    header, unreachable = found.header, found.header.unreachable
    recipients = list(found.contact_ids())
    _out.print(
        f"\nA campaign to regular customers and high spenders without an open cart, by e-mail: "
        f"[bold]{header.recipient_count:,}[/] recipients at revision {header.revision}, "
        f"{header.included_count:,} included, {header.excluded_count:,} excluded, "
        f"{unreachable.no_address:,} without address, {unreachable.invalid_address:,} with an "
        f"invalid one, {unreachable.not_subscribed:,} not subscribed"
    )
    assert len(recipients) == len(set(recipients)) == header.recipient_count
    _out.print(f"The first: {', '.join(recipients[:5])}")
