"""Long work in slices, so that nobody waits long for the writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

SLICE_BYTES = 4 * 2**20
"""Bytes that one transaction of background work writes or removes: about 20 ms."""

SLICE_ROWS = 2_000


def sliced(
    sized: Iterable[tuple[T, int]], limit: int = SLICE_BYTES, rows: int = SLICE_ROWS
) -> Iterator[list[T]]:
    """Cut (thing, bytes) pairs into runs of at most *limit* bytes, or of one larger thing.

    >>> list(sliced([("a", 3), ("b", 3), ("c", 9), ("d", 1)], limit=6))
    [['a', 'b'], ['c'], ['d']]
    """
    run: list[T] = []
    held = 0
    for thing, size in sized:
        if run and (held + size > limit or len(run) == rows):
            yield run
            run, held = [], 0
        run.append(thing)
        held += size
    if run:
        yield run
