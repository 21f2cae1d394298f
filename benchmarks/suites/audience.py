"""How long do fourteen questions about an audience take, and how long would a peer take?

In one process on one thread, from the decoded condition to the number. Isolated from the wire: see
count_rpc for that.
"""

from __future__ import annotations

from benchmarks.questions.audience import AUDIENCE
from benchmarks.suites.asked import Case


def cases() -> list[Case]:
    """Return the cases for `asked.ask_everybody`."""
    return [Case("audience", held.key, held.asks) for held in AUDIENCE]
