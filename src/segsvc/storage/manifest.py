"""The stored form of what a snapshot consists of.

Format 1: JSON, compressed by zlib, with the facts and, for each section, its name, the numpy
name of its little-endian dtype, its length in elements and the digests of its chunks. The
CRC-32 of the compressed bytes lies beside it in the row.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from segsvc.domain.errors import StorageFailed

FORMAT = 1


@dataclass(frozen=True, slots=True)
class StoredSection:
    """One array of a snapshot and where its bytes are."""

    name: str
    dtype: np.dtype[Any]
    length: int
    digests: tuple[bytes, ...]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array."""
        return self.length * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of a snapshot but the bytes of its chunks."""

    facts: dict[str, Any]
    sections: tuple[StoredSection, ...]

    def digests(self) -> dict[bytes, None]:
        """Return every digest once, in the order of first use."""
        return dict.fromkeys(digest for held in self.sections for digest in held.digests)


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as its row holds it."""

    format: int
    crc: int
    body: bytes


def encode(manifest: Manifest) -> StoredManifest:
    """Return *manifest* as it is stored."""
    told = {
        "facts": manifest.facts,
        "sections": [
            {
                "name": held.name,
                "dtype": dtype_name(held.dtype),
                "length": held.length,
                "chunks": [digest.hex() for digest in held.digests],
            }
            for held in manifest.sections
        ],
    }
    body = zlib.compress(json.dumps(told, separators=(",", ":"), allow_nan=False).encode(), 1)
    return StoredManifest(FORMAT, zlib.crc32(body), body)


def decode(stored: StoredManifest, named: str) -> Manifest:
    """Return the manifest that *stored* holds; *named* says whose it is.

    Raises:
        StorageFailed: when it is damaged, or of a format this version does not know.
    """
    if stored.format != FORMAT:
        raise StorageFailed(f"{named} has format {stored.format}; this version reads {FORMAT}")
    if zlib.crc32(stored.body) != stored.crc:
        raise StorageFailed(f"{named} is damaged: the checksum of its manifest does not match")
    told = json.loads(zlib.decompress(stored.body))
    return Manifest(told["facts"], tuple(_sections(told["sections"])))


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Return the little-endian name of a plain dtype, like ``<u4``."""
    assert not dtype.hasobject, f"{dtype} cannot be stored"
    assert dtype.names is None, f"{dtype} cannot be stored"
    return dtype.newbyteorder("<").str


def _sections(told: Iterable[dict[str, Any]]) -> Iterable[StoredSection]:
    for held in told:
        digests = tuple(bytes.fromhex(digest) for digest in held["chunks"])
        yield StoredSection(held["name"], np.dtype(held["dtype"]), held["length"], digests)
