"""``python -m benchmarks``: run, compare, draw."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

from benchmarks.harness import compare as comparing
from benchmarks.harness.machine import code, machine, versions
from benchmarks.harness.report import fill
from benchmarks.harness.result import ResultFile
from benchmarks.peers.registry import PEERS
from benchmarks.stores.size import SIZES
from benchmarks.suites.bench import Bench
from benchmarks.suites.registry import NAMES, run

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parent / "README.md"
CACHE = Path(".bench")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _add_run(commands.add_parser("run", help="measure, and write results as JSON"))
    _add_compare(commands.add_parser("compare", help="set two result files side by side"))
    _add_draw(commands.add_parser("draw", help="plots and README tables of a result file"))
    given = parser.parse_args()
    given.command(given)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--size", choices=SIZES, default="1m")
    parser.add_argument("--suite", action="append", choices=NAMES, help="default: all")
    parser.add_argument("--peer", action="append", choices=[held.name for held in PEERS])
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--cache", type=Path, default=CACHE, help="keeps the generated files")
    parser.add_argument("--output", type=Path, help="default: benchmarks/results/SIZE.json")
    parser.set_defaults(command=_run)


def _run(given: argparse.Namespace) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    facts = machine()
    wanted = [] if given.no_peers else [
        held for held in PEERS if not given.peer or held.name in given.peer
    ]  # fmt: skip
    given.cache.mkdir(parents=True, exist_ok=True)
    partial = given.suite or given.peer or given.no_peers
    path = given.output or (given.cache if partial else RESULTS) / f"{given.size}.json"
    with tempfile.TemporaryDirectory(dir=given.cache, prefix="run-") as work:
        bench = Bench(SIZES[given.size], given.cache, Path(work), wanted, _say)

        def keep() -> None:
            ResultFile(
                size=given.size,
                started=started,
                seconds=round(time.monotonic() - begun, 1),
                code=code(),
                versions=versions(),
                machine=facts,
                skipped=bench.skipped,
                results=bench.rows,
            ).write(path)

        failed = run(bench, given.suite or NAMES, keep)
    for name, why in bench.skipped.items():
        print(f"skipped {name}: {why}")
    print(f"{len(bench.rows)} results in {time.monotonic() - begun:.0f} s: {path}")
    if failed:
        sys.exit(f"failed: {'; '.join(failed)}")


def _say(said: str) -> None:
    print(said, flush=True)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument(
        "--repeat", type=Path, action="append", default=[],
        help="a further run of the code of BEFORE; widens what counts as noise",
    )  # fmt: skip
    parser.add_argument("--all", action="store_true", help="also what did not change")
    parser.set_defaults(command=_compare)


def _compare(given: argparse.Namespace) -> None:
    before, after, *repeats = map(ResultFile.read, (given.before, given.after, *given.repeat))
    changes = comparing.compare(before, after, repeats)
    for line in comparing.lines(changes, everything=given.all):
        print(line)


def _add_draw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path)
    parser.set_defaults(command=_draw)


def _draw(given: argparse.Namespace) -> None:
    from benchmarks.harness.plots import draw

    file = ResultFile.read(given.file)
    for path in draw(file, given.file.parent):
        print(path)
    if given.file.resolve().parent == RESULTS:
        fill(README, file)


if __name__ == "__main__":
    main()
