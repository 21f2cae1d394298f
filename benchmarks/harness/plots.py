"""Plots of a result file, as PNG beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness.result import Result, ResultFile

_COLORS = {
    "segsvc": "#0b6e4f",
    "duckdb": "#c9a400",
    "polars": "#2f6fde",
    "chdb": "#d1495b",
    "postgresql": "#5b4b8a",
    "pyroaring": "#7a7a7a",
    "pyroaring bitmaps": "#7a7a7a",
    "groupBitmap": "#d1495b",
    "no-op": "#7a7a7a",
}
_MARKERS = {"duckdb": "s", "polars": "^", "chdb": "D", "postgresql": "P", "pyroaring": "X"}


def draw(file: ResultFile, folder: Path) -> Iterator[Path]:
    """Draw every plot that *file* has rows for; yield the paths."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    plots: dict[str, Callable[[Any, ResultFile], bool]] = {
        "audience": lambda plt, file: _dots(plt, file, "audience"),
        "leaf": lambda plt, file: _dots(plt, file, "leaf"),
        "selectivity": _selectivity,
        "tree": _trees,
        "maintain": _maintain,
        "scaling": _scaling,
        "stalls": _stalls,
    }
    for name, plot in plots.items():
        if plot(plt, file):
            path = folder / f"{file.size}-{name}.png"
            plt.tight_layout()
            plt.savefig(path, dpi=110)
            yield path
        plt.close("all")


def _rows(file: ResultFile, suite: str) -> list[Result]:
    return [held for held in file.results if held.suite == suite]


def _title(file: ResultFile, said: str) -> str:
    rows = [held for held in file.results if held.suite == "import" and held.name == "events"]
    events = f" and {int(rows[0].parameters['events']):,} events" if rows else ""
    contacts = file.results[0].parameters["contacts"]
    return f"{said}\n{contacts:,} contacts{events}, lower is better"


