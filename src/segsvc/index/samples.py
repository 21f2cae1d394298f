"""Who is in a sample: salted hashes of contacts against a bound (SEMANTICS section 4)."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool
from segsvc.index.hashing import UInt64, splitmix64

_BLOCK = 16_384
_KEPT = 2
_SHIFT = np.uint64(48)

UInt16: TypeAlias = npt.NDArray[np.uint16]


class SaltedTops:
    """The upper 16 bits of all salted hashes, of the salts used last.

    Samples of one salt divide the same contacts, so that one salt is asked about with many bounds:
    two bytes for each contact answer all but the few whose upper bits are the bound's.
    """

    def __init__(self) -> None:
        self._held: dict[str, UInt16] = {}

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(tops.nbytes for tops in self._held.values())

    def below(self, hashes: UInt64, salt: str, limit: np.uint64) -> Bool:
        """Return which of *hashes* (uint64, n), of contacts 0..n-1, are less than *limit* salted.

        The hash of a contact never changes.
        """
        tops, cut = self._tops(hashes, salt), (limit >> _SHIFT).astype(np.uint16)
        found: Bool = tops < cut
        doubtful = np.flatnonzero(tops == cut)
        found[doubtful] = salted(hashes[doubtful], salt) < limit
        return found

    def _tops(self, hashes: UInt64, salt: str) -> UInt16:
        tops = self._held.pop(salt, np.zeros(0, np.uint16))
        if len(tops) < len(hashes):
            known, longer = len(tops), np.empty(len(hashes), np.uint16)
            longer[:known] = tops
            for start in range(known, len(hashes), _BLOCK):  # blocks that stay in the cache
                block = slice(start, start + _BLOCK)
                longer[block] = salted(hashes[block], salt) >> _SHIFT
            tops = longer
        while len(self._held) >= _KEPT:
            del self._held[next(iter(self._held))]
        self._held[salt] = tops
        return tops


def salted(hashes: UInt64, salt: str) -> UInt64:
    """Return u = splitmix64(b XOR b(salt)) of contact hashes b."""
    own = hashlib.blake2b(salt.encode(), digest_size=8).digest()
    return splitmix64(hashes ^ np.frombuffer(own, "<u8")[0])
