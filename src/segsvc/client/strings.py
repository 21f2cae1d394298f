"""Strings of messages -> Python."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from segsvc.v1 import value_pb2


def texts_of(column: value_pb2.StringColumn) -> list[str]:
    """Return the strings of a column."""
    bounds = np.frombuffer(column.offsets, "<u4").tolist()
    text = column.utf8.decode()
    if len(text) == len(column.utf8):
        return [text[start:end] for start, end in pairwise(bounds)]
    return [column.utf8[start:end].decode() for start, end in pairwise(bounds)]
