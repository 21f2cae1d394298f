"""Tables of the README, written from a result file between its markers, so that they never differ.

A marker pair is ``<!-- 1m:audience -->`` and ``<!-- end -->``: size and suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.harness.result import Result, ResultFile
from benchmarks.harness.targets import table

_MARKER = re.compile(r"<!-- (\w+):(\w+) -->\n.*?<!-- end -->", re.DOTALL)


def fill(readme: Path, file: ResultFile) -> None:
    """Rewrite the tables of *file*'s size in *readme*."""

    def rewritten(found: re.Match[str]) -> str:
        size, suite = found.groups()
        if size != file.size:
            return found.group()
        said = _said(file, suite)
        return f"<!-- {size}:{suite} -->\n{said}\n<!-- end -->"

    readme.write_text(_MARKER.sub(rewritten, readme.read_text()))


def _said(file: ResultFile, what: str) -> str:
    if what == "machine":
        return machine_line(file)
    if what == "targets":
        return table(file.results, _number)
    return suite_table(file.results, what)


def machine_line(file: ResultFile) -> str:
    """Return what the run was measured on, in one paragraph."""
    machine = ", ".join(f"{name} {held}" for name, held in file.machine.items())
    libraries = ", ".join(f"{name} {held}" for name, held in file.versions.items())
    skipped = "; ".join(f"{name}: {why}" for name, why in file.skipped.items())
    said = f"{file.started}, commit {file.code}, {file.seconds:,.0f} s. {machine}. {libraries}."
    return said + (f" Left out: {skipped}." if skipped else "")


def suite_table(results: Sequence[Result], suite: str) -> str:
    """Return the Markdown table of one suite."""
    rows = [held for held in results if held.suite == suite]
    if not rows:
        return "(not run at this size)"
    if any("asked" in held.parameters for held in rows):
        return _asked(rows)
    return _flat(rows)


def _flat(rows: Iterable[Result]) -> str:
    lines = [
        "| what | | p50 | p99 | unit | n | peer | ratio |",
        "|---|---|--:|--:|---|--:|---|--:|",
    ]
    for held in rows:
        ratio = "" if held.ratio is None else _number(held.ratio)
        lines.append(
            f"| {held.name} | {_facts(held)} | {_number(held.p50)} | {_number(held.p99)} "
            f"| {held.unit} | {held.n} | {held.peer or ''} | {ratio} |"
        )
    return "\n".join(lines)


def _asked(rows: Sequence[Result]) -> str:
    """Return one line per case: ours asked in each way, then every peer with its ratio to fresh."""
    cases = list(dict.fromkeys((held.name, _facts(held)) for held in rows))
    asked = {str(held.parameters["asked"]) for held in rows}
    ways = [way for way in ("cold", "fresh", "again") if way in asked]
    peers = list(dict.fromkeys(held.peer for held in rows if held.peer))
    head = ["question", "", *ways, *peers]
    lines = ["| " + " | ".join(head) + " |", "|---|---|" + "--:|" * (len(head) - 2)]
    found = {
        (held.name, _facts(held), held.peer, str(held.parameters["asked"])): held for held in rows
    }
    for name, facts in cases:
        cells = [name, facts]
        for way in ways:
            mine = found.get((name, facts, None, way))
            cells.append("" if mine is None else _number(mine.p50))
        for peer in peers:
            cells.append(_versus(found, name, facts, peer, ways))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _versus(
    found: dict[tuple[str, str, str | None, str], Result],
    name: str,
    facts: str,
    peer: str,
    ways: Sequence[str],
) -> str:
    for way in ("fresh", *ways):
        theirs = found.get((name, facts, peer, way))
        if theirs is not None:
            ratio = "" if theirs.ratio is None else f" (×{_number(theirs.ratio)})"
            return _number(theirs.p50) + ratio
    return "-"


def _facts(held: Result) -> str:
    hidden = {"contacts", "asked"} if held.suite != "scaling" else {"asked"}
    return ", ".join(
        f"{key} {value:,}" if isinstance(value, int) else f"{key} {value}"
        for key, value in held.parameters.items()
        if key not in hidden
    )


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
