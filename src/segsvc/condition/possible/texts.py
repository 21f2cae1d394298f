"""What several tests leave over of a text, of a list of texts or of a text set."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from segsvc.domain.predicate import AllOfValues, Contains, OneOf, Place, Predicate
from segsvc.domain.text import fold

Asked = tuple[Predicate, bool]
"""A predicate, and whether its complement is meant."""

_Needle = tuple[str, Place]


def text_is_possible(asked: Iterable[Asked], allowed: Iterable[str], *, folds: bool) -> bool:
    """Whether one text, or its absence, satisfies everything *asked*.

    *allowed* are the only values of an enumeration; none: any text.
    """
    folded: Callable[[str], str] = fold if folds else str
    chosen: set[str] | None = {folded(value) for value in allowed} or None
    refused: set[str] = set()
    held: list[_Needle] = []
    absent: list[_Needle] = []
    missing, never = True, False
    for predicate, negated in asked:
        missing = missing and negated
        match predicate:
            case OneOf(values) if negated:
                refused.update(map(folded, values))
            case OneOf(values):
                wanted = set(map(folded, values))
                chosen = wanted if chosen is None else chosen & wanted
            case Contains(needle, place):
                (absent if negated else held).append((folded(needle), place))
            case _:
                never = never or negated
    if missing:
        return True
    if never:
        return False
    if chosen is None:
        return _needles_agree(held, absent)
    return any(
        all(_stands(text, needle) for needle in held)
        and not any(_stands(text, needle) for needle in absent)
        for text in chosen - refused
    )


def _stands(text: str, needle: _Needle) -> bool:
    words, place = needle
    if place is Place.START:
        return text.startswith(words)
    return text.endswith(words) if place is Place.END else words in text


def _needles_agree(held: list[_Needle], absent: list[_Needle]) -> bool:
    starts = [words for words, place in held if place is Place.START]
    ends = [words for words, place in held if place is Place.END]
    longest_start, longest_end = max(starts, key=len, default=""), max(ends, key=len, default="")
    if not all(longest_start.startswith(words) for words in starts):
        return False
    if not all(longest_end.endswith(words) for words in ends):
        return False
    return not any(_implies(one, other) for one in held for other in absent)


def _implies(one: _Needle, other: _Needle) -> bool:
    """Whether every text that has *one* has *other*."""
    if other[1] is not Place.ANYWHERE and one[1] is not other[1]:
        return False
    return _stands(one[0], other)


def list_is_possible(asked: Iterable[Asked], *, folds: bool) -> bool:
    """Whether one list of texts satisfies everything *asked*.

    A predicate holds when some element satisfies it, so it only fights with complements.
    """
    folded: Callable[[str], str] = fold if folds else str
    refused: set[str] = set()
    absent: list[_Needle] = []
    held: list[Predicate] = []
    empty = False
    for predicate, negated in asked:
        if not negated:
            held.append(predicate)
        elif isinstance(predicate, OneOf):
            refused.update(map(folded, predicate.values))
        elif isinstance(predicate, Contains):
            absent.append((folded(predicate.needle), predicate.place))
        else:
            empty = True
    return not (empty and held) and all(
        _element_is_possible(predicate, refused, absent, folded) for predicate in held
    )


def _element_is_possible(
    predicate: Predicate,
    refused: set[str],
    absent: list[_Needle],
    folded: Callable[[str], str],
) -> bool:
    match predicate:
        case OneOf(values):
            left = set(map(folded, values)) - refused
            return any(not any(_stands(text, needle) for needle in absent) for text in left)
        case Contains(needle, place):
            wanted = (folded(needle), place)
            return not any(_implies(wanted, other) for other in absent)
        case _:
            return True


def set_is_possible(asked: Iterable[Asked]) -> bool:
    """Whether one text set satisfies everything *asked*."""
    required: set[str] = set()
    refused: set[str] = set()
    shared: list[set[str]] = []
    incomplete: list[set[str]] = []
    full = empty = False
    for predicate, negated in asked:
        match predicate:
            case AllOfValues(values) if negated:
                incomplete.append(set(map(fold, values)))
            case AllOfValues(values):
                required.update(map(fold, values))
            case OneOf(values) if negated:
                refused.update(map(fold, values))
            case OneOf(values):
                shared.append(set(map(fold, values)))
            case _:
                full, empty = full or not negated, empty or negated
    required.update(*(values for values in shared if len(values) == 1))
    if required & refused or any(values <= refused for values in shared):
        return False
    if any(values <= required for values in incomplete):
        return False
    return not (empty and (full or required or shared))
