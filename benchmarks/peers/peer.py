"""What a peer is: it loads the same files, and answers the same questions or says it cannot."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.questions.question import Ask
from benchmarks.stores.files import Files

Answer = int | npt.NDArray[np.uint32]
"""A count, or the ascending dense numbers of contacts."""


class Unsupported(Exception):
    """The peer has no sensible way to answer this question."""


class Peer(Protocol):
    """One peer with a store loaded."""

    def prepare(self, ask: Ask) -> Callable[[], Answer]:
        """Return what answers *ask*; all that can be done ahead (parsing, planning) is done.

        Raises:
            Unsupported: it cannot be answered.
        """

    def close(self) -> None:
        """Give everything back."""


Load = Callable[[Files, int], Peer]
"""Load the files at the instant *at*."""


def missing(*modules: str) -> str:
    """Return why a peer cannot run here; empty when it can."""
    absent = [name for name in modules if find_spec(name) is None]
    return f"{', '.join(absent)} not installed: pip install 'segsvc[bench]'" if absent else ""
