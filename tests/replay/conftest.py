from __future__ import annotations

from collections.abc import Iterator

import pytest

from segsvc.storage import Storage
from tests.serving import Served, serving


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("lived") / "lived.db") as running:
        yield running


@pytest.fixture(scope="package")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """Another database, for what is replayed."""
    folder = tmp_path_factory.mktemp("replayed")
    opened = Storage.open(f"sqlite:///{folder / 'replayed.db'}")
    yield opened
    opened.close()
