"""Sets combined in the form that suits them: packed words, or Roaring.

Words take the same time whatever they hold, so they suit sets that are neither few nor all held as
bitmaps. An And that begins with few goes on with those, in Roaring; one of sets held in both forms
goes the way that is guessed to be quicker.
"""

from __future__ import annotations

from enum import StrEnum

from pyroaring import BitMap

from segsvc.bitmap import blocks
from segsvc.bitmap.chain import count_in_chain, in_chain
from segsvc.bitmap.expression import Both, Either, Expression
from segsvc.bitmap.faces import Faces
from segsvc.bitmap.words import from_words, room_for

LEAST_FOR_WORDS = 131_072
"""In smaller stores everything is combined in Roaring."""


class Form(StrEnum):
    """How sets are combined: each as it suits, or all in one form."""

    AUTO = "auto"
    WORDS = "words"
    ROARING = "roaring"


def count(expression: Expression, limit: int, form: Form = Form.AUTO) -> int:
    """Return how many members an expression over the ordinals below *limit* has."""
    if isinstance(expression, Faces):
        return expression.count
    if goes_in_words(expression, limit, form):
        return blocks.count_of(expression, room_for(limit))
    return count_in_chain(expression, limit)


def members(expression: Expression, limit: int, form: Form = Form.AUTO) -> BitMap:
    """Return the members of an expression over the ordinals below *limit*; do not change it."""
    if not isinstance(expression, Faces) and goes_in_words(expression, limit, form):
        return from_words(blocks.fill(expression, room_for(limit)))
    return in_chain(expression, limit)


def goes_in_words(expression: Expression, limit: int, form: Form = Form.AUTO) -> bool:
    """Whether an expression is combined in words."""
    if form is not Form.AUTO:
        return form is Form.WORDS
    return limit >= LEAST_FOR_WORDS and _suits_words(expression)


def may_go_in_words(limit: int, form: Form) -> bool:
    """Whether some expressions over the ordinals below *limit* are combined in words."""
    return form is Form.WORDS or (form is Form.AUTO and limit >= LEAST_FOR_WORDS)


def _suits_words(held: Expression) -> bool:
    """Whether some operand is held as words, and no And begins with few."""
    if isinstance(held, Faces):
        return held.has_words
    if isinstance(held, Either):
        return any(map(_suits_words, held.parts))
    for part in held.positives:
        if isinstance(part, Faces) and not part.suits_words:
            return False
    if _is_quicker_in_chain(held):
        return False
    return any(map(_suits_words, held.positives)) or any(map(_suits_words, held.negatives))


_COMBINED_NS, _FROM_BITSETS_NS, _FROM_SPARSE_NS, _FROM_WORDS_NS = 0.007, 0.012, 0.017, 0.1
"""For each ordinal below the limit: an operation on words; making one form of the other."""

_SHARED_NS, _LOOKED_UP_NS, _FILLED_NS = 0.5, 5.0, 1.2
"""For each member: of two bitmaps that are intersected; of one that is looked up in words; of a
sparse one that is made words of."""

_BITSETS = 1 / 16
"""Bitmaps that hold more than this share take as long as if they held no more."""


def _is_quicker_in_chain(held: Both) -> bool:
    """Whether an And of plain sets is quicker in Roaring, because few are left soon."""
    sets = [part for part in (*held.positives, *held.negatives) if isinstance(part, Faces)]
    if len(sets) < len(held.positives) + len(held.negatives):
        return False
    split = len(held.positives)
    (first, *others), less = sorted(sets[:split], key=_rank), sets[split:]
    limit, left = first.limit, float(len(first))
    in_words = sum(_words_ns(part) for part in sets)
    in_chain_ns = _FROM_WORDS_NS * limit if first.has_words else 0.0
    for part in (*others, *less):
        if part.has_words:
            in_chain_ns += min(_LOOKED_UP_NS * left, _FROM_WORDS_NS * limit)
        else:
            in_chain_ns += _SHARED_NS * (left + min(len(part), _BITSETS * limit))
        left *= 1.0 if part in less else len(part) / limit
    return in_chain_ns < in_words


def _rank(held: Faces) -> tuple[bool, int]:
    return held.has_words, held.count


def _words_ns(held: Faces) -> float:
    if held.has_words:
        return _COMBINED_NS * held.limit * max(len(held.operands()), 1)
    if held.is_dense:
        return (_COMBINED_NS + _FROM_BITSETS_NS) * held.limit
    return (_COMBINED_NS + _FROM_SPARSE_NS) * held.limit + _FILLED_NS * held.count


__all__ = ["Both", "Either", "Form", "count", "goes_in_words", "may_go_in_words", "members"]
