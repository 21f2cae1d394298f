"""The error of the text form: where it is, what stood there and what may stand there."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from segsvc.domain.errors import InvalidArgument, Violation

_MARGIN = 60


class SyntaxReason(StrEnum):
    """What kind of mistake it is, for programs."""

    SYNTAX = "syntax"
    ATTRIBUTE_UNKNOWN = "attribute unknown"
    BEHAVIOR_UNKNOWN = "behavior unknown"
    PROPERTY_UNKNOWN = "property unknown"
    TYPE_WRONG = "type wrong"
    VALUE_INVALID = "value invalid"
    LIMIT_EXCEEDED = "limit exceeded"


@dataclass(eq=False)
class ConditionSyntaxError(InvalidArgument):
    """A text is not a condition of this store."""

    reason: SyntaxReason
    description: str
    """What is wrong, in one sentence."""
    expected: tuple[str, ...]
    """What may stand there, in plain words; empty when that is not the point."""
    line: int
    """From 1."""
    column: int
    """In characters of the line, from 1."""
    offset: int
    """First wrong character of the text, from 0."""
    end: int
    """One after the last wrong character."""
    pointer: str
    """The line and below it a caret under the place."""

    @property
    def message(self) -> str:
        """Where it is and what is wrong; `pointer` shows it."""
        field = self.violations[0].field
        return f"{field}: line {self.line}, column {self.column}: {self.description}"


def syntax_error(
    text: str,
    start: int,
    end: int,
    description: str,
    *,
    reason: SyntaxReason = SyntaxReason.SYNTAX,
    expected: tuple[str, ...] = (),
    field: str = "condition_text",
) -> ConditionSyntaxError:
    """Make the error for the characters start..end-1 of *text*."""
    line = text.count("\n", 0, start) + 1
    first = text.rfind("\n", 0, start) + 1
    column = start - first + 1
    where = f"line {line}, column {column}: {description}"
    return ConditionSyntaxError(
        (Violation(field, where),),
        reason,
        description,
        expected,
        line,
        column,
        start,
        max(start, end),
        _pointer(text, first, start),
    )


def _pointer(text: str, first: int, at: int) -> str:
    """Render the line of *at*, cut to its surroundings, and a caret under it."""
    last = text.find("\n", at)
    last = len(text) if last < 0 else last
    start, stop = max(first, at - _MARGIN), min(last, at + _MARGIN)
    before = ("..." if start > first else "") + _shown(text[start:at])
    after = _shown(text[at:stop]) + ("..." if stop < last else "")
    return f"{before}{after}\n{' ' * sum(map(_width, before))}^"


def _shown(part: str) -> str:
    return "".join(character if character.isprintable() else " " for character in part)


def _width(character: str) -> int:
    """Return how many cells of a terminal *character* takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
