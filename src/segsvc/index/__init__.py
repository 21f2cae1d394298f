"""The index of one store: every contact's attributes and events, ready to be asked.

`StoreIndex` is written to, `IndexView` is what conditions read, `EventOverlay` remembers the
event ids of a turn that is not applied yet.
"""

from segsvc.index.array import BytesSection, ChunkedArray
from segsvc.index.events import EventOverlay
from segsvc.index.ranges import RangeShape
from segsvc.index.store import IndexStats, StoreIndex
from segsvc.index.touched import Touched
from segsvc.index.view import IndexView
from segsvc.index.write_log import WriteLog

__all__ = [
    "BytesSection",
    "ChunkedArray",
    "EventOverlay",
    "IndexStats",
    "IndexView",
    "RangeShape",
    "StoreIndex",
    "Touched",
    "WriteLog",
]
