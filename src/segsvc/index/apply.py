"""Rows of a contact batch in row order, boiled down to what each column must do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from segsvc.domain.columns import Bool, FieldColumn, ListColumn, UInt32, take_values
from segsvc.domain.write import ContactBatch
from segsvc.index.attributes import AttributeColumn, TextSetAttribute


def apply_column(
    column: AttributeColumn, given: FieldColumn, ordinals: UInt32, *, repeated: bool
) -> None:
    """Set and unset an attribute; where a contact stands in several rows the last one wins.

    Args:
        ordinals: of all rows of the batch (uint32, n).
        repeated: whether an ordinal may stand twice among them.
    """
    if not repeated:
        if len(given.rows):
            column.set(ordinals[given.rows], given.values)
        if len(given.unset):
            column.unset(ordinals[given.unset])
        return
    rows = np.concatenate([given.rows, given.unset])
    owners = ordinals[rows]
    last = _last_of_each(owners, rows)
    sets = last[: len(given.rows)]
    if len(given.rows):
        places = np.flatnonzero(sets)
        values = (
            given.values if len(places) == len(given.rows) else take_values(given.values, places)
        )
        column.set(owners[: len(given.rows)][places], values)
    if len(given.unset):
        column.unset(owners[len(given.rows) :][last[len(given.rows) :]])


def _last_of_each(owners: UInt32, rows: UInt32) -> Bool:
    """Return which entries are the last, by row, of their owner."""
    kept = np.ones(len(owners), np.bool_)
    order = np.lexsort((rows, owners))
    ordered = owners[order]
    kept[order[:-1][ordered[1:] == ordered[:-1]]] = False
    return kept


def apply_sets(
    column: TextSetAttribute, name: str, batch: ContactBatch, ordinals: UInt32, *, repeated: bool
) -> None:
    """Replace, add to and remove from text sets, in row order.

    Rows are taken in rounds in which no contact stands twice, so that their order matters only
    from round to round; *repeated* as in `apply_column`.
    """
    rounds: Iterable[Bool] = [np.ones(len(ordinals), np.bool_)]
    if repeated:
        rounds = _rounds(ordinals, _rows_naming(name, batch))
    for chosen in rounds:
        for given in batch.sets:
            if given.name == name:
                rows, values = _part(given, chosen)
                if len(rows):
                    column.set(ordinals[rows], values)
                gone = given.unset[chosen[given.unset]]
                if len(gone):
                    column.unset(ordinals[gone])
        for given in batch.removes:
            if given.name == name:
                rows, values = _part(given, chosen)
                column.remove(ordinals[rows], values)
        for given in batch.adds:
            if given.name == name:
                rows, values = _part(given, chosen)
                column.add(ordinals[rows], values)


def _part(given: FieldColumn, chosen: Bool) -> tuple[UInt32, ListColumn]:
    places = np.flatnonzero(chosen[given.rows])
    values = take_values(given.values, places)
    assert isinstance(values, ListColumn)
    return given.rows[places], values


def _rows_naming(name: str, batch: ContactBatch) -> npt.NDArray[np.intp]:
    named = np.zeros(len(batch.ids), np.bool_)
    for given in (*batch.sets, *batch.adds, *batch.removes):
        if given.name == name:
            named[given.rows] = True
            named[given.unset] = True
    return np.flatnonzero(named)


def _rounds(ordinals: UInt32, rows: npt.NDArray[np.intp]) -> Iterator[Bool]:
    """Yield masks over all rows: the k-th masks the k-th of *rows* of every contact."""
    while len(rows):
        firsts = np.sort(np.unique(ordinals[rows], return_index=True)[1])
        chosen = np.zeros(len(ordinals), np.bool_)
        chosen[rows[firsts]] = True
        yield chosen
        rows = np.delete(rows, firsts)
