"""A store that was kept under other rules: memberships are checked again, once, as a revision.

The record does not hold what changed; a replay finds the same. What subscribers were told may
differ from what a replay under these rules tells when records are replayed that were accepted
under others, because their deltas were sent and no snapshot stored them: the server was killed, or
did not get to its last snapshot. Then the watch generation grows with the record, and older resume
tokens are refused. After a clean stop the stored deltas are those that were sent, nothing is
replayed, and every token goes on.
"""

from __future__ import annotations

from segsvc.domain.ids import Revision
from segsvc.domain.record import JournalRecord, RecordHeader, RecordKind
from segsvc.engine.recover import Recovered
from segsvc.engine.rules import WATCH_GENERATION
from segsvc.engine.state import StoreState


def rules_record(state: StoreState, recovered: Recovered, rules: str) -> JournalRecord | None:
    """Return the record with which a recovered store goes on under *rules*; None: none is due."""
    if state.rules == rules:
        return None
    told_otherwise = bool(recovered.replayed_rules - {rules})
    generation = state.watch_generation + told_otherwise
    header = RecordHeader(rules=rules, facts={WATCH_GENERATION: generation})
    revision = Revision(state.revision + 1)
    return JournalRecord(state.store_id, revision, state.at, RecordKind.RULES, header)
