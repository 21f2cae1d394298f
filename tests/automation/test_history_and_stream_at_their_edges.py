"""Merges in chains and of repeats, and ages to the second: what a draw seldom hits."""

from __future__ import annotations

import numpy as np
import pytest

from segsvc.automation.entries import KEPT_SECONDS, NOBODY, EntryKind, EntryLog
from segsvc.automation.history import EntryHistory
from segsvc.automation.trigger import DAY_SECONDS, Policy, Reentry
from segsvc.bitmap import Bitmap

NOW = 1_700_000_000
DAILY = Policy(Reentry.COOLDOWN, 1)


def history(**entered: int) -> EntryHistory:
    """Make a history of contacts c1, c2 ... by when they last entered."""
    made = EntryHistory("t")
    for name, at in sorted(entered.items(), key=lambda held: held[1]):
        made.record(Bitmap([int(name[1:])]), at)
    return made


@pytest.mark.parametrize("merges", [[(1, 2)], [(2, 1)], [(1, 3), (2, 3)], [(2, 3), (1, 3)]])
def test_the_latest_entry_of_merged_contacts_counts(merges: list[tuple[int, int]]) -> None:
    held = history(c1=NOW, c2=NOW + 10)
    held.unite(merges)
    person = Bitmap([merges[-1][1]])
    assert not held.admitted(person, DAILY, NOW + 9 + DAY_SECONDS)
    assert held.admitted(person, DAILY, NOW + 10 + DAY_SECONDS) == person
    gone = Bitmap([1, 2]) - person
    assert held.admitted(gone, Policy(), NOW) == gone


def log(*ordinals: int) -> EntryLog:
    made = EntryLog()
    made.append(np.array(ordinals, np.uint32), 1, NOW, EntryKind.DATA)
    return made


def ordinals(entries: EntryLog) -> list[int | None]:
    run = entries.after(0, 100)
    assert run is not None
    return [None if held == NOBODY else held for held in run.ordinals.tolist()]


@pytest.mark.parametrize(
    ("merges", "expected"),
    [
        ([(1, 9)], [9, 2, 9]),
        ([(1, 2)], [None, 2, None]),
        ([(1, 9), (9, 8)], [8, 2, 8]),
        ([(1, 9), (2, 9)], [9, None, 9]),
        ([(2, 9), (1, 9)], [None, 9, None]),
        ([(1, 2), (2, 9)], [None, 9, None]),
        ([(7, 8)], [1, 2, 1]),
    ],
)
def test_entries_of_merged_contacts(
    merges: list[tuple[int, int]], expected: list[int | None]
) -> None:
    entries = log(1, 2, 1)
    entries.unite(merges)
    assert ordinals(entries) == expected


def test_entries_expire_after_thirty_days_when_newer_ones_come() -> None:
    entries = log(1, 2)
    one = np.array([3], np.uint32)
    entries.append(one, 2, NOW + KEPT_SECONDS - 1, EntryKind.DATA)
    assert (len(entries), entries.expired) == (3, 0)
    entries.append(one, 3, NOW + KEPT_SECONDS, EntryKind.DATA)
    assert (len(entries), entries.expired, entries.last) == (2, 2, 4)
    assert entries.oldest_at == NOW + KEPT_SECONDS - 1


def test_acknowledging_inside_a_run_keeps_its_rest() -> None:
    entries = log(1, 2, 3)
    entries.acknowledge(2)
    run = entries.after(0, 100)
    assert run is not None
    assert (run.first, run.ordinals.tolist(), run.revision) == (3, [3], 1)
    entries.acknowledge(3)
    assert entries.after(0, 100) is None
    assert entries.oldest_at is None
