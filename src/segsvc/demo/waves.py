"""Messages to many contacts at once: who gets them, who opens them, who clicks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segsvc.demo.catalogue import LANDING_TABLE
from segsvc.demo.draws import Array, Stream, chance, draw, generator, lognormal
from segsvc.demo.flow import Columns, Flows, Numbers, select
from segsvc.demo.people import Population
from segsvc.demo.spec import DAY, StoreSpec
from segsvc.domain.columns import Int64, UInt32

_LEVELS = np.arange(256) / 255.0
"""Engagement as a share."""

_RECEPTIVE = 0.15 + 0.85 * _LEVELS
"""Share of an audience that senders keep, by engagement: they mail the keen ones more."""

_SAMPLE = 50_000
_SPREAD = 2 * 3_600
_SEASONAL = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2], np.float64)
_COUPON_VALUES = np.array([500, 1_000, 1_500, 2_000], np.int64)

_UNTIL_OPENED = lognormal(2.5 * 3_600, 1.4, 20, 6 * DAY)
_UNTIL_CLICKED = lognormal(40, 1.0, 3, 3_600)


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One kind of message: the behaviors of its funnel, and how it is scheduled."""

    key: str
    sent: str
    opened: str | None
    clicked: str
    every_days: int
    weekday: int
    """Days after Monday of the first message of a round."""
    hour: int
    share: float
    """Share of all events of a store that its funnel takes."""
    open_rate: Array
    click_rate: Array
    """By engagement; of the opened ones, or of the sent ones where opening is not seen."""

    def events_per_message(self) -> Array:
        """Return the expected events of one message, by engagement."""
        per_message: Array = 1 + self.click_rate
        if self.opened is not None:
            per_message = 1 + self.open_rate * per_message
        return per_message


NEWSLETTER = Channel(
    "news", "email_sent", "email_opened", "email_clicked", 3, 1, 9, 0.36,
    0.04 + 0.86 * _LEVELS, 0.04 + 0.26 * _LEVELS,
)  # fmt: skip
TEXT_MESSAGE = Channel(
    "sms", "sms_sent", None, "sms_clicked", 14, 4, 16, 0.06, _LEVELS, 0.01 + 0.3 * _LEVELS
)
COUPON = Channel(
    "save", "coupon_received", None, "coupon_clicked", 21, 3, 7, 0.04, _LEVELS,
    0.02 + 0.4 * _LEVELS,
)  # fmt: skip
CHANNELS = (NEWSLETTER, TEXT_MESSAGE, COUPON)


