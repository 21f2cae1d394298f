"""Every way to hold and combine sets, forced: with them all answers must be the same."""

from __future__ import annotations

from segsvc.bitmap.combine import Form
from segsvc.engine.evaluation import Evaluation
from segsvc.index import RangeShape

TINY_BINS = RangeShape(bins=3, every=2, fold_at=2, least=0, at_once=True, cut_from=2, words_from=1)
"""Bins of columns of any size, so few that most answers look into one, folded all the time."""

NO_BINS = RangeShape(least=None)


def evaluations() -> dict[str, Evaluation]:
    """Return each way by its name."""
    return {
        "words, bins, a huge cache": Evaluation(2**30, TINY_BINS, Form.WORDS),
        "words, scans, a tiny cache": Evaluation(20_000, NO_BINS, Form.WORDS),
        "roaring, bins, no cache": Evaluation(0, TINY_BINS, Form.ROARING),
        "roaring, scans, a huge cache": Evaluation(2**30, NO_BINS, Form.ROARING),
    }


__all__ = ["evaluations"]
