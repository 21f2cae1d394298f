"""Errors and warnings about conditions -> the wire."""

from __future__ import annotations

from segsvc.condition.language import ConditionSyntaxError
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


def error(held: Violation) -> segment_pb2.ConditionProblem:
    """Encode an error."""
    return segment_pb2.ConditionProblem(
        path=held.field.removeprefix("."),
        reason=f"CONDITION_PROBLEM_REASON_{held.reason}",
        description=held.description,
    )


def warning(held: Warning) -> segment_pb2.ConditionProblem:
    """Encode a warning."""
    return segment_pb2.ConditionProblem(
        path=held.path, reason=_WARNINGS[held.code.name], description=held.description
    )


def syntax(wrong: ConditionSyntaxError) -> segment_pb2.ConditionProblem:
    """Encode an error of the text form, with the place it stands at."""
    return segment_pb2.ConditionProblem(
        span=segment_pb2.TextSpan(start=wrong.offset, end=wrong.end),
        reason=f"CONDITION_PROBLEM_REASON_{wrong.reason.name}",
        description=wrong.message,
    )
