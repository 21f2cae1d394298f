"""The text form of conditions: reads what `condition.tree.describe` prints."""

from segsvc.condition.language.parse import (
    MAX_CHARACTERS,
    ParsedCondition,
    parse,
    parse_with_spans,
)
from segsvc.condition.language.pointer import pointer
from segsvc.condition.language.syntax_error import ConditionSyntaxError, SyntaxReason

__all__ = [
    "MAX_CHARACTERS",
    "ConditionSyntaxError",
    "ParsedCondition",
    "SyntaxReason",
    "parse",
    "parse_with_spans",
    "pointer",
]
