"""One schema for every result: what was asked, of whom, and how long it took.

>>> row = Result.of("leaf", "text", Samples.once(2.0), parameters={"contacts": 1_000})
>>> row.p50, row.n, row.peer
(2.0, 1, None)
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from benchmarks.harness.measure import Samples

Unit = Literal["ms", "s", "rows/s", "ids/s", "events/s", "updates/s", "MB", "bytes", "x"]
Scalar = str | int | float | bool

RATES = ("rows/s", "ids/s", "events/s", "updates/s")
"""Units of which more is better; of all others less is."""

FORMAT: Literal[1] = 1


class Result(BaseModel):
    """One row: one case, measured on segsvc or on one peer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str = Field(description="The suite, a file of benchmarks/suites.")
    name: str = Field(description="The case within the suite.")
    parameters: dict[str, Scalar] = Field(
        description="What varies within the case: contacts, events, leaves, selectivity, ..."
    )
    unit: Unit = Field(description="Of p50, p99 and rounds.")
    p50: float = Field(ge=0, description="Median of all samples.")
    p99: float = Field(ge=0, description="99th percentile; the worst of fewer than 100 samples.")
    n: int = Field(ge=1, description="Samples.")
    rounds: list[float] = Field(
        min_length=1,
        description="Medians of the passes through all cases; their spread is the noise.",
    )
    peer: str | None = Field(description="Whom it was measured on; null: segsvc.")
    ratio: float | None = Field(
        description="How many times better segsvc is than the peer: its p50 / our p50, or for "
        "rates ours / its. Null in rows of segsvc, or when segsvc was not asked the same."
    )

    @classmethod
    def of(
        cls,
        suite: str,
        name: str,
        samples: Samples,
        *,
        unit: Unit = "ms",
        parameters: dict[str, Scalar] | None = None,
        peer: str | None = None,
        ours: Samples | None = None,
    ) -> Result:
        """Return the row of *samples*; *ours* are segsvc's when they are a peer's."""
        return cls(
            suite=suite,
            name=name,
            parameters=parameters or {},
            unit=unit,
            p50=samples.p50,
            p99=samples.p99,
            n=len(samples.all),
            rounds=samples.rounds,
            peer=peer,
            ratio=None if ours is None else _ratio(ours.p50, samples.p50, unit),
        )

    @property
    def case(self) -> str:
        """What makes two rows of two files the same case."""
        facts = ", ".join(f"{key}={held}" for key, held in sorted(self.parameters.items()))
        return " ".join(filter(None, (self.suite, self.name, facts, self.peer or "")))


def _ratio(ours: float, theirs: float, unit: Unit) -> float | None:
    over, under = (ours, theirs) if unit in RATES else (theirs, ours)
    return over / under if under else None


class ResultFile(BaseModel):
    """All rows of one run, and what they were measured on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = FORMAT
    size: str = Field(description="Which store: a name of benchmarks/stores/size.py.")
    started: str = Field(description="UTC, ISO 8601.")
    seconds: float = Field(ge=0, description="How long the run took.")
    code: str = Field(description="What was measured: the commit; +: with changes.")
    versions: dict[str, str] = Field(description="Of Python and of every library that took part.")
    machine: dict[str, Scalar] = Field(description="Processor, cores, memory, kernel, load.")
    skipped: dict[str, str] = Field(description="Peers and suites that were left out, and why.")
    results: list[Result]

    @classmethod
    def read(cls, path: Path) -> ResultFile:
        """Read a file; raises `pydantic.ValidationError` when it does not follow the schema."""
        return cls.model_validate_json(path.read_text())

    def write(self, path: Path) -> None:
        """Write it, one row a line, so that two runs can be read side by side in a diff."""
        head = self.model_copy(update={"results": []}).model_dump_json(indent=1)
        rows = ",\n  ".join(held.model_dump_json() for held in self.results)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head.replace('"results": []', f'"results": [\n  {rows}\n ]') + "\n")
