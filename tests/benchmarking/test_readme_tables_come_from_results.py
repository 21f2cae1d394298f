"""The README's tables are written from a result file; targets say what was met and what was not."""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.measure import Samples
from benchmarks.harness.report import fill, suite_table
from benchmarks.harness.result import Result, Scalar
from benchmarks.harness.targets import verdicts
from tests.benchmarking.test_results_follow_one_schema import file_of


def row(suite: str, name: str, value: float, peer: str | None = None, **facts: Scalar) -> Result:
    ours = None if peer is None else Samples.once(2.0)
    parameters = {"contacts": 1_000_000, **facts}
    samples = Samples.once(value)
    return Result.of(suite, name, samples, parameters=parameters, peer=peer, ours=ours)


def audience(contacts: int) -> tuple[Result, ...]:
    def asked(name: str, value: float, peer: str | None = None, how: str = "fresh") -> Result:
        return row("audience", name, value, peer, asked=how, contacts=contacts)

    return (
        asked("equality", 2.0),
        asked("equality", 1.0, how="again"),
        asked("equality", 30.0, "duckdb"),
        asked("equality", 24.0, "polars"),
        asked("sum", 2.0),
        asked("sum", 3.0, "polars"),
    )


AUDIENCE = audience(1_000_000)


def test_a_question_is_one_line_with_every_peer() -> None:
    said = suite_table(AUDIENCE, "audience").splitlines()
    assert said[0] == "| question |  | fresh | again | duckdb | polars |"
    assert said[2] == "| equality |  | 2.00 | 1.00 | 30.0 (×15.0) | 24.0 (×12.0) |"
    assert said[3] == "| sum |  | 2.00 |  | - | 3.00 (×1.50) |"


def test_targets_go_by_the_best_peer_and_show_misses() -> None:
    held = {verdict.what: verdict for verdict in verdicts(audience(10_000_000))}
    assert held["equality, over the best column store"].met
    assert held["equality, over the best column store"].measured == 12.0
    assert not held["sum, over the best column store"].met
    assert held["start to first answer"].measured is None


def test_targets_count_at_the_size_they_were_set_for() -> None:
    said = [verdict.what for verdict in verdicts(AUDIENCE)]
    assert "durable events, 100 live segments" in said
    assert "equality, over the best column store" not in said


def test_only_the_tables_of_the_files_size_are_rewritten(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    kept = "<!-- 10m:audience -->\nkept\n<!-- end -->\n"
    readme.write_text(f"# Title\n<!-- tiny:audience -->\nold\n<!-- end -->\nsaid\n{kept}")
    fill(readme, file_of(*AUDIENCE))
    said = readme.read_text()
    assert "old" not in said
    assert "| equality |" in said
    assert said.endswith(f"<!-- end -->\nsaid\n{kept}")
