"""Wrong rows of a write, collected while it is decoded."""

from __future__ import annotations

import numpy as np

from segsvc.domain.columns import Bool, UInt32
from segsvc.domain.errors import InvalidRows, RowError
from segsvc.domain.write import MAX_ROW_ERRORS


class RowErrors:
    """The rows of one request that cannot be decoded, and why.

    *path* is that of the rows in the request.
    """

    def __init__(self, total: int, path: str) -> None:
        self.total = total
        self.path = path
        self._errors: list[RowError] = []
        self._bad: set[int] = set()

    def add(self, row: int, field: str, reason: str, description: str) -> None:
        """Note one wrong field of *row*. *reason* is a RowErrorReason without its prefix."""
        self._bad.add(row)
        if len(self._errors) < MAX_ROW_ERRORS:
            self._errors.append(RowError(row, field, reason, description))

    def add_rows(self, rows: UInt32, field: str, reason: str, description: str) -> None:
        """Note the same for many rows."""
        for row in rows.tolist():
            self.add(row, field, reason, description)

    def __bool__(self) -> bool:
        return bool(self._bad)

    def refuse(self) -> None:
        """Raise `InvalidRows` when a row is wrong."""
        if self._bad:
            raise InvalidRows(self.found(), len(self._bad), self.path)

    def found(self) -> tuple[RowError, ...]:
        """Return one error per wrong row at least, in row order."""
        return tuple(sorted(self._errors, key=lambda error: error.row))

    def kept(self) -> Bool:
        """Return whether each row is right (bool, total)."""
        kept = np.ones(self.total, np.bool_)
        kept[list(self._bad)] = False
        return kept
