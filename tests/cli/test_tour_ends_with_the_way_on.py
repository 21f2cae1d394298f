from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_tour_shows_everything_through_a_real_server(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "segsvc", "demo", "--contacts", "5000"]
    ran = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=True)
    said = ran.stdout
    for part in (
        "5,000 contacts in",
        "Regular customers",
        " is in",
        "changes by itself",
        "recipients at revision",
    ):
        assert part in said
    keep = next(line for line in said.splitlines() if line.startswith("  segsvc serve"))
    assert (tmp_path / keep.split("sqlite:///")[1].split()[0]).is_file()
