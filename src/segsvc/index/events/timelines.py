"""Timelines of one log: event times and instant properties, kept up with the rows on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segsvc.domain.columns import Int64
from segsvc.index.timeline import Timeline

if TYPE_CHECKING:
    from segsvc.index.events.log import EventLog

EVENT_TIME = ""
"""Stands for the time of the events themselves among names of properties."""


class EventTimelines:
    """Caches by property name, made when first asked for."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._held: dict[str, tuple[Timeline, int]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(timeline.nbytes for timeline, _ in self._held.values())

    def of(self, name: str) -> Timeline:
        """Return the timeline of an instant property, or of `EVENT_TIME`, up to the last row."""
        timeline, known = self._held.get(name) or (Timeline(), 0)
        if known < len(self._log):
            self._add(name, timeline, np.arange(known, len(self._log)))
        self._held[name] = (timeline, len(self._log))
        return timeline

    def moved(self, rows: Int64) -> None:
        """Take in *rows* again, whose owner is another one now."""
        for name, (timeline, _) in self._held.items():
            self._add(name, timeline, rows)

    def _add(self, name: str, timeline: Timeline, rows: Int64) -> None:
        owners = self._log.owners(rows)
        if name == EVENT_TIME:
            timeline.add(self._log.times(rows), owners)
        else:
            instants, present = self._log.numbers(name, rows)
            timeline.add(instants[present], owners[present])
