"""The size of a turn follows how long turns of late held the event loop."""

from __future__ import annotations

from time import monotonic

from segsvc.engine.pace import HOLD_SECONDS, LEAST_BYTES, MOST_BYTES, Pace


def turn(pace: Pace, size: int, seconds: float) -> None:
    with pace.holding():
        end = monotonic() + seconds
        while monotonic() < end:
            pass
    pace.turned(size)


def test_the_first_turn_is_small() -> None:
    assert Pace().turn_bytes == LEAST_BYTES


def test_turns_grow_up_to_a_bound_while_they_hold_the_loop_for_a_moment_only() -> None:
    pace, sizes = Pace(), []
    for _ in range(30):
        sizes.append(pace.turn_bytes)
        turn(pace, sizes[-1], 0.0)
    assert sizes == sorted(sizes)
    assert sizes[-1] == MOST_BYTES


def test_turns_shrink_again_but_stay_worth_a_commit() -> None:
    pace = Pace()
    for _ in range(30):
        turn(pace, MOST_BYTES, 0.0)
    sizes = [pace.turn_bytes]
    while sizes[-1] > LEAST_BYTES:
        turn(pace, sizes[-1], 4 * HOLD_SECONDS)
        sizes.append(pace.turn_bytes)
    assert len(sizes) < 12
    assert pace.turn_bytes == LEAST_BYTES


def test_a_small_write_says_nothing_about_large_ones() -> None:
    pace = Pace()
    for _ in range(30):
        turn(pace, MOST_BYTES, 0.0)
    turn(pace, 100, HOLD_SECONDS)
    assert pace.turn_bytes == MOST_BYTES
