"""And, Or and And-Not of many sets in Roaring: smallest first, in place, the last only counted.

Operands are never copied or changed: the first operation makes the bitmap that the others work on.
Once few are left, whatever else there is is asked about them alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from segsvc.bitmap.expression import Both, Either, Expression
from segsvc.bitmap.faces import Faces, are_few


def count_in_chain(expression: Expression, limit: int) -> int:
    """Return how many members an expression over the ordinals below *limit* has."""
    match expression:
        case Faces(count=count):
            return count
        case Both():
            *before, (last, is_negative) = _in_order(expression)
            if not before:
                return count_in_chain(last, limit)
            left = _left(before, limit)
            if not left:
                return 0
            if isinstance(last, Faces):
                shared = last.shared(left)
            elif are_few(len(left), limit):
                shared = len(among(last, left))
            else:
                shared = int(left.intersection_cardinality(in_chain(last, limit)))
            return len(left) - shared if is_negative else shared
        case Either(parts):
            *others, last = _by_size(parts)
            if not others:
                return count_in_chain(last, limit)
            return int(_any(others, limit).union_cardinality(in_chain(last, limit)))


def in_chain(expression: Expression, limit: int) -> BitMap:
    """Return the members of an expression over the ordinals below *limit*; do not change it."""
    match expression:
        case Faces():
            return expression.bitmap
        case Both():
            return _left(_in_order(expression), limit)
        case Either(parts):
            return _any(parts, limit)


def among(expression: Expression, some: BitMap) -> BitMap:
    """Return who of *some* is in an expression; do not change it."""
    match expression:
        case Faces():
            return expression.among(some)
        case Both(positives, negatives):
            for held in positives:
                some = among(held, some)
            for held in negatives:
                some = some - among(held, some)
            return some
        case Either(parts):
            return BitMap.union(*[among(held, some) for held in parts])


def _any(parts: Sequence[Expression], limit: int) -> BitMap:
    held = [in_chain(part, limit) for part in parts]
    return BitMap.union(*held) if len(held) > 1 else held[0]


def _left(operands: Sequence[tuple[Expression, bool]], limit: int) -> BitMap:
    """Return what is in the first operand, in the others, and in no negative one."""
    (first, _), *others = operands
    left, is_ours = in_chain(first, limit), False  # a group may be one operand as it is
    for held, is_negative in others:
        if not left:
            break
        if are_few(len(left), limit) or (isinstance(held, Faces) and held.has_words):
            found = among(held, left)
            left = left - found if is_negative else found
        elif not is_ours:
            other = in_chain(held, limit)
            left = left - other if is_negative else left & other
        elif is_negative:
            left -= in_chain(held, limit)
        else:
            left &= in_chain(held, limit)
        is_ours = True
    return left


def _in_order(held: Both) -> list[tuple[Expression, bool]]:
    """Return the operands, and whether they are negative, in the order to combine them."""
    return [
        *((part, False) for part in _by_size(held.positives)),
        *((part, True) for part in _by_size(held.negatives)),
    ]


def _by_size(parts: Iterable[Expression]) -> list[Expression]:
    """Return bitmaps, then words, then what must be combined first; of each the smallest first."""
    return sorted(parts, key=_rank)


def _rank(held: Expression) -> tuple[int, int]:
    return (int(held.has_words), held.count) if isinstance(held, Faces) else (2, 0)
