"""Whoever asks first writes first."""

from __future__ import annotations

import threading

import pytest

from segsvc.storage.slices import sliced
from segsvc.storage.turns import Turns


def test_a_thread_that_comes_back_does_not_overtake_one_that_waits() -> None:
    turns = Turns()
    order: list[str] = []
    entered = threading.Event()

    def patient() -> None:
        entered.wait()
        with turns:
            order.append("patient")

    waiter = threading.Thread(target=patient)
    waiter.start()
    with turns:
        entered.set()
        while not turns.waiting:
            continue
        order.append("greedy")
    with turns:
        order.append("greedy again")
    waiter.join()
    assert order == ["greedy", "patient", "greedy again"]


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="inside"), turns:
        raise ValueError("inside")
    with turns:
        assert turns.waiting == 0


def test_work_is_cut_by_bytes_and_by_rows() -> None:
    sized = [("a", 3), ("b", 3), ("c", 9), ("d", 1), ("e", 1), ("f", 1)]
    assert list(sliced(sized, limit=6, rows=2)) == [["a", "b"], ["c"], ["d", "e"], ["f"]]
    assert list(sliced([], limit=6)) == []
