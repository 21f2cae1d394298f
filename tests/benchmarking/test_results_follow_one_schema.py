"""Every result file follows one schema, which the README explains field by field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmarks.harness.measure import Samples, measure
from benchmarks.harness.result import Result, ResultFile

FOLDER = Path(__file__).parents[2] / "benchmarks"
FILES = sorted((FOLDER / "results").glob("*.json"))


def file_of(*rows: Result) -> ResultFile:
    return ResultFile(
        size="tiny",
        started="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        code="0123456789",
        versions={"python": "3.11"},
        machine={"cores": 2},
        skipped={},
        results=list(rows),
    )


def test_committed_results_follow_the_schema_and_are_drawn() -> None:
    shown = re.findall(r"\]\((results/[^)]+)\)", (FOLDER / "README.md").read_text())
    assert shown
    for path in FILES:
        held = ResultFile.read(path)
        cases = [row.case for row in held.results]
        assert len(set(cases)) == len(cases), f"two rows of one case in {path.name}"
        mine = [name for name in shown if name.startswith(f"results/{held.size}-")]
        assert [name for name in mine if not (FOLDER / name).exists()] == []


def test_a_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    row = Result.of("leaf", "text", Samples.of([1.0, 2.0, 3.0]), parameters={"contacts": 1_000})
    held = file_of(row, row.model_copy(update={"peer": "duckdb", "ratio": 3.5}))
    held.write(tmp_path / "held.json")
    assert ResultFile.read(tmp_path / "held.json") == held


@pytest.mark.parametrize(
    ("field", "value"), [("unit", "hours"), ("n", 0), ("p50", -1.0), ("rounds", []), ("more", 1)]
)
def test_what_is_not_in_the_schema_is_refused(field: str, value: object) -> None:
    row = Result.of("leaf", "text", Samples.once(1.0)).model_dump()
    with pytest.raises(ValidationError, match=field):
        Result.model_validate({**row, field: value})


def test_the_readme_explains_every_field() -> None:
    said = (FOLDER / "README.md").read_text()
    missing = [
        name
        for model in (Result, ResultFile)
        for name in model.model_fields
        if f"`{name}`" not in said
    ]
    assert not missing


def test_a_ratio_says_how_many_times_better_segsvc_is() -> None:
    two, six = Samples.once(2.0), Samples.once(6.0)
    slower = Result.of("leaf", "text", six, unit="ms", peer="duckdb", ours=two)
    fewer = Result.of("ingest", "events", two, unit="rows/s", peer="duckdb", ours=six)
    assert (slower.ratio, fewer.ratio) == (3.0, 3.0)


def test_measuring_visits_all_cases_in_every_pass() -> None:
    seen: list[str] = []

    def call(name: str, took: float) -> float:
        seen.append(name)
        return took

    held = measure(
        {"a": lambda: call("a", 1.0), "b": lambda: call("b", 2.0)}, passes=2, seconds=0, least=2
    )
    assert seen == ["a", "a", "b", "b"] * 2
    assert held["b"].passes == ((2.0, 2.0), (2.0, 2.0))


def test_percentiles_of_samples() -> None:
    held = Samples.of([float(value) for value in range(1, 201)])
    assert (held.p50, held.p99, len(held.rounds)) == (100.5, 199.0, 3)
    assert Samples.of([5.0, 7.0]).p99 == 7.0
