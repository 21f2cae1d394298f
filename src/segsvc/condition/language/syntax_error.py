"""The error of the text form: where it is, what stood there and what may stand there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segsvc.domain.errors import InvalidArgument, Violation


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

    @property
    def message(self) -> str:
        """Where it is and what is wrong; `pointer` shows the place."""
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
    )
