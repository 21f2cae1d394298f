"""How many messages a store may send over each channel: told from outside, renewed by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from segsvc.domain.calendar import DISTANT_PAST, CalendarPeriod, LocalCalendar
from segsvc.domain.errors import InvalidArgument


class QuotaPeriod(StrEnum):
    """When a quota renews."""

    MONTH = "month"
    DAY = "day"
    NONE = "none"

    def bounds(self, calendar: LocalCalendar, at: int) -> tuple[int, int | None]:
        """Return the first instant of the period that holds *at*, and of the next one."""
        if self is QuotaPeriod.NONE:
            return DISTANT_PAST, None
        return calendar.period(_CALENDAR_PERIODS[self], at)


_CALENDAR_PERIODS = {
    QuotaPeriod.MONTH: CalendarPeriod.THIS_MONTH,
    QuotaPeriod.DAY: CalendarPeriod.TODAY,
}


@dataclass(frozen=True, slots=True)
class SetQuota:
    """Change what is not None of a channel's quota, or remove it."""

    channel: str
    limit: int | None = None
    used: int | None = None
    period: QuotaPeriod | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """What was last told of one channel; *used* counts in the period that holds *updated_at*."""

    channel: str
    limit: int
    used: int
    period: QuotaPeriod
    updated_at: int

    def used_at(self, calendar: LocalCalendar, at: int) -> int:
        """Return what is used of it at *at*."""
        started, _ = self.period.bounds(calendar, at)
        return self.used if self.updated_at >= started else 0

    def remaining_at(self, calendar: LocalCalendar, at: int) -> int:
        """Return what is left of it at *at*."""
        return max(self.limit - self.used_at(calendar, at), 0)


class Quotas:
    """The quotas of one store, by channel."""

    def __init__(self) -> None:
        self._held: dict[str, Quota] = {}

    def __iter__(self) -> Iterator[Quota]:
        return (self._held[channel] for channel in sorted(self._held))

    def get(self, channel: str) -> Quota | None:
        """Return the quota of a channel, if it has one."""
        return self._held.get(channel)

    def check(self, write: SetQuota) -> None:
        """Raise `InvalidArgument` when a new quota would lack its limit."""
        if write.limit is None and not write.remove and write.channel not in self._held:
            raise InvalidArgument.of("limit", "is required: the channel has no quota yet")

    def apply(self, write: SetQuota, calendar: LocalCalendar, at: int) -> Quota | None:
        """Apply an accepted write; return the quota as it is now."""
        if write.remove:
            self._held.pop(write.channel, None)
            return None
        held = self._held.get(write.channel) or Quota(write.channel, 0, 0, QuotaPeriod.MONTH, at)
        self._held[write.channel] = replace(
            held,
            limit=held.limit if write.limit is None else write.limit,
            used=held.used_at(calendar, at) if write.used is None else write.used,
            period=write.period or held.period,
            updated_at=at,
        )
        return self._held[write.channel]

    def facts(self) -> list[dict[str, Any]]:
        """Return everything as JSON-able facts."""
        return [asdict(held) for held in self]

    @classmethod
    def load(cls, facts: list[dict[str, Any]]) -> Quotas:
        """Undo `facts`."""
        loaded = cls()
        for held in facts:
            loaded._held[held["channel"]] = quota_from(held)
        return loaded


def quota_from(facts: dict[str, Any]) -> Quota:
    """Return the quota that `asdict` took apart."""
    return Quota(**{**facts, "period": QuotaPeriod(facts["period"])})
