"""A seeded generator of a believable store: contacts, lifecycle labels, events.

>>> spec = StoreSpec(contacts=1_000)
>>> next(contact_batches(spec)).column("contact_id")[42].as_py()
'c0000042'

**Scheme.** Contacts are numbered in the order of their registration, so "registered before t"
is a prefix of them. The few traits that events depend on (21 bytes for each contact) are drawn
once and kept; attributes are drawn again from the same seeds, 50,000 contacts at a time. The
history is cut at whole hours into slices of about 400,000 events (for a small store, of a month
or so). A slice draws its visits (a
time from the shop's rhythm, then a visitor by weight among those registered by then), the
messages sent in it and the consents given or withdrawn in it, from seeds of its own. What
arrives after the slice (late events, refunds weeks later, letters opened next day) waits in a
pool of a few per cent of the events, and leaves in the slice of its arrival.

**Order.** Slices follow one another; within a slice, behaviors follow one another, each in the
order of arrival. So two batches overlap by one slice at most, and an event older than that is
a late one.

**Memory.** The traits, one slice and the pool: about 0.4 GB at 10,000,000 contacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segsvc.demo.catalogue import Catalogue
from segsvc.demo.consent import Consents
from segsvc.demo.delivery import Delivery
from segsvc.demo.draws import Array, Stream, generator
from segsvc.demo.flow import Numbers, Renderer
from segsvc.demo.people import Population
from segsvc.demo.profiles import contact_batches, lifecycle_batch
from segsvc.demo.rhythm import Rhythm, hour_starts
from segsvc.demo.sessions import EVENTS_PER_SESSION, Shop
from segsvc.demo.spec import StoreSpec
from segsvc.demo.waves import COUPON, NEWSLETTER, TEXT_MESSAGE, Waves
from segsvc.domain.columns import Int64

__all__ = ["StoreSpec", "contact_batches", "event_batches", "lifecycle_batch"]

SLICE_EVENTS = 400_000
_MAX_SLICE_DAYS = 30
_NUMBERS_PER_SLICE = 10_000_000


def event_batches(spec: StoreSpec, rows: int = 100_000) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the behavior and at most *rows* of its events, roughly in the order of arrival.

    Columns are ``contact_id``, ``time`` (UTC seconds), ``event_id`` and the behavior's properties
    in the standard schema, null where not set. No event is before its contact's registration or
    after ``spec.end``. *rows* changes how events are cut, never what they are.
    """
    history = _History.of(spec)
    delivery = Delivery(spec)
    for part in range(len(history.edges) - 1):
        history.happen(part, delivery)
        last = part == len(history.edges) - 2
        before = 2**62 if last else int(history.edges[part + 1])
        for behavior, held in delivery.arrived(before):
            for start in range(0, len(held["time"]), rows):
                cut = {name: values[start : start + rows] for name, values in held.items()}
                yield behavior, history.renderer.batch(behavior, cut)


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    """All that happens in a store, slice by slice."""

    spec: StoreSpec
    shop: Shop
    waves: tuple[Waves, ...]
    consents: tuple[Consents, ...]
    sessions: float
    edges: Int64
    places: Array
    renderer: Renderer

    @classmethod
    def of(cls, spec: StoreSpec) -> _History:
        population = Population.of(spec)
        news, texts, coupons = (
            Waves.of(spec, population, channel) for channel in (NEWSLETTER, TEXT_MESSAGE, COUPON)
        )
        consents = (
            Consents.of("email", population, news),
            Consents.of("sms", population, texts),
        )
        total = spec.contacts * spec.events_per_contact
        planned = sum(waves.expected_events for waves in (news, texts, coupons))
        planned += sum(consent.count(spec.start, spec.end) for consent in consents)
        rhythm = _visits(spec, population)
        least = -(-spec.days // _MAX_SLICE_DAYS)
        edges, places = rhythm.edges(max(least, round(total / SLICE_EVENTS)))
        catalogue = Catalogue.of(spec.seed)
        return cls(
            spec=spec,
            shop=Shop(spec.end, population, rhythm, catalogue, coupons),
            waves=(news, texts, coupons),
            consents=consents,
            sessions=max(total / (1 + spec.repeated) - planned, 0.0) / EVENTS_PER_SESSION,
            edges=edges,
            places=places,
            renderer=Renderer(catalogue, _campaigns(news, texts), coupons.names()),
        )

    def happen(self, part: int, delivery: Delivery) -> None:
        """Draw the events of slice *part* and hand them to *delivery*."""
        spec, first = self.spec, part * _NUMBERS_PER_SLICE
        rng = generator(spec.seed, Stream.SLICE, part)
        numbers = Numbers(first, first + _NUMBERS_PER_SLICE)
        start, end = int(self.edges[part]), int(self.edges[part + 1])
        low, high = float(self.places[part]), float(self.places[part + 1])
        visits = int(high * self.sessions) - int(low * self.sessions)
        delivery.accept(rng, self.shop.sessions(rng, numbers, visits, low, high))
        for waves in self.waves:
            for wave in range(*np.searchsorted(waves.times, [start, end]).tolist()):
                flows = waves.messages(spec, self.shop.population, numbers, wave)
                delivery.accept(rng, flows)
        for consent in self.consents:
            delivery.accept(rng, consent.events(numbers, start, end))


def _visits(spec: StoreSpec, population: Population) -> Rhythm:
    known = population.registered_before(hour_starts(spec.start, spec.end))
    return Rhythm.between(spec.start, spec.end, 1 + known * 1_000 // spec.contacts)


def _campaigns(news: Waves, texts: Waves) -> dict[str, pa.Array]:
    mail = ("email_sent", "email_opened", "email_clicked", "email_unsubscribed")
    text = ("sms_sent", "sms_clicked", "sms_unsubscribed")
    return {**dict.fromkeys(mail, news.names()), **dict.fromkeys(text, texts.names())}
