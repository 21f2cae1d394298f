"""Values and columns -> the wire."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from segsvc.condition.view import Actual, Value
from segsvc.domain.columns import (
    BooleanColumn,
    ListColumn,
    NumberColumn,
    Strings,
    TextColumn,
    UInt32,
    Values,
)
from segsvc.domain.dates import unpack
from segsvc.domain.decimals import from_double, plain
from segsvc.domain.schema import ValueType
from segsvc.rpc.times import timestamp
from segsvc.v1 import evaluation_pb2, value_pb2


def number(exact: Decimal) -> value_pb2.Number:
    """Encode a number: as a double when that reads back as the same decimal."""
    double = float(exact)
    if from_double(double) == exact:
        return value_pb2.Number(number=double)
    return value_pb2.Number(decimal=plain(exact))


def date(packed: int) -> value_pb2.Date:
    """Encode a packed date."""
    year, month, day = unpack(packed)
    return value_pb2.Date(year=year, month=month, day=day)


def value(held: Value, value_type: ValueType) -> value_pb2.Value:
    """Encode a value of an attribute or property."""
    if value_type is ValueType.DATE and isinstance(held, int):
        return value_pb2.Value(date=date(held))
    return plain_value(held)


def plain_value(held: Value) -> value_pb2.Value:
    """Encode a value by its Python type; ints are instants."""
    match held:
        case bool():
            return value_pb2.Value(boolean=held)
        case int():
            return value_pb2.Value(instant=timestamp(held))
        case Decimal():
            return value_pb2.Value(number=number(held))
        case str():
            return value_pb2.Value(text=held)
        case _:
            return value_pb2.Value(texts=value_pb2.TextList(values=held))


def actual(fact: Actual, value_type: ValueType | None) -> evaluation_pb2.ActualValue:
    """Encode a fact; *value_type* is that of the attribute it names, if it names one."""
    if fact.value is None:
        return evaluation_pb2.ActualValue(name=fact.name)
    encoded = plain_value(fact.value) if value_type is None else value(fact.value, value_type)
    return evaluation_pb2.ActualValue(name=fact.name, value=encoded)


def strings(column: Strings) -> value_pb2.StringColumn:
    """Encode a column of strings."""
    return value_pb2.StringColumn(
        utf8=column.utf8[: column.offsets[-1]].tobytes(),
        offsets=column.offsets.astype("<u4").tobytes(),
    )


def _dictionary(column: TextColumn) -> value_pb2.DictionaryColumn:
    return value_pb2.DictionaryColumn(
        values=strings(column.dictionary), codes=column.codes.astype("<u4").tobytes()
    )


def column(
    name: str, value_type: ValueType, rows: UInt32, values: Values, total: int
) -> value_pb2.ValueColumn:
    """Encode the values of some of *total* rows."""
    encoded = value_pb2.ValueColumn(name=name)
    if len(rows) != total:
        encoded.rows = rows.astype("<u4").tobytes()
    match values:
        case TextColumn():
            encoded.dictionary.CopyFrom(_dictionary(values))
        case ListColumn(offsets, elements):
            encoded.lists.CopyFrom(
                value_pb2.ListColumn(
                    offsets=offsets.astype("<u4").tobytes(), elements=_dictionary(elements)
                )
            )
        case BooleanColumn(flags):
            encoded.booleans = flags.astype(np.uint8).tobytes()
        case NumberColumn(held):
            _set_numbers(encoded, value_type, held)
    return encoded


def _set_numbers(
    encoded: value_pb2.ValueColumn, value_type: ValueType, held: npt.NDArray[np.int64]
) -> None:
    if value_type is ValueType.DATE:
        encoded.dates = held.astype("<i4").tobytes()
    elif value_type is ValueType.INSTANT:
        encoded.instants = held.astype("<i8").tobytes()
    else:
        encoded.unscaled = held.astype("<i8").tobytes()
