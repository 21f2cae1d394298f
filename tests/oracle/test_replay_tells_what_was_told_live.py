"""A journal replayed in another process gives the same deltas, byte by byte, and memberships."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hosted import Hosted
from tests.oracle.calendar import DAY, Calendar
from tests.oracle.draws.moments import ZONES, later
from tests.oracle.history import (
    PEOPLE,
    SEGMENTS,
    fresh,
    gather,
    leaves_of,
    save,
    save_lively,
    write,
)
from tests.oracle.profiles import DEEP, QUICK
from tests.oracle.telling import Telling, as_told, replayed, telling
from tests.oracle.twin import Twin

HASH_SEEDS = (0, 1_234)
FOREVER = 10_000 * DAY


def live(host: Hosted, data: st.DataObject) -> None:
    """Let anything happen to a new store; it may be stored in between."""
    twin = fresh(host, data)
    world = twin.world
    for segment_id in SEGMENTS[:2]:
        gather(twin, data, save_lively(twin, data, segment_id))
    does: dict[str, Callable[[], object]] = {
        "write": lambda: write(twin, data),
        "gather": lambda: _gather(twin, data),
        "save": lambda: save(twin, data),
        "save lively": lambda: save_lively(twin, data, data.draw(st.sampled_from(SEGMENTS))),
        "drop": lambda: twin.drop(data.draw(st.sampled_from(sorted(world.segments)))),
        "delete": lambda: twin.delete([data.draw(st.sampled_from(PEOPLE))]),
        "move": lambda: twin.move(Calendar(data.draw(st.sampled_from(ZONES)))),
        "advance": lambda: twin.advance(data.draw(later(world, 30 * DAY))),
        "store": twin.snapshot,
    }
    for _ in range(data.draw(st.integers(6, 14))):
        chosen = data.draw(st.sampled_from(sorted(does)))
        if chosen != "drop" or world.segments:
            does[chosen]()


def told(host: Hosted) -> list[Telling]:
    """Return what all stores told, once time stands still in each."""
    stores = host.engine.stores()
    for state in stores:
        host.changes(state.store_id, state.revision)
    return [as_told(telling(host.engine.storage, state)) for state in stores]


def _gather(twin: Twin, data: st.DataObject) -> None:
    near = leaves_of(twin.world)
    if near:
        gather(twin, data, data.draw(st.sampled_from(near)))


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Hosted]:
    """One engine for all histories: each is a store of its own."""
    made = Hosted(tmp_path, 0, keep_changes=FOREVER)
    yield made
    made.close()


def check_replay(host: Hosted, folder: Path, profile: settings, examples: int) -> None:
    @settings(profile, max_examples=examples)
    @given(st.data())
    def happen(data: st.DataObject) -> None:
        live(host, data)

    happen()
    expected = told(host)
    assert sum(len(held["changes"]) for held in expected) > 6 * examples, "too little was told"
    for seed in HASH_SEEDS:
        image = folder / f"seed-{seed}.db"
        host.database.image(image)
        assert replayed(image, seed) == expected


def test_replay_tells_what_was_told_live(host: Hosted, tmp_path: Path) -> None:
    check_replay(host, tmp_path, QUICK, 20)


@pytest.mark.long
def test_replay_tells_what_was_told_live_at_length(host: Hosted, tmp_path: Path) -> None:
    check_replay(host, tmp_path, DEEP, 500)
