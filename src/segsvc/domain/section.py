"""Parts of a snapshot: named one-dimensional arrays, handed over in chunks."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt


class Section(Protocol):
    """One array of a frozen state. Chunks may be asked for while the live array changes."""

    @property
    def name(self) -> str:
        """Unique in the snapshot, like ``attribute/country/codes``."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the elements; chunks are little-endian."""

    @property
    def length(self) -> int:
        """Elements in all."""

    @property
    def chunk_count(self) -> int:
        """Chunks in all; every chunk but the last has the same number of elements."""

    def chunk(self, place: int) -> bytes:
        """Return the bytes of one chunk as they were when the state was frozen."""

    def known_digest(self, place: int) -> bytes | None:
        """Return the digest that storage gave this chunk's present bytes, if it did."""

    def remember_digest(self, place: int, digest: bytes) -> None:
        """Keep the digest until the chunk changes."""


Sections: TypeAlias = MutableMapping[str, npt.NDArray[Any]]
"""What a snapshot gives back: arrays by section name. Who took one in drops it."""


@dataclass(frozen=True, slots=True)
class FrozenState:
    """A state of one store as it was at one revision, ready to be stored.

    Attributes:
        sections: the arrays. `release` must be called when they are no longer read.
        facts: everything small, as JSON-able values.
    """

    sections: tuple[Section, ...]
    facts: dict[str, Any]
