"""``python -m benchmarks compare`` marks what changed by more than repeated runs differ."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.harness.compare import Verdict, compare, lines
from benchmarks.harness.measure import Samples
from benchmarks.harness.result import Result, Unit
from tests.benchmarking.test_results_follow_one_schema import file_of


def row(*rounds: float, unit: Unit = "ms", name: str = "case") -> Result:
    return Result.of("leaf", name, Samples(tuple((value,) for value in rounds)), unit=unit)


@pytest.mark.parametrize(
    ("before", "after", "unit", "verdict"),
    [
        ((10, 11, 12), (20, 21, 22), "ms", "worse"),
        ((20, 21, 22), (10, 11, 12), "ms", "better"),
        ((10, 11, 12), (20, 21, 22), "rows/s", "better"),
        ((10, 15, 21), (20, 25, 30), "ms", "same"),  # passes overlap
        ((10.0, 10.0, 10.0), (10.3, 10.3, 10.3), "ms", "same"),  # less than the floor
        ((0.0,), (0.0,), "ms", "same"),
    ],
)
def test_a_change_counts_when_the_passes_lie_apart(
    before: Sequence[float], after: Sequence[float], unit: Unit, verdict: Verdict
) -> None:
    changes = compare(file_of(row(*before, unit=unit)), file_of(row(*after, unit=unit)))
    assert [held.verdict for held in changes] == [verdict]


def test_further_runs_of_the_old_code_widen_the_noise() -> None:
    before, after = file_of(row(10, 11, 12)), file_of(row(14, 15, 16))
    assert compare(before, after)[0].verdict == "worse"
    assert compare(before, after, [file_of(row(13, 14, 15))])[0].verdict == "same"


def test_cases_of_one_file_only_are_named() -> None:
    before, after = file_of(row(1, name="old")), file_of(row(1, name="fresh"))
    said = "\n".join(lines(compare(before, after)))
    assert "leaf old" in said
    assert "leaf fresh" in said
    assert said.endswith("1 new, 1 gone")


def test_peers_and_parameters_make_different_cases() -> None:
    ours = Result.of("leaf", "text", Samples.once(1.0), parameters={"percent": 1})
    held = [
        ours,
        ours.model_copy(update={"peer": "duckdb"}),
        ours.model_copy(update={"parameters": {"percent": 2}}),
    ]
    changes = compare(file_of(*held), file_of(*held))
    assert [change.verdict for change in changes] == ["same"] * 3
