"""Timing in passes: every case once per pass, so that ours and a peer's see the same machine.

A call returns its own milliseconds, so that what is timed is decided beside the call, and a peer
in another process times itself there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)

Call = Callable[[], float]
"""Does the thing once and returns how many milliseconds it took."""

PASSES = 3


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured of one case, pass by pass; in the case's unit."""

    passes: tuple[tuple[float, ...], ...]

    @property
    def all(self) -> list[float]:
        """Every sample."""
        return [held for samples in self.passes for held in samples]

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.all)

    @property
    def p99(self) -> float:
        """The 99th percentile (the largest of fewer than 100 samples)."""
        held = sorted(self.all)
        return held[min(int(len(held) * 0.99), len(held) - 1)]

    @property
    def rounds(self) -> list[float]:
        """The median of each pass: how far they lie apart is the noise of the case."""
        return [statistics.median(samples) for samples in self.passes]

    @classmethod
    def of(cls, values: list[float], rounds: int = PASSES) -> Samples:
        """Return samples that came in one go, cut into *rounds* passes in the order they came."""
        rounds = max(min(rounds, len(values)), 1)
        size = -(-len(values) // rounds)
        return cls(tuple(tuple(values[i : i + size]) for i in range(0, len(values), size)))

    @classmethod
    def once(cls, value: float) -> Samples:
        """Return what was measured a single time."""
        return cls(((value,),))


def timed(function: Callable[..., Any], *arguments: Any) -> float:
    """Call *function*; return the milliseconds it took."""
    begun = time.perf_counter_ns()
    function(*arguments)
    return (time.perf_counter_ns() - begun) / 1e6


def measure(
    cases: Mapping[K, Call],
    *,
    passes: int = PASSES,
    seconds: float = 0.1,
    least: int = 3,
    most: int = 200,
) -> dict[K, Samples]:
    """Measure *cases* in turn, *passes* times over.

    Args:
        cases: what to call, by any key.
        passes: how often all of them are visited.
        seconds: how long one case is called in one visit,
        least: but at least so often,
        most: and at most so often.
    """
    held: dict[K, list[tuple[float, ...]]] = {key: [] for key in cases}
    for _ in range(passes):
        for key, call in cases.items():
            held[key].append(_visit(call, seconds, least, most))
    return {key: Samples(tuple(samples)) for key, samples in held.items()}


def _visit(call: Call, seconds: float, least: int, most: int) -> tuple[float, ...]:
    end = time.perf_counter() + seconds
    samples: list[float] = []
    while len(samples) < least or (len(samples) < most and time.perf_counter() < end):
        samples.append(call())
    return tuple(samples)
