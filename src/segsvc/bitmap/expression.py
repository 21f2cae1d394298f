"""Sets to combine: in words by `segsvc.bitmap.blocks`, in Roaring by `segsvc.bitmap.chain`."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from segsvc.bitmap.faces import Faces


class Both(NamedTuple):
    """What is in all of *positives* (at least one) and in none of *negatives*."""

    positives: tuple[Expression, ...]
    negatives: tuple[Expression, ...] = ()


class Either(NamedTuple):
    """What is in some of *parts* (at least one)."""

    parts: tuple[Expression, ...]


Expression: TypeAlias = Faces | Both | Either
"""Operands are sets below one limit, or made when it was lower."""