@dataclass(frozen=True, slots=True, eq=False)
class Waves:
    """All messages of one channel to the contacts of a store, in the order of their times."""

    channel: Channel
    times: Int64
    shares: Array
    """Share of the contacts registered by then that each is offered to."""
    expected_events: float
    until: UInt32
    """When each contact leaves the channel."""

    @classmethod
    def of(cls, spec: StoreSpec, population: Population, channel: Channel) -> Waves:
        """Plan the messages so that their funnels come to the channel's share of events."""
        until = population.sms_until if channel is TEXT_MESSAGE else population.mail_until
        first_day = spec.start // DAY + 1
        first_day += (channel.weekday - (first_day + 3)) % 7
        times = np.arange(first_day, spec.end // DAY + 1, channel.every_days, dtype=np.int64)
        times = times * DAY + channel.hour * 3_600
        times = times[times + _SPREAD <= spec.end]
        known = population.registered_before(times)
        moments = zip(times.tolist(), known.tolist(), strict=True)
        per_contact = np.array([_reach(channel, population, until, *at) for at in moments]).reshape(
            -1
        )
        months = times.astype("M8[s]").astype("M8[M]").astype(np.int64) % 12
        wanted = known * _SEASONAL[months]
        budget = channel.share * spec.contacts * spec.events_per_contact
        wanted *= budget / max(wanted.sum(), 1.0)
        offered = np.minimum(wanted / np.maximum(known * per_contact, 1e-9), 1.0)
        events = float((offered * known * per_contact).sum())
        return cls(channel, times, offered, events, until)

    def names(self) -> pa.Array:
        """Return the name of each message, such as ``news-2025-11-28``."""
        dates = np.datetime_as_string(self.times.astype("M8[s]"), unit="D").tolist()
        return pa.array([f"{self.channel.key}-{date}" for date in dates], pa.string())

    def latest(self, times: Int64) -> Int64:
        """Return the last message at or before each of *times*, -1 where there is none."""
        return np.searchsorted(self.times, times, side="right") - 1

    def messages(
        self, spec: StoreSpec, population: Population, numbers: Numbers, wave: int
    ) -> Flows:
        """Draw one message's funnel."""
        channel, time = self.channel, int(self.times[wave])
        rng = generator(spec.seed, Stream.WAVE, wave * len(CHANNELS) + CHANNELS.index(channel))
        known = int(population.registered_before(np.array([time]))[0])
        contacts = _spaced(rng, known, float(self.shares[wave]))
        keen = population.engagement[contacts]
        contacts = contacts[chance(rng, len(contacts), _RECEPTIVE[keen])]
        moments = time + rng.integers(0, _SPREAD, len(contacts), dtype=np.int64)
        reached = {"contact": contacts, "time": moments}
        reached = select(reached, self.until[contacts] > moments)
        flows = {channel.sent: reached}
        if channel.opened is not None:
            reached = _next_step(rng, spec, population, reached, channel.open_rate, _UNTIL_OPENED)
            flows[channel.opened] = reached
        delays = _UNTIL_CLICKED if channel.opened is not None else _UNTIL_OPENED
        clicked = _next_step(rng, spec, population, reached, channel.click_rate, delays)
        flows[channel.clicked] = clicked
        for behavior, held in flows.items():
            held["number"] = numbers.take(len(held["time"]))
            self._describe(rng, behavior, held, wave)
        return flows

    def _describe(self, rng: np.random.Generator, behavior: str, held: Columns, wave: int) -> None:
        count = len(held["time"])
        code = np.full(count, wave, np.int64)
        if self.channel is COUPON:
            held["coupon"] = code
            if behavior == self.channel.sent:
                held["value"] = _COUPON_VALUES[code % len(_COUPON_VALUES)]
            return
        held["campaign"] = code
        if behavior == self.channel.clicked:
            held["url"] = draw(rng, LANDING_TABLE, count)


def _reach(channel: Channel, population: Population, until: UInt32, time: int, known: int) -> float:
    """Estimate the events of a message offered at *time*, for each of the *known* contacts."""
    sample = slice(0, known, known // _SAMPLE + 1)
    held = population.engagement[sample]
    if not len(held):
        return 0.0
    worth = _RECEPTIVE * channel.events_per_message()
    return float(np.where(until[sample] > time, worth[held], 0.0).mean())


def _spaced(rng: np.random.Generator, known: int, share: float) -> Int64:
    """Choose about *share* of the numbers below *known*, ascending, in time of the chosen."""
    if share > 0.3:
        return np.flatnonzero(chance(rng, known, share)).astype(np.int64)
    if share * known < 1e-6:
        return np.zeros(0, np.int64)
    steps = rng.random(int(known * share * 1.1) + 50) * (2 / share - 1)
    chosen = np.cumsum(steps.astype(np.int64) + 1) - 1
    return chosen[chosen < known]


def _next_step(
    rng: np.random.Generator,
    spec: StoreSpec,
    population: Population,
    held: Columns,
    rates: Array,
    delays: Int64,
) -> Columns:
    keen = rates[population.engagement[held["contact"]]]
    contacts = held["contact"][moved := chance(rng, len(keen), keen)]
    times = held["time"][moved] + draw(rng, delays, len(contacts))
    return select({"contact": contacts, "time": times}, times <= spec.end)