def _dots(plt: Any, file: ResultFile, suite: str) -> bool:
    """One line per question, a dot for each who answered, milliseconds on a log axis."""
    rows = [held for held in _rows(file, suite) if "percent" not in held.parameters]
    if not rows:
        return False
    names = list(dict.fromkeys(held.name for held in rows))
    _, axes = plt.subplots(figsize=(9, 0.38 * len(names) + 1.8))
    places = {name: len(names) - 1 - place for place, name in enumerate(names)}

    def scatter(chosen: Iterable[Result], label: str, **style: Any) -> None:
        held = list(chosen)
        axes.scatter(
            [row.p50 for row in held], [places[row.name] for row in held], label=label, **style
        )

    for peer in dict.fromkeys(held.peer for held in rows if held.peer):
        chosen = (r for r in rows if r.peer == peer and r.parameters["asked"] == "again")
        style = {"marker": _MARKERS.get(peer, "o"), "color": _COLORS.get(peer), "s": 42}
        scatter(chosen, peer, **style)
    ours = [held for held in rows if held.peer is None]
    green = _COLORS["segsvc"]
    fresh = (held for held in ours if held.parameters["asked"] == "fresh")
    scatter(fresh, "segsvc, fresh", color=green, s=70, zorder=3)
    again = (held for held in ours if held.parameters["asked"] == "again")
    scatter(again, "segsvc, again", facecolors="none", edgecolors=green, s=70, zorder=3)
    axes.set_xscale("log")
    axes.set_yticks(list(places.values()), list(places))
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlabel("milliseconds, p50, one thread (log)")
    axes.set_title(_title(file, f"{suite}: one answer"))
    axes.grid(True, alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    return True


def _line(axes: Any, points: Sequence[tuple[float, float]], label: str, **style: Any) -> None:
    ordered = sorted(points)
    axes.plot([x for x, _ in ordered], [y for _, y in ordered], marker="o", label=label, **style)


def _log(axes: Any, x: str, ticks: Iterable[float], y: str = "milliseconds, p50") -> None:
    """Make both axes logarithmic, with a tick at every place that was measured."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    held = sorted(set(ticks))
    axes.set_xticks(held, [f"{tick:,g}" for tick in held])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(f"{x} (log)")
    axes.set_ylabel(f"{y} (log)")
    axes.grid(True, which="both", alpha=0.25)


def _selectivity(plt: Any, file: ResultFile) -> bool:
    rows = [held for held in _rows(file, "leaf") if "percent" in held.parameters]
    if not rows:
        return False
    names = list(dict.fromkeys(held.name for held in rows))
    _, all_axes = plt.subplots(1, len(names), figsize=(6 * len(names), 4.4), squeeze=False)
    for axes, name in zip(all_axes[0], names, strict=True):
        chosen = [held for held in rows if held.name == name]
        for peer in dict.fromkeys(held.peer for held in chosen):
            for asked in ("fresh", "again") if peer is None else ("again",):
                points = [
                    (float(held.parameters["percent"]), held.p50)
                    for held in chosen
                    if held.peer == peer and held.parameters["asked"] == asked
                ]
                label = peer or f"segsvc, {asked}"
                dash = "--" if asked == "again" and peer is None else "-"
                _line(axes, points, label, color=_COLORS.get(peer or "segsvc"), linestyle=dash)
        _log(axes, "% of all contacts that match", (float(r.parameters["percent"]) for r in chosen))
        axes.set_title(name)
    all_axes[0][-1].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    plt.suptitle(_title(file, "One leaf by selectivity"))
    return True


def _trees(plt: Any, file: ResultFile) -> bool:
    rows = [held for held in _rows(file, "tree") if held.name == "combining"]
    if not rows:
        return False
    densities = list(dict.fromkeys(str(held.parameters["density"]) for held in rows))
    _, all_axes = plt.subplots(
        1, len(densities), figsize=(4.6 * len(densities), 4.2), sharey=True, squeeze=False
    )
    for axes, density in zip(all_axes[0], densities, strict=True):
        chosen = [held for held in rows if held.parameters["density"] == density]
        for peer in dict.fromkeys(held.peer for held in chosen):
            points = {
                float(held.parameters["leaves"]): held.p50
                for held in chosen
                if held.peer == peer and held.parameters["asked"] == "fresh"
            }
            color = _COLORS.get(peer or "segsvc")
            _line(axes, list(points.items()), peer or "segsvc", color=color)
        leaves = (float(held.parameters["leaves"]) for held in chosen)
        _log(axes, "leaves of a tree never asked before", leaves)
        axes.set_title(density)
    all_axes[0][-1].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    plt.suptitle(_title(file, "Combining the bitmaps of leaves asked before"))
    return True


def _maintain(plt: Any, file: ResultFile) -> bool:
    rows = [held for held in _rows(file, "maintain") if held.name == "one batch"]
    if not rows:
        return False
    _, axes = plt.subplots(figsize=(9.5, 4.6))
    lines: dict[str, list[tuple[float, float]]] = {}
    for held in rows:
        kind, segments = held.parameters["kind"], held.parameters["segments"]
        label = str(kind) if not segments else f"{segments} {kind} segments"
        lines.setdefault(label, []).append((float(held.parameters["touched"]), held.p50))
    for label, points in lines.items():
        _line(axes, points, label, linestyle="--" if "unaffected" in label else "-")
    touched = (float(held.parameters["touched"]) for held in rows)
    _log(axes, "contacts one batch touches", touched)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    axes.set_title(_title(file, "One durable batch, segments kept right"))
    return True


def _scaling(plt: Any, file: ResultFile) -> bool:
    rows = [held for held in _rows(file, "scaling") if held.unit == "ms"]
    if not rows:
        return False
    _, axes = plt.subplots(figsize=(9.5, 4.6))
    for name in dict.fromkeys(held.name for held in rows):
        chosen = [held for held in rows if held.name == name]
        points = [(float(held.parameters["contacts"]), held.p50) for held in chosen]
        _line(axes, points, name)
    sizes = (float(held.parameters["contacts"]) for held in rows)
    _log(axes, "contacts, ten events each", sizes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    axes.set_title("How cost grows with the store\nlower is better")
    return True


def _stalls(plt: Any, file: ResultFile) -> bool:
    rows = _rows(file, "stalls")
    if not rows:
        return False
    _, axes = plt.subplots(figsize=(8, 3.6))
    names = [str(held.parameters["meanwhile"]) for held in rows]
    places = range(len(rows) - 1, -1, -1)
    axes.barh(places, [held.p99 for held in rows], color="#9ac8b5", label="p99")
    axes.barh(places, [held.p50 for held in rows], color=_COLORS["segsvc"], label="p50")
    idle = next((held for held in rows if held.parameters["meanwhile"] == "idle"), None)
    if idle is not None:
        limit = 3 * idle.p99 + 10
        axes.axvline(limit, color="#d1495b", linestyle="--", label="3 x idle p99 + 10 ms")
    axes.set_yticks(list(places), names)
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds of a five-leaf count, from when it was due (log)")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    axes.set_title(_title(file, "Other calls while the server does something big"))
    return True
