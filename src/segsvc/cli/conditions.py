"""Conditions on the command line: text, JSON, or @file with either."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import Parse, ParseError

from segsvc.cli.connection import say_wrong
from segsvc.cli.console import errors
from segsvc.client import Saved, Store
from segsvc.condition.language import pointer
from segsvc.v1 import condition_pb2, segment_pb2

Condition = Annotated[
    str | None,
    typer.Argument(
        help='Text (country is "DE"), JSON of the condition, or @file with either.',
        show_default=False,
    ),
]
Segment = Annotated[
    str | None, typer.Option("--segment", help="A saved segment instead of a condition.")
]


def source_of(
    store: Store, condition: str | None, segment_id: str | None
) -> condition_pb2.Condition | Saved:
    """Return the condition or the saved segment that was given; exactly one must be."""
    if (condition is None) == (segment_id is None):
        raise typer.BadParameter("give a condition or --segment")
    if segment_id is not None:
        return Saved(segment_id)
    return parsed(store, condition or "")


def parsed(store: Store, given: str) -> condition_pb2.Condition:
    """Return a condition without errors, or end the command pointing at them."""
    if given.startswith("@"):
        try:
            given = Path(given[1:]).read_text().strip()
        except OSError as wrong:
            raise typer.BadParameter(str(wrong)) from None
    as_json = given.lstrip().startswith("{")
    if as_json:
        try:
            tree = Parse(given, condition_pb2.Condition())
        except ParseError as wrong:
            raise typer.BadParameter(f"not the JSON of a condition: {wrong}") from None
        checked = store.check(tree)
    else:
        checked = store.check(given)
    text = None if as_json else given
    for problem in checked.errors:
        say_wrong(_said(problem, text))
        _point(problem, text)
    if checked.errors:
        raise typer.Exit(2)
    for problem in checked.warnings:
        errors.print("[yellow]warning:[/] ", end="")
        errors.print(_said(problem, text), markup=False)
        _point(problem, text)
    return checked.condition


def _said(problem: segment_pb2.ConditionProblem, text: str | None) -> str:
    """Return what is wrong, and where in the tree if that is what the user wrote."""
    if text is not None:
        return problem.description
    return f"{problem.path or 'condition'}: {problem.description}"


def _point(problem: segment_pb2.ConditionProblem, text: str | None) -> None:
    if text is None or not problem.HasField("span"):
        return
    shown = pointer(text, problem.span.start, problem.span.end)
    line, carets = (f"  {part}" for part in shown.split("\n"))
    errors.print(line, markup=False, highlight=False, soft_wrap=True)
    errors.print(carets, style="bold red", soft_wrap=True)
