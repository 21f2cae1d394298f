"""A peer that answers something else."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files


class Liar:
    def __init__(self, files: Files, at: int) -> None:
        pass

    def prepare(self, ask: Ask) -> Callable[[], int]:
        return lambda: -1

    def close(self) -> None:
        pass
