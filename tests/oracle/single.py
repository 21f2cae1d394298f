"""Whether one value, or a missing one, passes a test (SEMANTICS 3 and 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from segsvc.v1 import condition_pb2 as pb
from segsvc.v1 import window_pb2
from tests.oracle.calendar import Calendar
from tests.oracle.values import Definition, Kept, TextSet, exact, fold, folds
from tests.oracle.windows import inside, is_anniversary


def attribute_passes(
    kind: str, test: Any, value: Kept | None, definition: Definition, t: int, calendar: Calendar
) -> bool:
    """Whether an attribute or property passes *test*, the operand of a leaf or clause *kind*."""
    match kind:
        case "text":
            values = value if isinstance(value, tuple) else () if value is None else (value,)
            return text_passes(test, [str(held) for held in values], folds(definition))
        case "number":
            assert value is None or not isinstance(value, str | tuple | dict)
            return number_passes(test, None if value is None else Fraction(value))
        case "boolean":
            return _boolean_passes(test, value)
        case "instant":
            if test.WhichOneof("test") == "presence":
                return _presence_passes(test.presence, value)
            return isinstance(value, int) and inside(test.window, value, t, calendar)
        case "date":
            if test.WhichOneof("test") == "presence":
                return _presence_passes(test.presence, value)
            return _date_inside(test.window, value, t, calendar)
        case "anniversary":
            if not isinstance(value, tuple):
                return False
            _, month, day = value
            return is_anniversary(test, int(month), int(day), calendar.today(t))
        case "text_set":
            return _text_set_passes(test, value if isinstance(value, TextSet) else TextSet())
        case _:
            raise NotImplementedError(f"a test of the kind {kind}")


def _date_inside(window: window_pb2.Window, value: Kept | None, t: int, calendar: Calendar) -> bool:
    if not isinstance(value, tuple) or not value[0]:
        return False
    year, month, day = map(int, value)
    return inside(window, calendar.start(date(year, month, day).toordinal()), t, calendar)


def _presence_passes(presence: int, value: Kept | None) -> bool:
    return {pb.PRESENCE_SET: value is not None, pb.PRESENCE_NOT_SET: value is None}[presence]


def _boolean_passes(test: pb.BooleanTest, value: Kept | None) -> bool:
    return {
        pb.BOOLEAN_OPERATOR_TRUE: value is True,
        pb.BOOLEAN_OPERATOR_FALSE: value is False,
        pb.BOOLEAN_OPERATOR_SET: value is not None,
        pb.BOOLEAN_OPERATOR_NOT_SET: value is None,
    }[test.operator]


def _text_set_passes(test: pb.TextSetTest, held: TextSet) -> bool:
    wanted = {fold(text) for text in test.values}
    return {
        pb.TEXT_SET_OPERATOR_ANY_OF: any(text in held for text in wanted),
        pb.TEXT_SET_OPERATOR_ALL_OF: all(text in held for text in wanted),
        pb.TEXT_SET_OPERATOR_NONE_OF: not any(text in held for text in wanted),
        pb.TEXT_SET_OPERATOR_SET: len(held) > 0,
        pb.TEXT_SET_OPERATOR_NOT_SET: len(held) == 0,
    }[test.operator]


_NEGATIVE = {
    pb.TEXT_OPERATOR_IS_NOT: pb.TEXT_OPERATOR_IS,
    pb.TEXT_OPERATOR_NONE_OF: pb.TEXT_OPERATOR_ANY_OF,
    pb.TEXT_OPERATOR_NOT_CONTAINS: pb.TEXT_OPERATOR_CONTAINS,
    pb.TEXT_OPERATOR_NOT_STARTS_WITH: pb.TEXT_OPERATOR_STARTS_WITH,
    pb.TEXT_OPERATOR_NOT_ENDS_WITH: pb.TEXT_OPERATOR_ENDS_WITH,
    pb.TEXT_OPERATOR_NOT_SET: pb.TEXT_OPERATOR_SET,
}


def text_passes(test: pb.TextTest, held: Sequence[str], folded: bool) -> bool:
    """Whether some text of *held* passes; for a negative operator, whether none does."""
    if test.operator in _NEGATIVE:
        positive = pb.TextTest(operator=_NEGATIVE[test.operator], values=test.values)
        return not text_passes(positive, held, folded)
    texts = [fold(text) for text in held] if folded else held
    wanted = [fold(text) for text in test.values] if folded else list(test.values)
    match test.operator:
        case pb.TEXT_OPERATOR_IS | pb.TEXT_OPERATOR_ANY_OF:
            return any(text in wanted for text in texts)
        case pb.TEXT_OPERATOR_CONTAINS:
            return any(wanted[0] in text for text in texts)
        case pb.TEXT_OPERATOR_STARTS_WITH:
            return any(text.startswith(wanted[0]) for text in texts)
        case pb.TEXT_OPERATOR_ENDS_WITH:
            return any(text.endswith(wanted[0]) for text in texts)
        case pb.TEXT_OPERATOR_SET:
            return len(texts) > 0
        case _:
            raise NotImplementedError(f"the operator {test.operator} of texts")


def number_passes(test: pb.NumberTest, value: Fraction | None) -> bool:
    """Whether a number passes; None: it is missing."""
    if test.operator == pb.NUMBER_OPERATOR_SET:
        return value is not None
    if test.operator == pb.NUMBER_OPERATOR_NOT_SET:
        return value is None
    bound = Fraction(exact(test.value))
    if test.operator == pb.NUMBER_OPERATOR_NOT_EQUAL:
        return value != bound
    if value is None:
        return False
    match test.operator:
        case pb.NUMBER_OPERATOR_EQUAL:
            return value == bound
        case pb.NUMBER_OPERATOR_LESS:
            return value < bound
        case pb.NUMBER_OPERATOR_LESS_OR_EQUAL:
            return value <= bound
        case pb.NUMBER_OPERATOR_GREATER:
            return value > bound
        case pb.NUMBER_OPERATOR_GREATER_OR_EQUAL:
            return value >= bound
        case pb.NUMBER_OPERATOR_BETWEEN:
            return bound <= value <= Fraction(exact(test.upper))
        case _:
            raise NotImplementedError(f"the operator {test.operator} of numbers")
