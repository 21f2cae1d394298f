"""Value suggestions: the most frequent texts that start with what the user typed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segsvc.domain.predicate import Contains, Place
from segsvc.domain.text import fold
from segsvc.index.dictionary import Dictionary

_CANDIDATES_PER_RESULT = 8


def _candidates(
    dictionary: Dictionary, counts: npt.NDArray[np.integer], prefix: str
) -> npt.NDArray[np.intp]:
    codes = np.flatnonzero(counts[1 : len(dictionary)]) + 1
    if prefix:
        matching = dictionary.codes_containing(Contains(prefix, Place.START))
        codes = np.intersect1d(codes, matching)
    return codes


def count_texts(dictionary: Dictionary, counts: npt.NDArray[np.integer], prefix: str) -> int:
    """Return how many values `top_texts` would give without a limit."""
    return dictionary.count_distinct(_candidates(dictionary, counts, prefix))


def top_texts(
    dictionary: Dictionary, counts: npt.NDArray[np.integer], prefix: str, limit: int
) -> list[tuple[str, int]]:
    """Return up to *limit* (text, count), most frequent first, then by text.

    Args:
        dictionary: the texts. counts: by code; entry 0 is ignored.
        prefix: what the folded text must start with ("" for any).

    Originals that fold alike are one value, shown as the most frequent of them.
    """
    codes = _candidates(dictionary, counts, prefix)
    merged: dict[str, tuple[str, int]] = {}
    room = max(limit * _CANDIDATES_PER_RESULT, 1_000)
    if len(codes) > room:
        best = np.argpartition(-counts[codes], room)[:room]
        least = counts[codes[best]].min()
        codes = codes[counts[codes] >= least][: 4 * room]
    ordered = codes[np.argsort(-counts[codes], kind="stable")]
    for code in ordered.tolist():
        text = dictionary.text(code)
        key = fold(text) if dictionary.folds else text
        shown, count = merged.get(key, (text, 0))
        merged[key] = (shown, count + int(counts[code]))
    return sorted(merged.values(), key=lambda held: (-held[1], held[0]))[:limit]
