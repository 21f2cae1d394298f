from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Served, serving
from tests.watch.shop import Shop


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "watch.db", watch_bookmark_seconds=0.05) as running:
        yield running


@pytest.fixture
def shop(served: Served) -> Shop:
    return Shop(served).open()
