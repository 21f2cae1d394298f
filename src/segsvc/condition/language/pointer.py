"""A part of a text shown to people: its line, and below it what is meant."""

from __future__ import annotations

import unicodedata

_MARGIN = 60


def pointer(text: str, start: int, end: int) -> str:
    """Return the line of the character *start*, and carets under start..end-1 as far as it goes.

    A long line is cut to the surroundings of *start*. There is at least one caret, also behind the
    end of the text.

    >>> print(pointer('country is "DE" und vip is true', 16, 19))
    country is "DE" und vip is true
                    ^^^
    """
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    last = len(text) if last < 0 else last
    left, right = max(first, start - _MARGIN), min(last, max(start + _MARGIN, first + 2 * _MARGIN))
    before = ("..." if left > first else "") + _shown(text[left:start])
    after = _shown(text[start:right]) + ("..." if right < last else "")
    carets = max(_cells(_shown(text[start : min(end, right)])), 1)
    return f"{before}{after}\n{' ' * _cells(before)}{'^' * carets}"


def _shown(part: str) -> str:
    return "".join(character if character.isprintable() else " " for character in part)


def _cells(part: str) -> int:
    """Return how many cells of a terminal *part* takes."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in part)
    return len(part) + wide - sum(map(bool, map(unicodedata.combining, part)))
