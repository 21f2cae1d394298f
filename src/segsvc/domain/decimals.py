"""Exact numbers: decimals kept as int64 at a declared scale, and exact intervals of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
MAX_SCALE = 9

_WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN)
_MAX_DIGITS = 64
_MAX_EXPONENT = 64


def parse_decimal(text: str) -> Decimal:
    """Read an exact decimal.

    Raises:
        ValueError: when it is not a finite decimal of at most 64 digits.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError("is not a decimal number") from None
    return _checked(number)


def from_double(value: float) -> Decimal:
    """Take a double as its shortest round-trip decimal.

    Raises:
        ValueError: for NaN and the infinities.
    """
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return Decimal(repr(value))


def _checked(number: Decimal) -> Decimal:
    if not number.is_finite():
        raise ValueError("must be a finite number")
    _, digits, exponent = number.as_tuple()
    if len(digits) > _MAX_DIGITS or abs(int(exponent)) > _MAX_EXPONENT:
        raise ValueError(f"must have at most {_MAX_DIGITS} digits")
    return number


def unscaled(number: Decimal, scale: int) -> int:
    """Round *number* half-even to *scale* digits and return it as an int64 count of them.

    Raises:
        ValueError: when it does not fit in an int64.

    >>> unscaled(Decimal("12.34565"), 4)
    123456
    """
    whole = int(_WIDE.to_integral_value(_WIDE.scaleb(number, scale)))
    if not INT64_MIN <= whole <= INT64_MAX:
        raise ValueError(f"does not fit: at scale {scale} it must lie within +-9.2e{18 - scale}")
    return whole


def scaled(whole: int, scale: int) -> Decimal:
    """Undo `unscaled`.

    >>> scaled(123400, 4)
    Decimal('12.34')
    """
    number = _WIDE.scaleb(Decimal(whole), -scale)
    return Decimal(plain(number))


def plain(number: Decimal) -> str:
    """Write *number* without exponent and trailing zeros, as people and the text form do."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers between two exact bounds; a bound that is None is open to infinity."""

    lower: Decimal | None = None
    upper: Decimal | None = None
    lower_inclusive: bool = True
    upper_inclusive: bool = True

    def holds(self, value: Fraction | int) -> bool:
        """Whether *value* lies inside."""
        if self.lower is not None:
            low = Fraction(self.lower)
            if value < low or (value == low and not self.lower_inclusive):
                return False
        if self.upper is not None:
            high = Fraction(self.upper)
            if value > high or (value == high and not self.upper_inclusive):
                return False
        return True

    def outside(self) -> tuple[Interval, ...]:
        """Return the intervals below and above, where there are such numbers."""
        below = Interval(upper=self.lower, upper_inclusive=not self.lower_inclusive)
        above = Interval(lower=self.upper, lower_inclusive=not self.upper_inclusive)
        sides = ((self.lower, below), (self.upper, above))
        return tuple(side for bound, side in sides if bound is not None)

    def unscaled(self, scale: int) -> tuple[int, int]:
        """Return inclusive int bounds at *scale*; ``low > high`` means that nothing fits.

        The bounds are exact: they are never rounded to the scale, but moved to the nearest
        whole count inside the interval. They may exceed an int64.
        """
        return _unscaled(self, scale)


EVERY_NUMBER = Interval()


@lru_cache(maxsize=4_096)
def _unscaled(interval: Interval, scale: int) -> tuple[int, int]:
    """Do `Interval.unscaled`; kept, because live segments ask the same at every revision."""
    low, high = INT64_MIN * 2**64, INT64_MAX * 2**64
    if interval.lower is not None:
        exact = Fraction(interval.lower) * 10**scale
        low = math.ceil(exact)
        if low == exact and not interval.lower_inclusive:
            low += 1
    if interval.upper is not None:
        exact = Fraction(interval.upper) * 10**scale
        high = math.floor(exact)
        if high == exact and not interval.upper_inclusive:
            high -= 1
    return low, high
