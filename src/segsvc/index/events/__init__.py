"""Events: one log of columns per behavior, and which event ids were applied lately."""

from segsvc.index.events.event_ids import EventIds
from segsvc.index.events.log import EventLog
from segsvc.index.events.overlay import EventOverlay

__all__ = ["EventIds", "EventLog", "EventOverlay"]
