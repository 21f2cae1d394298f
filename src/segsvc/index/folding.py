"""Fold many texts at once, as `domain.text.fold` does one."""

from __future__ import annotations

import numpy as np

from segsvc.domain.columns import Strings
from segsvc.domain.text import fold


def folded(texts: Strings) -> Strings:
    """Fold all texts; only those beyond ASCII one by one."""
    utf8 = texts.utf8[: int(texts.offsets[-1])]
    upper = (utf8 >= 65) & (utf8 <= 90)
    plain = Strings(np.where(upper, utf8 + np.uint8(32), utf8), texts.offsets)
    beyond = np.flatnonzero(utf8 > 127)
    if not len(beyond):
        return plain
    found = np.zeros(len(texts), np.bool_)
    found[np.searchsorted(texts.offsets, beyond, side="right") - 1] = True
    rows, places = np.flatnonzero(found), np.arange(len(texts))
    places[rows] = len(texts) + np.arange(len(rows))
    return plain.followed_by(Strings.of([fold(text) for text in texts.take(rows)])).take(places)
