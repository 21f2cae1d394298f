"""Zoneless days packed as ``yyyymmdd`` ints; year 0 stands for a date without its year.

The packing keeps the order of days, and ``packed % 10_000`` is the month and day, which is all
that an anniversary reads.
"""

from calendar import monthrange
from datetime import date

YEARLESS_LIMIT = 10_000
"""Packed dates below this have no year."""

FIRST_DATE = 1_01_01
LAST_DATE = 9999_12_31
_LEAP_YEAR = 2000


def pack(year: int, month: int, day: int) -> int:
    """Pack a day.

    Raises:
        ValueError: when there is no such day (29 February is fine without a year).
    """
    if not 0 <= year <= 9999:
        raise ValueError("year must be 1..9999, or 0 for none")
    if not 1 <= month <= 12:
        raise ValueError("month must be 1..12")
    last = monthrange(year or _LEAP_YEAR, month)[1]
    if not 1 <= day <= last:
        raise ValueError(f"day must be 1..{last}")
    return year * 10_000 + month * 100 + day


def unpack(packed: int) -> tuple[int, int, int]:
    """Return (year, month, day); year is 0 when there is none."""
    return packed // 10_000, packed // 100 % 100, packed % 100


def pack_day(day: int) -> int:
    """Pack a day given as ``date.toordinal()`` counts; outside 1..9999 it is clamped."""
    if day < 1:
        return FIRST_DATE
    if day > date.max.toordinal():
        return LAST_DATE
    found = date.fromordinal(day)
    return pack(found.year, found.month, found.day)


def day_number(packed: int) -> int:
    """Return the ``date.toordinal()`` count of a packed date that has a year."""
    return date(*unpack(packed)).toordinal()


def to_text(packed: int) -> str:
    """Write a packed date as ``2024-02-29``, or ``--02-29`` without a year."""
    year, month, day = unpack(packed)
    return f"{year:04d}-{month:02d}-{day:02d}" if year else f"--{month:02d}-{day:02d}"


def from_text(text: str) -> int:
    """Read what `to_text` writes.

    Raises:
        ValueError: when it is not such a date.
    """
    parts = text[2:].split("-") if text.startswith("--") else text.split("-")
    if text.startswith("--"):
        parts = ["0", *parts]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("must be a date like 2024-02-29, or --02-29 without a year")
    if parts[0] == "0000":
        raise ValueError("year must be 1..9999")
    year, month, day = (int(part) for part in parts)
    return pack(year, month, day)
