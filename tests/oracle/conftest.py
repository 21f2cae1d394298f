from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all examples; each of them has a store of its own."""
    with serving(tmp_path_factory.mktemp("oracle") / "oracle.db") as running:
        yield running
