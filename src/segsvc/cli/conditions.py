"""Conditions on the command line: text, JSON, or @file with either."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import Parse, ParseError

from segsvc.cli.connection import say_wrong
from segsvc.cli.console import errors
from segsvc.client import Saved, Store
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
    for problem in checked.errors:
        _point(problem, None if as_json else given)
    if checked.errors:
        raise typer.Exit(2)
    for problem in checked.warnings:
        errors.print("[yellow]warning:[/] ", end="")
        errors.print(f"{problem.path or 'condition'}: {problem.description}", markup=False)
    return checked.condition


def _point(problem: segment_pb2.ConditionProblem, text: str | None) -> None:
    say_wrong(": ".join(filter(None, (problem.path, problem.description))))
    if text is None or not problem.HasField("span"):
        return
    start, end = problem.span.start, max(problem.span.end, problem.span.start + 1)
    line_start = text.rfind("\n", 0, start) + 1
    line = text[line_start:].split("\n", 1)[0]
    width = max(min(end - line_start, len(line) + 1) - (start - line_start), 1)
    errors.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    errors.print("  " + " " * (start - line_start) + "^" * width, style="bold red", soft_wrap=True)
