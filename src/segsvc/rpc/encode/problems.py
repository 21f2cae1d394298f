"""Errors and warnings about conditions -> the wire."""

from __future__ import annotations

from segsvc.condition.language import ConditionSyntaxError, ParsedCondition
from segsvc.condition.warnings import Warning
from segsvc.domain.errors import Violation
from segsvc.v1 import segment_pb2

_WARNINGS = {
    "CONTRADICTION": segment_pb2.CONDITION_PROBLEM_REASON_NEVER_MATCHES,
    "ALWAYS_TRUE": segment_pb2.CONDITION_PROBLEM_REASON_ALWAYS_MATCHES,
    "EMPTY_WINDOW": segment_pb2.CONDITION_PROBLEM_REASON_WINDOW_EMPTY,
    "WINDOW_IN_FUTURE": segment_pb2.CONDITION_PROBLEM_REASON_WINDOW_EMPTY,
    "DUPLICATE_LEAF": segment_pb2.CONDITION_PROBLEM_REASON_REPEATED,
    "REDUNDANT": segment_pb2.CONDITION_PROBLEM_REASON_REPEATED,
}


def error(held: Violation, text: ParsedCondition | None = None) -> segment_pb2.ConditionProblem:
    """Encode an error; of a condition that was read from a *text*, with its place there."""
    path = held.field.removeprefix(".")
    return segment_pb2.ConditionProblem(
        path=path,
        span=_span(text, path),
        reason=f"CONDITION_PROBLEM_REASON_{held.reason}",
        description=held.description,
    )


def warning(held: Warning, text: ParsedCondition | None = None) -> segment_pb2.ConditionProblem:
    """Encode a warning; of a condition that was read from a *text*, with its place there."""
    return segment_pb2.ConditionProblem(
        path=held.path,
        span=_span(text, held.path),
        reason=_WARNINGS[held.code.name],
        description=held.description,
    )


def _span(text: ParsedCondition | None, path: str) -> segment_pb2.TextSpan | None:
    if text is None:
        return None
    start, end = text.span(path)
    return segment_pb2.TextSpan(start=start, end=end)


def syntax(wrong: ConditionSyntaxError) -> segment_pb2.ConditionProblem:
    """Encode an error of the text form, with the place it stands at."""
    return segment_pb2.ConditionProblem(
        span=segment_pb2.TextSpan(start=wrong.offset, end=wrong.end),
        reason=f"CONDITION_PROBLEM_REASON_{wrong.reason.name}",
        description=wrong.message,
    )
