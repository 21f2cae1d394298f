"""What does one leaf cost: of each kind, cold and again, and at selectivities of 0.01 to 50%?

In one process on one thread. A range is asked so that it holds the share it should: its bounds are
quantiles of the registration time, which is dense, and of behaviors' windows.
"""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq

from benchmarks.questions.leaves import KINDS, SELECTIVITIES
from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files
from benchmarks.suites.asked import Case

_VARIANTS = 4


def kind_cases() -> list[Case]:
    """Return one case per kind of leaf."""
    return [Case("leaf", held.key, held.asks) for held in KINDS]


def selectivity_cases(files: Files, at: int) -> list[Case]:
    """Return instant ranges and behavior windows that hold a given share of the contacts."""
    registered = pq.read_table(files.contacts, columns=["registered_at"])["registered_at"]
    viewed = pq.read_table(files.events("product_viewed"), columns=["contact", "time"])
    contact, time = (viewed.column(name).to_numpy() for name in ("contact", "time"))
    latest = np.zeros(len(registered), np.int64)
    np.maximum.at(latest, contact, time)
    cases = []
    for kind, values, text in (
        ("range of instants", registered.to_numpy(), "registered_at in the last {} hours"),
        ("window of a behavior", latest, "has done product_viewed in the last {} hours"),
    ):
        ordered = np.sort(values)
        for percent in SELECTIVITIES:
            rank = len(ordered) - max(int(len(ordered) * percent / 100), 1)
            hours = max((at - int(ordered[rank])) // 3_600, 1)
            if ordered[rank] == 0:
                continue
            asks = [Ask(kind, text.format(hours + step)) for step in range(_VARIANTS)]
            cases.append(Case("leaf", kind, asks, {"percent": percent}))
    return cases
