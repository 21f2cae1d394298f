"""What the update of a segment would do: to its members, to dependants, to triggers and quotas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from segsvc.automation.trigger import Trigger
from segsvc.bitmap import Bitmap
from segsvc.condition.tree import Condition
from segsvc.engine.reach import Channel, Size
from segsvc.engine.read import Reading

_NOBODY = Size(0, 0, 0)


@dataclass(frozen=True, slots=True)
class TriggerForecast:
    """How many would enter through one trigger, by `TriggerOnUpdate`."""

    trigger: Trigger
    entering: Size = _NOBODY
    all_members: Size = _NOBODY


@dataclass(frozen=True, slots=True)
class ChannelForecast:
    """Messages over one channel, one for each entry; *remaining* is None without a quota."""

    channel: str
    entering: int
    all_members: int
    remaining: int | None

    def shortfall(self, messages: int) -> int:
        """Return by how many *messages* go over what is left."""
        return 0 if self.remaining is None else max(messages - self.remaining, 0)

    @property
    def warning(self) -> str:
        """The shortfall in words; empty when there is none."""
        choices = (("ENTERING", self.entering), ("ALL_MEMBERS", self.all_members))
        parts = [
            f"{name} makes {messages:,} messages, {self.shortfall(messages):,} too many"
            for name, messages in choices
            if self.shortfall(messages)
        ]
        if not parts:
            return ""
        return (
            f"{self.channel.upper()}: {'; '.join(parts)}: {self.remaining:,} are left of the quota"
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an update would do.

    Attributes:
        before, after: sizes of the segment.
        changes: (entering, leaving) by segment: the updated one first, then its dependants that
            change.
        triggers: the last updated first.
        channels: e-mail and SMS.
    """

    before: Size
    after: Size
    changes: dict[str, tuple[Bitmap, Bitmap]]
    triggers: Sequence[TriggerForecast]
    channels: Sequence[ChannelForecast]


def forecast(reading: Reading, segment_id: str, condition: Condition) -> Forecast:
    """Return what happens when a segment gets another, checked *condition* now."""
    state, reach = reading.state, reading.reach()
    members = reading.members(condition)
    changes = state.memberships.imagine(segment_id, members)

    def of(trigger: Trigger) -> TriggerForecast:
        if not trigger.is_active:
            return TriggerForecast(trigger)
        history = state.triggers.flow(trigger.id).history
        entering = changes[trigger.segment_id][0]
        everybody = members if trigger.segment_id == segment_id else entering
        sizes = (
            reach.size(history.admitted(held, trigger.policy, reading.as_of))
            for held in (entering, everybody)
        )
        return TriggerForecast(trigger, *sizes)

    triggers = [of(trigger) for trigger in state.triggers.listening_to(changes)]
    return Forecast(
        reach.size(state.memberships.members(segment_id)),
        reach.size(members),
        changes,
        triggers,
        _channels(triggers, reading),
    )


def _channels(triggers: Sequence[TriggerForecast], reading: Reading) -> list[ChannelForecast]:
    return [
        ChannelForecast(
            channel,
            sum(messages(held.entering) for held in triggers),
            sum(messages(held.all_members) for held in triggers),
            _remaining(reading, channel),
        )
        for channel, messages in _MESSAGES
    ]


_MESSAGES: tuple[tuple[str, Callable[[Size], int]], ...] = (
    (Channel.EMAIL, lambda size: size.email),
    (Channel.SMS, lambda size: size.sms),
)


def _remaining(reading: Reading, channel: str) -> int | None:
    quota = reading.state.quotas.get(channel)
    return None if quota is None else quota.remaining_at(reading.state.calendar, reading.as_of)
