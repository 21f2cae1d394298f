"""Memory for answers is had from the system before anybody waits for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="page faults are told by Unix alone")

FAULTS = """
import resource
import numpy as np
from segsvc.bitmap import room_for
from segsvc.engine.evaluation import Evaluation

def faults_of_answers():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    answers = [np.ones(room_for(1_000_000), np.uint64) for _ in range(150)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

evaluation = Evaluation({cache_bytes})
pieces = sum(1 for _ in evaluation.make_room(1_000_000))
assert not list(evaluation.make_room(1_000_000)), "once is enough"
print(pieces, faults_of_answers())
"""


def asked(cache_bytes: int) -> tuple[int, int]:
    """Return in how many pieces room was made, and the page faults of 150 answers after it."""
    script = FAULTS.format(cache_bytes=cache_bytes)
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    pieces, faults = map(int, told.stdout.split())
    return pieces, faults


def test_answers_need_no_new_pages() -> None:
    pieces, faults = asked(256 * 2**20)
    without, fresh = asked(0)
    assert without == 0
    if pieces:  # where the allocator can be told to keep what is free
        assert faults < fresh / 10
